"""What an upload is, for those who ask for one, count it or delete it; upload.py makes it."""

from datetime import timedelta

from shared.core.errors import StorageQuotaExceeded
from shared.jobs.start import Wanted
from shared.tasks.queues import ingest_queue
from shared.users.user import User, user_path

JOB_TYPE = "media"
# Where uploads live; they stay until they are deleted.
FOLDER = "media"
# In all; the request that waits for it gives up sooner, and the same request waits on.
LASTS = timedelta(minutes=20)


def wanted_upload(uid: str, url: str) -> Wanted:
    return Wanted(JOB_TYPE, {"url": url}, ingest_queue(uid), LASTS, {})


def hash_path(uid: str, sha256: str) -> str:
    return f"{user_path(uid)}/mediaByHash/{sha256}"


def require_room(user: User, quota_bytes: int) -> None:
    """Raises StorageQuotaExceeded."""
    if user.storage_bytes >= quota_bytes:
        raise StorageQuotaExceeded(over_quota(quota_bytes))


def over_quota(quota_bytes: int) -> str:
    most = quota_bytes / (1 << 30)
    return f"The storage quota of {most:.4g} GiB is used up: delete media that is not needed any more (DELETE /v1/media/{{id}})."
