"""A file that a customer uploads by its address, to be named in any number of posts: the job behind POST /v1/media.

The same bytes twice are one file of that customer: `users/{uid}/mediaByHash/{sha256}`, made in the commit that makes the media.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from shared.core.clock import Clock
from shared.core.wait import Wait
from shared.documents.document import Create, Document, Documents, Increment, Update, Write
from shared.jobs.work import JobFailed, Outcome, Succeeded, Work
from shared.media.fetch import FetchFailed, FetchRefused
from shared.media.intake import Bounds, Intake
from shared.media.media import StoredMedia, media_path
from shared.media.storage import Storage, StorageUnavailable
from shared.media.uploads import FOLDER, hash_path, over_quota
from shared.users.user import User, user_path

# How often an address is asked that does not answer as it should, while its customer waits.
MAX_TRIES, TRY_AGAIN_SECONDS = 3, 2.0
OUTAGE_SECONDS = 10.0
# Requests that a file remembers, to be forgotten with it; an older one's replay then names a file that is gone.
MAX_RECORDS = 20


@dataclass(frozen=True)
class UploadPorts:
    """`most_bytes` of one file, `quota_bytes` of all that one user keeps."""

    intake: Intake
    documents: Documents
    clock: Clock
    most_bytes: int
    quota_bytes: int


def upload(work: Work, ports: UploadPorts) -> Outcome:
    """Raises JobFailed, Fenced."""
    job = work.job
    _delete_leftovers(job.state, ports.intake.storage)
    written: list[str] = []

    def before_writing(path: str) -> None:
        written.append(path)
        work.save(objects=written)
        work.if_lost.append(lambda: _delete(path, ports.intake.storage))

    every_kind = Bounds({"image": ports.most_bytes, "video": ports.most_bytes, "unknown": ports.most_bytes}, "this Soku")
    try:
        with ports.intake.taken(job.input["url"], every_kind, FOLDER, work.lease, before_writing=before_writing) as stored:
            return _kept(work, stored, ports)
    except StorageUnavailable as error:
        return Wait(OUTAGE_SECONDS, str(error))
    except FetchRefused as error:
        raise JobFailed("upload_failed", f"The file could not be uploaded: {error}.") from error
    except FetchFailed as error:
        tries = job.state.get("tries", 0) + 1
        if tries >= MAX_TRIES:
            raise JobFailed("upload_failed", f"The file could not be uploaded: {error}.") from error
        return Wait(TRY_AGAIN_SECONDS * tries, str(error), changes={("state", "tries"): tries})


def _kept(work: Work, stored: StoredMedia, ports: UploadPorts) -> Outcome:
    job, now = work.job, ports.clock.now()
    known, user = ports.documents.get(hash_path(job.uid, stored.sha256), user_path(job.uid))
    if known is not None:
        [media] = ports.documents.get(media_path(known.fields["mediaId"]))
        if media is not None and media.fields.get("deletedAt") is None:
            _delete(stored.storage_path, ports.intake.storage)
            return Succeeded(_result(media.id, media.fields["url"]), [_remembering(media, job.record_path)])
    used = User.from_document(job.uid, user).storage_bytes
    if used + stored.size_bytes > ports.quota_bytes:
        _delete(stored.storage_path, ports.intake.storage)
        raise JobFailed("storage_quota_exceeded", over_quota(ports.quota_bytes))
    return Succeeded(_result(stored.media_id, stored.url), media_writes(stored, job.uid, job.record_path, known, now))


def media_writes(stored: StoredMedia, uid: str, record_path: str | None, known: Document | None, now: datetime) -> Sequence[Write]:
    """What makes the file one of the user's; `known` is the hash's document of a file that was deleted."""
    media = {"uid": uid, **stored.to_fields(), "createdAt": now, "deletedAt": None, "records": [record_path] if record_path else []}
    by_hash = hash_path(uid, stored.sha256)
    pointing: Write = (
        Create(by_hash, {"mediaId": stored.media_id})
        if known is None
        else Update(by_hash, {"mediaId": stored.media_id}, if_version=known.version)
    )
    counted = Update(user_path(uid), {"storageBytes": Increment(stored.size_bytes)})
    return [Create(media_path(stored.media_id), media), pointing, counted]


def _remembering(media: Document, record_path: str | None) -> Write:
    records = [*cast("list[str]", media.fields.get("records") or []), *([record_path] if record_path else [])]
    return Update(media.path, {"records": records[-MAX_RECORDS:]}, if_version=media.version)


def _result(media_id: str, url: str) -> Mapping[str, Any]:
    return {"url": url, "id": media_id}


def _delete_leftovers(state: Mapping[str, Any], storage: Storage) -> None:
    """What a worker wrote that died before it was anybody's."""
    for path in state.get("objects") or ():
        _delete(path, storage)


def _delete(path: str, storage: Storage) -> None:
    with suppress(StorageUnavailable):
        storage.delete(path)
