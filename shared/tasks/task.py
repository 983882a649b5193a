"""A task: one message to one function, delivered at least once, perhaps late, perhaps twice, in no order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.core.errors import SokuError
from shared.tasks.queues import ORCHESTRATE, PUBLISH, REFRESH, WEBHOOKS_QUEUE, Queue, ingest_queue


class NotEnqueued(SokuError):
    """The task could not be created, or nobody knows whether it was."""


class QueueSkipped(NotEnqueued):
    """The queue refused another task a moment ago: this one was not even sent."""


@dataclass(frozen=True)
class Task:
    """`payload` names documents and holds no content: whoever receives it reads the truth from Firestore."""

    queue: Queue
    payload: Mapping[str, str]
    not_before: datetime | None = None


class Tasks(Protocol):
    def enqueue(self, task: Task) -> None:
        """Raises NotEnqueued. Correctness never rests on it: the sweeper finds whatever was not enqueued."""
        ...


def orchestrate(submission_id: str, uid: str, *, not_before: datetime | None = None) -> Task:
    """`uid` is whose it is, so that both are read at once."""
    return Task(ORCHESTRATE, {"postSubmissionId": submission_id, "uid": uid}, not_before)


def ingest(submission_id: str, uid: str, *, not_before: datetime | None = None) -> Task:
    return Task(ingest_queue(uid), {"postSubmissionId": submission_id, "uid": uid}, not_before)


def work_on_job(job_id: str, queue: Queue, *, not_before: datetime | None = None) -> Task:
    return Task(queue, {"jobId": job_id}, not_before)


def free_media(media_id: str, uid: str) -> Task:
    """Delete what its owner has deleted an hour ago."""
    return Task(ingest_queue(uid), {"mediaId": media_id})


def publish(submission_id: str, run_id: str, platform: str, *, not_before: datetime | None = None) -> Task:
    return Task(PUBLISH[platform], {"postSubmissionId": submission_id, "runId": run_id}, not_before)


def refresh(uid: str, platform: str, account_id: str) -> Task:
    return Task(REFRESH, {"uid": uid, "platform": platform, "accountId": account_id})


def check_post(submission_id: str, uid: str) -> Task:
    """Whether anything will keep it from being published, a moment before it is due."""
    return Task(REFRESH, {"postSubmissionId": submission_id, "uid": uid, "what": "post"})


def refresh_facts(uid: str, platform: str, account_id: str) -> Task:
    """What the platform says of the account, not its tokens."""
    return Task(REFRESH, {"uid": uid, "platform": platform, "accountId": account_id, "what": "facts"})


def tell(uid: str, event_id: str) -> Task:
    """An event, to whoever subscribed to it."""
    return Task(WEBHOOKS_QUEUE, {"uid": uid, "eventId": event_id})


def deliver_to(endpoint_id: str, *, not_before: datetime | None = None) -> Task:
    """What is due for one endpoint."""
    return Task(WEBHOOKS_QUEUE, {"endpointId": endpoint_id}, not_before)
