"""What is told of jobs, to whoever subscribed: written with the job's end."""

from collections.abc import Sequence
from datetime import datetime

from shared.documents.document import Write
from shared.events.event import EventType, Subject, event
from shared.jobs.job import Job

_ENDS: dict[str, EventType] = {
    "succeeded": "job.succeeded",
    "failed": "job.failed",
    "expired": "job.failed",
    "cancelled": "job.cancelled",
}


def job_ended(job: Job, status: str, now: datetime) -> Sequence[Write]:
    subject = Subject("job", job.id, job.path, f"/v1/jobs/{job.id}", {"type": job.type})
    return event(_ENDS[status], job.uid, subject, status, told=job.told, now=now)
