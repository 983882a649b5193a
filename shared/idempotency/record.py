"""The record that makes a request happen once: written in the same commit as what the request does.

    created ──────────── 24 h (a scheduled post: until 24 h after its time) ──────────── expired
       └ same key, same body: the stored answer      other body: 409                        └ the key is new again

Expiry is decided by time: Firestore's own deletion of expired documents may take another day. There is no state "in progress": the
commit that creates the record is the whole work, so concurrent twins lose by "already exists" and read a finished answer.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from shared.core.errors import IdempotencyConflict
from shared.documents.document import Document, Documents, Version
from shared.users.user import user_path

LIFETIME = timedelta(hours=24)


@dataclass(frozen=True)
class IdempotencyKey:
    """A request's identity: `value` is the client's own key or, derived, a digest of user, endpoint and body."""

    uid: str
    endpoint: str
    value: str
    kind: Literal["explicit", "derived"]
    fingerprint: str

    @property
    def path(self) -> str:
        digest = hashlib.sha256(f"{self.endpoint}\0{self.value}".encode()).hexdigest()
        return f"{user_path(self.uid)}/idempotency/{digest}"


@dataclass(frozen=True)
class Replay:
    """The answer the first request with this key got."""

    status: int
    body: Mapping[str, Any]


def key_for(uid: str, endpoint: str, body: Any, explicit: str | None) -> IdempotencyKey:
    """The client's key if it gave one, else one derived from who asks what of which endpoint."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    fingerprint = hashlib.sha256(canonical.encode()).hexdigest()
    if explicit is not None:
        return IdempotencyKey(uid, endpoint, explicit, "explicit", fingerprint)
    derived = hashlib.sha256(f"{uid}\0{endpoint}\0{fingerprint}".encode()).hexdigest()
    return IdempotencyKey(uid, endpoint, derived, "derived", fingerprint)


def record_fields(
    key: IdempotencyKey, *, status: int, body: Mapping[str, Any], request_id: str, now: datetime, lives_from: datetime
) -> dict[str, Any]:
    return {
        "v": 1,
        "endpoint": key.endpoint,
        "kind": key.kind,
        "fingerprint": key.fingerprint,
        "status": status,
        "body": dict(body),
        "requestId": request_id,
        "createdAt": now,
        "expireAt": lives_from + LIFETIME,
    }


@dataclass(frozen=True)
class Earlier:
    """What the key's document holds now: an answer to give again, or an expired record to write over."""

    replay: Replay | None
    expired_version: Version | None


def look_up(key: IdempotencyKey, *, documents: Documents, now: datetime) -> Earlier:
    """One read. Raises IdempotencyConflict when the key belongs to another body."""
    [document] = documents.get(key.path)
    return _earlier(key, document, now)


def _earlier(key: IdempotencyKey, document: Document | None, now: datetime) -> Earlier:
    if document is None:
        return Earlier(None, None)
    if document.fields["expireAt"] <= now:
        return Earlier(None, document.version)
    if document.fields["fingerprint"] != key.fingerprint:
        raise IdempotencyConflict
    return Earlier(Replay(document.fields["status"], document.fields["body"]), None)
