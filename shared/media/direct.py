"""Direct uploads: a customer's bytes go to a private bucket, past our functions, by an address that takes one file of one size.

    begin ─► {uploadUrl} ─► the customer's PUT ─► complete: `ingest` judges what has arrived and moves it to the uploads

What is not completed lapses after a day: the document by its time, the object by the bucket's lifecycle
(storage.uploads-lifecycle.json).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shared.core.clock import Clock
from shared.core.errors import NotFound, ServiceUnavailable, StorageQuotaExceeded
from shared.core.ids import random_base62
from shared.documents.change import read_modify_write
from shared.documents.document import Condition, Create, Document, Documents, Query
from shared.idempotency.once import Guard, no_guard
from shared.jobs.start import Wanted
from shared.media.storage import StorageUnavailable
from shared.media.uploads import LASTS, over_quota
from shared.tasks.queues import ingest_queue
from shared.users.user import User

JOB_TYPE = "direct_upload"
LIFETIME = timedelta(days=1)
# Of one user at a time; their bytes count against the quota.
MAX_OPEN = 100


class OpenSession(Protocol):
    def __call__(self, path: str, content_type: str, size_bytes: int, origin: str | None) -> str:
        """An address that takes an object's bytes, in one PUT or resumably; from a page of `origin`, if given.

        Whoever knows it may write the object, and nothing else. Raises StorageUnavailable.
        """
        ...


@dataclass(frozen=True)
class Declared:
    """What a customer says is coming; `sha256` in hexadecimal digits."""

    content_type: str
    size_bytes: int
    sha256: str | None = None


@dataclass(frozen=True)
class Begun:
    upload_id: str
    url: str
    expires_at: datetime


def upload_path(upload_id: str) -> str:
    return f"uploads/{upload_id}"


def begin(
    user: User,
    declared: Declared,
    origin: str | None,
    *,
    quota_bytes: int,
    open_session: OpenSession,
    documents: Documents,
    clock: Clock,
    guard: Guard = no_guard,
) -> Begun:
    """Raises StorageQuotaExceeded, ServiceUnavailable, and what the guard does."""
    upload_id = f"upload_{random_base62(22)}"

    def attempt() -> Begun:
        now = clock.now()
        along = guard(upload_id, now)
        _require_room(user, declared, quota_bytes, documents=documents, clock=clock)
        url = _opened(upload_id, declared, origin, open_session)
        fields = {
            "uid": user.uid,
            "contentType": declared.content_type,
            "sizeBytes": declared.size_bytes,
            "sha256": declared.sha256,
            "createdAt": now,
            "expireAt": now + LIFETIME,
        }
        documents.commit(Create(upload_path(upload_id), fields), *along)
        return Begun(upload_id, url, now + LIFETIME)

    # Again, to be refused by its guard, if a twin of the request was faster.
    return read_modify_write(attempt)


def begin_again(
    uid: str, upload_id: str, origin: str | None, *, open_session: OpenSession, documents: Documents, clock: Clock
) -> Begun:
    """Another address for the same upload: addresses are not kept. Raises NotFound as `wanted_completion`, ServiceUnavailable."""
    document = _waiting(uid, upload_id, documents=documents, clock=clock)
    declared = Declared(document.fields["contentType"], document.fields["sizeBytes"])
    return Begun(upload_id, _opened(upload_id, declared, origin, open_session), document.fields["expireAt"])


def _opened(upload_id: str, declared: Declared, origin: str | None, open_session: OpenSession) -> str:
    try:
        return open_session(upload_id, declared.content_type, declared.size_bytes, origin)
    except StorageUnavailable as error:
        raise ServiceUnavailable from error


def wanted_completion(uid: str, upload_id: str, *, documents: Documents, clock: Clock) -> Wanted:
    """The job that judges it. Raises NotFound, also for another user's and for one that has lapsed or was completed."""
    document = _waiting(uid, upload_id, documents=documents, clock=clock)
    declared = {name: document.fields[name] for name in ("contentType", "sizeBytes", "sha256")}
    return Wanted(JOB_TYPE, {"uploadId": upload_id, **declared}, ingest_queue(uid), LASTS, {})


def _waiting(uid: str, upload_id: str, *, documents: Documents, clock: Clock) -> Document:
    [document] = documents.get(upload_path(upload_id))
    if document is None or document.fields["uid"] != uid or document.fields["expireAt"] <= clock.now():
        raise NotFound("There is no upload with this id that waits to be completed")
    return document


def _require_room(user: User, declared: Declared, quota_bytes: int, *, documents: Documents, clock: Clock) -> None:
    """For what is kept, what is open, and what is coming."""
    where: Sequence[Condition] = (("uid", "==", user.uid), ("expireAt", ">=", clock.now()))
    waiting = [document.fields["sizeBytes"] for document in documents.query(Query("uploads", where=where, limit=MAX_OPEN))]
    if len(waiting) >= MAX_OPEN:
        raise StorageQuotaExceeded(f"{MAX_OPEN} direct uploads are open: complete them, or wait until they lapse after a day.")
    if user.storage_bytes + sum(waiting) + declared.size_bytes > quota_bytes:
        more = " Direct uploads that are open count, too." if waiting else ""
        raise StorageQuotaExceeded(over_quota(quota_bytes) + more)
