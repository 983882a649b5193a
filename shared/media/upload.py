"""A file that a customer uploads, to be named in any number of posts: the jobs behind POST /v1/media, which names an address, and
behind the completion of a direct upload."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from shared.documents.document import Delete
from shared.jobs.handler import JobFailed, Outcome, Succeeded, Work
from shared.media.arrived import ArrivedFile, NothingArrived, require_as_declared
from shared.media.direct import upload_path
from shared.media.fetch import FetchFailed, FetchRefused
from shared.media.intake import Bounds, Intake
from shared.media.keep import Keeping
from shared.media.leftovers import delete_leftovers, delete_quietly
from shared.media.media import StoredMedia
from shared.media.storage import Storage, StorageUnavailable
from shared.media.tries import after_failure
from shared.media.uploads import FOLDER


@dataclass(frozen=True)
class UploadPorts:
    """`arrived` is the private bucket of direct uploads; `most_bytes` of one file."""

    intake: Intake
    keeping: Keeping
    arrived: Storage
    most_bytes: int


def upload(work: Work, ports: UploadPorts) -> Outcome:
    """From an address. Raises JobFailed, Fenced."""
    return _take(work, ports.intake, work.job.input["url"], ports, ports.keeping.keep)


def complete_upload(work: Work, ports: UploadPorts) -> Outcome:
    """What has arrived in the private bucket is deleted there once its fate is written. Raises JobFailed, Fenced."""
    declared = work.job.input
    upload_id, over = declared["uploadId"], Delete(upload_path(declared["uploadId"]))

    def judge(work: Work, stored: StoredMedia) -> Outcome:
        require_as_declared(stored, declared)
        outcome = ports.keeping.keep(work, stored)
        return replace(outcome, writes=(*outcome.writes, over)) if isinstance(outcome, Succeeded) else outcome

    intake = replace(ports.intake, fetcher=ArrivedFile(ports.arrived, declared["sizeBytes"]))
    work.once_ended.append(lambda: delete_quietly(upload_id, ports.arrived))
    try:
        return _take(work, intake, upload_id, ports, judge)
    except JobFailed as failure:
        if isinstance(failure.__cause__, NothingArrived) or failure.code == "storage_quota_exceeded":
            # It may be completed later.
            work.once_ended.clear()
        else:
            failure.writes = (over,)
        raise


def _take(work: Work, intake: Intake, address: str, ports: UploadPorts, keep: Callable[[Work, StoredMedia], Outcome]) -> Outcome:
    job = work.job
    written = delete_leftovers(job.state, intake.storage)

    def before_writing(path: str) -> None:
        written.append(path)
        work.save(objects=written)
        work.if_lost.append(lambda: delete_quietly(path, intake.storage))

    every_kind = Bounds({"image": ports.most_bytes, "video": ports.most_bytes, "unknown": ports.most_bytes}, "this Soku")
    try:
        with intake.taken(address, every_kind, FOLDER, work.lease, before_writing=before_writing) as stored:
            return keep(work, stored)
    except (StorageUnavailable, FetchRefused, FetchFailed) as error:
        return after_failure(work, error, "The file could not be uploaded")
