"""The record that makes a request happen once: written in the same commit as what the request does.

    created ──── 30 days; 24 h if derived (both after a scheduled post's time) ───────── expired
       └ same key, same body: the stored answer      other body: 409                        └ the key is new again

Expiry is decided by time: Firestore's own deletion of expired documents may take another day. There is no state "in progress": the
commit that creates the record is the whole work, so concurrent twins lose by "already exists" and read a finished answer.
"""

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from shared.core.errors import IdempotencyConflict
from shared.documents.document import Document, Documents, Version
from shared.users.user import user_path

# A key that the client chose names one thing it wants; one that was derived from a request only tells a hasty retry.
LIFETIMES: Mapping[str, timedelta] = {"explicit": timedelta(days=30), "derived": timedelta(hours=24)}
# Of a body, to tell what differs between two requests with one key, without keeping any value.
MAX_PATHS, HASH_DIGITS = 50, 8


@dataclass(frozen=True)
class IdempotencyKey:
    """A request's identity: `value` is the client's own key or, derived, a digest of user, endpoint and body."""

    uid: str
    endpoint: str
    value: str
    kind: Literal["explicit", "derived"]
    fingerprint: str
    body: Any = field(default=None, compare=False, repr=False)

    @property
    def path(self) -> str:
        digest = hashlib.sha256(f"{self.endpoint}\0{self.value}".encode()).hexdigest()
        return f"{user_path(self.uid)}/idempotency/{digest}"


@dataclass(frozen=True)
class Replay:
    """The answer the first request with this key got."""

    status: int
    body: Mapping[str, Any]
    # That the post got, if it asked for one.
    slot: datetime | None = None


def key_for(uid: str, endpoint: str, body: Any, explicit: str | None) -> IdempotencyKey:
    """The client's key if it gave one, else one derived from who asks what of which endpoint."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    fingerprint = hashlib.sha256(canonical.encode()).hexdigest()
    if explicit is not None:
        return IdempotencyKey(uid, endpoint, explicit, "explicit", fingerprint, body)
    return derived_key(uid, endpoint, fingerprint, body)


def derived_key(uid: str, endpoint: str, fingerprint: str, body: Any = None) -> IdempotencyKey:
    derived = hashlib.sha256(f"{uid}\0{endpoint}\0{fingerprint}".encode()).hexdigest()
    return IdempotencyKey(uid, endpoint, derived, "derived", fingerprint, body)


def record_fields(
    key: IdempotencyKey, *, status: int, body: Mapping[str, Any], request_id: str, now: datetime, lives_from: datetime
) -> dict[str, Any]:
    """Of a request whose answer is known at once."""
    return {**_fields(key, request_id, now, lives_from), "status": status, "body": dict(body)}


def started_fields(key: IdempotencyKey, *, job_id: str, request_id: str, now: datetime) -> dict[str, Any]:
    """Of a request whose answer is the outcome of a job."""
    return {**_fields(key, request_id, now, now), "jobId": job_id}


def _fields(key: IdempotencyKey, request_id: str, now: datetime, lives_from: datetime) -> dict[str, Any]:
    explicit = {"paths": dict(itertools.islice(_hashes(key.body, "body"), MAX_PATHS))} if key.kind == "explicit" else {}
    return {
        "v": 1,
        "endpoint": key.endpoint,
        "kind": key.kind,
        "fingerprint": key.fingerprint,
        "requestId": request_id,
        "createdAt": now,
        "expireAt": lives_from + LIFETIMES[key.kind],
        **explicit,
    }


def _hashes(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every value of a body that holds no others: its path, and the beginning of its digest."""
    match value:
        case dict():
            for name, inner in sorted(cast("dict[str, Any]", value).items()):
                yield from _hashes(inner, f"{path}.{name}")
        case list():
            for position, inner in enumerate(cast("list[Any]", value)):
                yield from _hashes(inner, f"{path}.{position}")
        case _:
            yield path, hashlib.sha256(json.dumps(value).encode()).hexdigest()[:HASH_DIGITS]


def _differing(key: IdempotencyKey, earlier: Mapping[str, str]) -> list[str]:
    now = dict(itertools.islice(_hashes(key.body, "body"), MAX_PATHS))
    return [path for path in dict.fromkeys((*earlier, *now)) if earlier.get(path) != now.get(path)][:MAX_PATHS]


@dataclass(frozen=True)
class Earlier:
    """What the key's document holds now: an answer to give again, a job that will have it, or an expired record to write over."""

    replay: Replay | None
    expired_version: Version | None
    job_id: str | None = None


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
        told = {"postSubmissionId": document.fields.get("submissionId"), "jobId": document.fields.get("jobId")}
        differing = _differing(key, document.fields.get("paths") or {})
        raise IdempotencyConflict(facts={**{name: said for name, said in told.items() if said}, "differs": differing})
    if job_id := document.fields.get("jobId"):
        return Earlier(None, None, job_id)
    return Earlier(Replay(document.fields["status"], document.fields["body"], document.fields.get("slotAt")), None)
