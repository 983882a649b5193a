"""Make a key, list a user's keys, revoke one: what the web app's settings page does."""

import re
from collections.abc import Sequence

from shared.api_keys.key import ApiKey, hash_of, key_path, new_key, preview_of
from shared.core.clock import Clock
from shared.core.errors import NotFound
from shared.documents.change import read_modify_write
from shared.documents.document import Create, Documents, Query, Update

_KEY_ID = re.compile(r"[0-9a-f]{64}", re.ASCII)
# More keys than anyone names; bounds the list's reads.
MAX_LISTED = 500


def issue_key(uid: str, name: str | None, *, documents: Documents, clock: Clock) -> str:
    """The new key itself, which is not stored and cannot be shown again."""
    key = new_key()
    record = {
        "uid": uid,
        "name": name,
        "tokenPreview": preview_of(key),
        "createdAt": clock.now(),
        "revokedAt": None,
    }
    documents.commit(Create(key_path(hash_of(key)), record))
    return key


def list_keys(uid: str, *, documents: Documents) -> Sequence[ApiKey]:
    """Newest first, revoked ones included."""
    found = documents.query(Query("apiKeys", where=(("uid", "==", uid),), limit=MAX_LISTED))
    return sorted((ApiKey.from_document(document) for document in found), key=lambda key: key.created_at, reverse=True)


def revoke_key(uid: str, key_id: str, *, documents: Documents, clock: Clock) -> None:
    """Effective on the very next request; again is fine. Raises NotFound for anyone else's key."""
    if _KEY_ID.fullmatch(key_id) is None:
        raise NotFound("API key not found")

    def attempt() -> None:
        [found] = documents.get(key_path(key_id))
        if found is None or found.fields["uid"] != uid:
            raise NotFound("API key not found")
        if found.fields["revokedAt"] is None:
            documents.commit(Update(found.path, {"revokedAt": clock.now()}, if_version=found.version))

    read_modify_write(attempt)
