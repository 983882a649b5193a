"""What a job does when an address that its customer named does not give its file."""

from shared.core.wait import Wait
from shared.jobs.handler import JobFailed, Work
from shared.media.fetch import FetchFailed, FetchRefused
from shared.media.storage import StorageUnavailable

# How often an address is asked that does not answer as it should, while its customer waits.
MAX_TRIES, TRY_AGAIN_SECONDS = 3, 2.0
OUTAGE_SECONDS = 10.0


def after_failure(work: Work, error: StorageUnavailable | FetchRefused | FetchFailed, what: str) -> Wait:
    """Until it is tried again. Raises JobFailed, once it is not: `what` says so, the error why."""
    if isinstance(error, StorageUnavailable):
        return Wait(OUTAGE_SECONDS, str(error))
    tries = work.job.state.get("tries", 0) + 1
    if isinstance(error, FetchRefused) or tries >= MAX_TRIES:
        raise JobFailed("upload_failed", f"{what}: {error}.") from error
    return Wait(TRY_AGAIN_SECONDS * tries, str(error), changes={("state", "tries"): tries})
