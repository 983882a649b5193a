"""Cancel a job: whatever works on it is fenced off, and stops at its next checkpoint.

    queued, delayed, processing ─compare-and-set─► cancelled          final, like every other end: one of them wins

What was charged is given back, in the same commit, if no work on it had begun. What its workers have left is tidied up by the next
one that meets it (work.py), which the sweeper sends.
"""

from datetime import datetime
from typing import Any

from shared.core.clock import Clock
from shared.credits.credits import refund
from shared.documents.change import read_modify_write
from shared.documents.document import Documents, Update, Write
from shared.events.announce import announce
from shared.jobs.errors import AlreadyFinished, PartOfBatch
from shared.jobs.events import job_ended
from shared.jobs.find import own_job
from shared.jobs.job import Job, ended_fields, ended_writes
from shared.tasks.task import Tasks


def cancel_job(uid: str, job_id: str, *, documents: Documents, tasks: Tasks, clock: Clock) -> None:
    """Again does no harm. Raises NotFound, also for another user's, AlreadyFinished and PartOfBatch."""

    def attempt() -> None:
        document = own_job(uid, job_id, documents)
        job = Job.from_document(document)
        if job.status == "cancelled":
            return
        if "parent" in document.fields:
            raise PartOfBatch(facts={"batch": document.fields["parent"]})
        if job.is_final:
            raise AlreadyFinished(facts={"status": job.status})
        writes = cancellation(job, clock.now(), documents)
        documents.commit(*writes)
        announce(writes, tasks)

    read_modify_write(attempt)


def cancellation(job: Job, now: datetime, documents: Documents) -> list[Write]:
    """What is written, at the version that was read."""
    begun = job.attempt > 0
    refunded = job.credits_debited if not begun else 0
    error = {"code": "job_cancelled", "message": "It was cancelled.", "retryable": False}
    changes: dict[str, Any] = {"status": "cancelled", "error": error, **ended_fields(now)}
    if job.is_untidy:
        # Somebody has to look after what it holds, once whoever works on it does so no more.
        until = max(now, job.lease_until or now)
        changes |= {"sweepAt": until, "leaseUntil": until}
    if refunded:
        changes["creditsRefunded"] = refunded
    given_back = refund(job.uid, refunded, job.id, documents=documents, now=now) if refunded else ()
    return [Update(job.path, changes, if_version=job.version), *ended_writes(job), *given_back, *job_ended(job, "cancelled", now)]
