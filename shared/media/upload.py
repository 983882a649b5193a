"""A file that a customer uploads by its address, to be named in any number of posts: the job behind POST /v1/media."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from shared.core.wait import Wait
from shared.jobs.work import JobFailed, Outcome, Work
from shared.media.fetch import FetchFailed, FetchRefused
from shared.media.intake import Bounds, Intake
from shared.media.keep import Keeping
from shared.media.storage import Storage, StorageUnavailable
from shared.media.uploads import FOLDER

# How often an address is asked that does not answer as it should, while its customer waits.
MAX_TRIES, TRY_AGAIN_SECONDS = 3, 2.0
OUTAGE_SECONDS = 10.0


@dataclass(frozen=True)
class UploadPorts:
    """`most_bytes` of one file."""

    intake: Intake
    keeping: Keeping
    most_bytes: int


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
            return ports.keeping.keep(work, stored)
    except StorageUnavailable as error:
        return Wait(OUTAGE_SECONDS, str(error))
    except FetchRefused as error:
        raise JobFailed("upload_failed", f"The file could not be uploaded: {error}.") from error
    except FetchFailed as error:
        tries = job.state.get("tries", 0) + 1
        if tries >= MAX_TRIES:
            raise JobFailed("upload_failed", f"The file could not be uploaded: {error}.") from error
        return Wait(TRY_AGAIN_SECONDS * tries, str(error), changes={("state", "tries"): tries})


def _delete_leftovers(state: Mapping[str, Any], storage: Storage) -> None:
    """What a worker wrote that died before it was anybody's."""
    for path in state.get("objects") or ():
        _delete(path, storage)


def _delete(path: str, storage: Storage) -> None:
    with suppress(StorageUnavailable):
        storage.delete(path)
