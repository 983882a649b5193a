"""Make a key, list a user's keys, revoke one: what the web app's settings page does."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.api_keys.key import ApiKey, Scope, hash_of, key_path, new_key, preview_of
from shared.core.clock import Clock
from shared.core.errors import ApiKeyLimitReached, NotFound
from shared.documents.change import read_modify_write
from shared.documents.document import Create, Document, Documents, Query, Update, Write
from shared.users.user import user_path

_KEY_ID = re.compile(r"[0-9a-f]{64}", re.ASCII)
MAX_LIVE = 20
# More keys than anyone names; bounds the list's reads.
MAX_LISTED = 500


def issue_key(
    uid: str,
    name: str | None,
    *,
    documents: Documents,
    clock: Clock,
    scopes: Sequence[Scope] | None = None,
    expires_at: datetime | None = None,
) -> str:
    """The new key itself, which is not stored and cannot be shown again. Raises ApiKeyLimitReached."""
    key = new_key()

    def attempt() -> None:
        [user] = documents.get(user_path(uid))
        live, now = _with_room(uid, user, documents, clock.now()), clock.now()
        record = _record(uid, name, key, now, list(scopes) if scopes is not None else None, expires_at)
        documents.commit(Create(key_path(hash_of(key)), record), _counted(uid, user, live + 1))

    read_modify_write(attempt)
    return key


def rotate_key(uid: str, key_id: str, overlap: timedelta, *, documents: Documents, clock: Clock) -> str:
    """A new key in the place of one: of the same name, scopes and expiry. The old one works on for the overlap.

    Raises NotFound, for a key that is revoked or expired too, and ApiKeyLimitReached.
    """
    if _KEY_ID.fullmatch(key_id) is None:
        raise NotFound("API key not found")
    key = new_key()

    def attempt() -> None:
        found, user = documents.get(key_path(key_id), user_path(uid))
        now = clock.now()
        old = ApiKey.from_document(found) if found is not None else None
        if found is None or old is None or old.uid != uid or old.revoked_at is not None or old.has_expired(now):
            raise NotFound("API key not found, or not live any more")
        scopes = list(old.scopes) if old.scopes is not None else None
        record = _record(uid, old.name, key, now, scopes, old.expires_at)
        if overlap:
            live = _with_room(uid, user, documents, now) + 1
            ends = {"expiresAt": min(now + overlap, old.expires_at or now + overlap)}
        else:
            live, ends = _live(uid, user, documents), {"revokedAt": now}
        replaced = Update(found.path, ends, if_version=found.version)
        documents.commit(Create(key_path(hash_of(key)), record), replaced, _counted(uid, user, live))

    read_modify_write(attempt)
    return key


def _record(
    uid: str, name: str | None, key: str, now: datetime, scopes: list[str] | None, expires_at: datetime | None
) -> dict[str, Any]:
    record: dict[str, Any] = {
        "uid": uid,
        "name": name,
        "tokenPreview": preview_of(key),
        "createdAt": now,
        "revokedAt": None,
    }
    more = {"scopes": scopes, "expiresAt": expires_at}
    return {**record, **{field: value for field, value in more.items() if value is not None}}


def _with_room(uid: str, user: Document | None, documents: Documents, now: datetime) -> int:
    """How many live keys there are. Raises ApiKeyLimitReached if none may be added."""
    live = _live(uid, user, documents)
    if live >= MAX_LIVE:
        # Some may have expired, or been revoked past this code.
        live = _count_live(uid, documents, now)
    if live >= MAX_LIVE:
        raise ApiKeyLimitReached(f"You have {live} live API keys, of {MAX_LIVE} at most: revoke one that is not used any more")
    return live


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


def _count_live(uid: str, documents: Documents, now: datetime | None = None) -> int:
    """Those that have expired by `now` are live no more."""
    live = Query("apiKeys", where=(("uid", "==", uid), ("revokedAt", "==", None)), limit=MAX_LISTED)
    found = [ApiKey.from_document(document) for document in documents.query(live)]
    return sum(now is None or not key.has_expired(now) for key in found)


def _counted(uid: str, user: Document | None, live: int) -> Write:
    """Loses to whoever changes the user at the same time, so that no two keys are the twentieth."""
    if user is None:
        return Create(user_path(uid), {"liveApiKeys": live})
    return Update(user.path, {"liveApiKeys": live}, if_version=user.version)
