"""Make a key, list a user's keys, revoke one: what the web app's settings page does."""

import re
from collections.abc import Sequence
from datetime import datetime

from shared.api_keys.key import ApiKey, hash_of, key_path, new_key, preview_of
from shared.core.clock import Clock
from shared.core.errors import ApiKeyLimitReached, NotFound
from shared.documents.change import read_modify_write
from shared.documents.document import Create, Document, Documents, Query, Update, Write
from shared.users.user import user_path

_KEY_ID = re.compile(r"[0-9a-f]{64}", re.ASCII)
MAX_LIVE = 20
# More keys than anyone names; bounds the list's reads.
MAX_LISTED = 500


def issue_key(uid: str, name: str | None, *, documents: Documents, clock: Clock) -> str:
    """The new key itself, which is not stored and cannot be shown again. Raises ApiKeyLimitReached."""
    key = new_key()

    def attempt() -> None:
        [user] = documents.get(user_path(uid))
        live = _live(uid, user, documents)
        if live >= MAX_LIVE:
            # Keys may have been revoked past this code.
            live = _count_live(uid, documents)
        if live >= MAX_LIVE:
            raise ApiKeyLimitReached(f"You have {live} live API keys, of {MAX_LIVE} at most: revoke one that is not used any more")
        record = {"uid": uid, "name": name, "tokenPreview": preview_of(key), "createdAt": clock.now(), "revokedAt": None}
        documents.commit(Create(key_path(hash_of(key)), record), _counted(uid, user, live + 1))

    read_modify_write(attempt)
    return key


def list_keys(
    uid: str, *, documents: Documents, limit: int = MAX_LISTED, after: tuple[datetime, str] | None = None
) -> Sequence[ApiKey]:
    """Newest first, revoked ones included. `after` is the creation and the path of the last one of the page before."""
    mine = Query("apiKeys", where=(("uid", "==", uid),), order_by="createdAt", descending=True, limit=limit, after=after)
    return [ApiKey.from_document(document) for document in documents.query(mine)]


def revoke_key(uid: str, key_id: str, *, documents: Documents, clock: Clock) -> None:
    """Effective on the very next request; again is fine. Raises NotFound for anyone else's key."""
    if _KEY_ID.fullmatch(key_id) is None:
        raise NotFound("API key not found")

    def attempt() -> None:
        found, user = documents.get(key_path(key_id), user_path(uid))
        if found is None or found.fields["uid"] != uid:
            raise NotFound("API key not found")
        if found.fields["revokedAt"] is None:
            live = _live(uid, user, documents)
            revoked = Update(found.path, {"revokedAt": clock.now()}, if_version=found.version)
            documents.commit(revoked, _counted(uid, user, max(0, live - 1)))

    read_modify_write(attempt)


def _live(uid: str, user: Document | None, documents: Documents) -> int:
    """How many live keys the user has: as counted by every commit since the first that counted."""
    counted = user.fields.get("liveApiKeys") if user is not None else None
    return counted if counted is not None else _count_live(uid, documents)


def _count_live(uid: str, documents: Documents) -> int:
    live = Query("apiKeys", where=(("uid", "==", uid), ("revokedAt", "==", None)), limit=MAX_LISTED)
    return len(documents.query(live))


def _counted(uid: str, user: Document | None, live: int) -> Write:
    """Loses to whoever changes the user at the same time, so that no two keys are the twentieth."""
    if user is None:
        return Create(user_path(uid), {"liveApiKeys": live})
    return Update(user.path, {"liveApiKeys": live}, if_version=user.version)
