"""The steps that meet strangers' bytes, in `ingest`: the film that a request names, and what a provider has made."""

from shared.jobs.handler import Outcome, Succeeded, Work
from shared.media.fetch import FetchFailed, FetchRefused
from shared.media.intake import Bounds
from shared.media.storage import StorageUnavailable
from shared.media.tries import after_failure
from shared.media.upload import UploadPorts
from shared.operations.files import FOLDER
from shared.operations.operation import done_of

# Of what a provider made.
MAX_MADE_BYTES = 256 << 20


def file(work: Work, ports: UploadPorts) -> Outcome:
    """From `videoUrl`."""
    bounds = Bounds({"video": ports.most_bytes, "unknown": ports.most_bytes}, "this Soku", "operations take")
    return _taken(work, work.job.input["videoUrl"], bounds, "copies", ports)


def fetched(work: Work, ports: UploadPorts) -> Outcome:
    """From where the provider keeps it for a while."""
    bounds = Bounds({"image": MAX_MADE_BYTES, "video": MAX_MADE_BYTES, "unknown": MAX_MADE_BYTES}, "this Soku")
    return _taken(work, done_of(work.job)["generate"]["url"], bounds, FOLDER, ports)


def _taken(work: Work, url: str, bounds: Bounds, folder: str, ports: UploadPorts) -> Outcome:
    # storage.lifecycle.json keeps it for thirty days from then.
    keep_until = work.lease.clock.now()
    try:
        with ports.intake.taken(url, bounds, folder, work.lease, keep_until=keep_until) as stored:
            return Succeeded(
                {
                    "storagePath": stored.storage_path,
                    "contentType": stored.content_type,
                    "sizeBytes": stored.size_bytes,
                    "durationSeconds": stored.duration_seconds,
                    "width": stored.width,
                    "height": stored.height,
                }
            )
    except (StorageUnavailable, FetchRefused, FetchFailed) as error:
        return after_failure(work, error, "The file could not be had")
