"""One delivery of a job's task: take the job by its lease, let the handler of its type go as far as it can, write what came of it.

Delivered twice, late, or killed anywhere: the next worker goes on from what was saved. A job that fails gives back what it cost and
forgets its request, in the commit that says so.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.core.clock import Clock
from shared.core.wait import Wait
from shared.credits.credits import refund
from shared.documents.change import read_modify_write
from shared.documents.document import REMOVE, Changes, Documents, Unavailable, Update
from shared.documents.lease import Fenced, Lease
from shared.events.announce import announce
from shared.jobs.events import job_ended
from shared.jobs.handler import Handler, JobFailed, Moved, Outcome, Succeeded, Work
from shared.jobs.job import KEPT, TERM, Job, ended_fields, ended_writes, job_path
from shared.tasks.hand_over import hand_over
from shared.tasks.queues import BY_NAME
from shared.tasks.task import Tasks, work_on_job

_log = logging.getLogger(__name__)

# Workers that die of a job, or stumble over a fault of ours, one after the other.
MAX_FAILURES = 5
DEADLINE_EXCEEDED = "deadline_exceeded"
FAILURE_PAUSE_SECONDS = 10.0
# Where what a job depends on has changed meanwhile; four times longer each time.
OVERTAKEN_PAUSE_SECONDS = 0.5
# What could not be deleted is looked at again after so long.
PUSH = timedelta(minutes=1)
# A task may come a moment before its time, by our clock.
EARLY = timedelta(seconds=1)


@dataclass(frozen=True)
class WorkPorts:
    """`tidy` deletes what workers left that died, of a job that is over; it is given the job's state, and answers what it could
    not delete."""

    documents: Documents
    tasks: Tasks
    clock: Clock
    tidy: Callable[[Mapping[str, Any]], Sequence[str]]


def work_on(job_id: str, target: str, handlers: Mapping[str, Handler], ports: WorkPorts) -> None:
    """`target` is the function that this is. Returns normally wherever a later delivery could not better it. Raises Unavailable."""
    work = read_modify_write(lambda: _claimed(job_id, target, handlers, ports))
    if work is None:
        return
    job = work.job
    try:
        outcome = _outcome(work, handlers[job.type], ports)
        _write(work, outcome, ports)
    except Fenced:
        _lost(work, ports)
        return
    if isinstance(outcome, (Succeeded, JobFailed)):
        for then in work.once_ended:
            then()


def _claimed(job_id: str, target: str, handlers: Mapping[str, Handler], ports: WorkPorts) -> Work | None:
    """None where there is nothing to do. Raises Conflict if the job has changed just now: perhaps it was only put off."""
    [document] = ports.documents.get(job_path(job_id))
    if document is None:
        _log.warning("job.not_found", extra={"job": job_id})
        return None
    job, now = Job.from_document(document), ports.clock.now()
    if job.is_final:
        # Whoever held it until then may still have been writing.
        if (job.is_untidy or "sweepAt" in document.fields) and not TERM.is_held(document.fields, now):
            _tidy(job, ports)
        return None
    is_polled: bool = document.fields.get("isPolled", False)
    if TERM.is_held(document.fields, now + EARLY if job.status == "delayed" or is_polled else now):
        return None
    if BY_NAME[job.queue].target != target or job.type not in handlers:
        # A late delivery of an earlier step.
        return None
    changes: Changes = {"status": "processing", "failures": job.failures + 1, "updatedAt": now}
    # Another look at what a provider has begun is no other attempt.
    changes = {**changes, "isPolled": REMOVE} if is_polled else {**changes, "attempt": job.attempt + 1}
    if "startedAt" not in document.fields:
        changes = {**changes, "startedAt": now}
    return Work(job, Lease.claim(job.path, TERM, changes, if_version=job.version, documents=ports.documents, clock=ports.clock))


def _tidy(job: Job, ports: WorkPorts) -> None:
    """What the workers of a job that is over have left. Raises Conflict if it has changed just now."""
    left, over = ports.tidy(job.state), dict.fromkeys(TERM.fields, REMOVE)
    changes = {**over, "state": _done(job) or REMOVE, **_left(job, left, ports.clock.now())}
    ports.documents.commit(Update(job.path, changes, if_version=job.version))


def _left(job: Job, objects: Sequence[str], now: datetime) -> dict[str, Any]:
    """Of a job that is over, but for these, which could not be deleted."""
    return {"state": {**_done(job), "objects": list(objects)}, "sweepAt": now + PUSH} if objects else {}


def _done(job: Job) -> dict[str, Any]:
    """What need not be done again, should it be tried once more."""
    return {"done": job.state["done"]} if "done" in job.state else {}


def _outcome(work: Work, handler: Handler, ports: WorkPorts) -> Outcome | JobFailed:
    job = work.job
    if (given_up := _given_up(job, ports.clock)) is not None:
        given_up.left = ports.tidy(job.state)
        return given_up
    try:
        return handler(work)
    except JobFailed as failure:
        return failure
    except (Fenced, Unavailable):
        raise
    except Exception:
        _log.exception("job.unexpected_error", extra={"job": job.id, "type": job.type})
        return Wait(FAILURE_PAUSE_SECONDS * (job.failures + 1), "a fault of Soku's", changes={"failures": job.failures + 1})


def _given_up(job: Job, clock: Clock) -> JobFailed | None:
    if clock.now() >= job.deadline_at:
        return JobFailed(DEADLINE_EXCEEDED, "It took longer than it may take.")
    if job.failures >= MAX_FAILURES:
        return JobFailed("internal_error", "It could not be done, by a fault of Soku's. Nothing was charged.")
    return None


def _lost(work: Work, ports: WorkPorts) -> None:
    """Either the job is another worker's by now, or something else that was to be written with it had changed."""
    for undo in work.if_lost:
        undo()
    [document] = ports.documents.get(work.job.path)
    if document is None or document.version != work.lease.version:
        _log.info("job.lease_lost", extra={"job": work.job.id})
        return
    job = work.job
    try:
        if (given_up := _given_up(job, ports.clock)) is not None:
            # What was to be written with its end is what was refused; this is not.
            _write(work, given_up, ports)
            return
        pause = OVERTAKEN_PAUSE_SECONDS * 4**job.failures
        _write(work, Wait(pause, "what it depends on has changed", changes={"failures": job.failures + 1}), ports)
    except Fenced:
        _log.info("job.lease_lost", extra={"job": work.job.id})


def _write(work: Work, outcome: Outcome | JobFailed, ports: WorkPorts) -> None:
    now, job = ports.clock.now(), work.job
    ended = ended_fields(now)
    match outcome:
        case Succeeded():
            told = job_ended(job, "succeeded", now)
            kept = {"result": dict(outcome.result), "resultExpiresAt": now + KEPT, "state": REMOVE, "lastError": REMOVE}
            work.lease.write(
                {"status": "succeeded", **kept, **outcome.changes, **ended},
                *ended_writes(job, succeeded=True),
                *outcome.writes,
                *told,
            )
            announce(told, ports.tasks)
        case JobFailed():
            refunded = {"creditsRefunded": job.credits_debited} if job.credits_debited else {}
            given_back = refund(job.uid, job.credits_debited, job.id, documents=ports.documents, now=now) if refunded else ()
            status = "expired" if outcome.code == DEADLINE_EXCEEDED else "failed"
            failed = {
                "status": status,
                "error": _told(outcome),
                **refunded,
                **outcome.changes,
                **ended,
                **_left(job, outcome.left, now),
            }
            told = job_ended(job, status, now)
            work.lease.write(failed, *ended_writes(job), *given_back, *outcome.writes, *told)
            announce(told, ports.tasks)
        case Moved():
            state = {("state", name): value for name, value in outcome.state.items()}
            changes = {
                "status": "queued",
                "queue": outcome.queue,
                "failures": 0,
                "updatedAt": now,
                "lastError": REMOVE,
                "leaseUntil": REMOVE,
            }
            work.lease.write({**changes, **state, **outcome.changes, "sweepAt": now + TERM.length}, *outcome.writes)
            hand_over(work_on_job(job.id, BY_NAME[outcome.queue]), ports.tasks)
        case Wait():
            until = min(now + timedelta(seconds=outcome.seconds), max(job.deadline_at, now))
            failures = 0 if work.has_advanced else job.failures
            stumbled = {"lastError": {"message": outcome.reason, "at": now}}
            changes = {"status": "delayed", "failures": failures, "updatedAt": now, **stumbled, **outcome.changes}
            # Until then it counts as held: nobody takes it sooner.
            work.lease.write({**changes, **TERM.ends(until)})
            hand_over(work_on_job(job.id, BY_NAME[job.queue], not_before=until), ports.tasks)


def _told(failure: JobFailed) -> dict[str, Any]:
    return {"code": failure.code, "message": str(failure), "retryable": failure.code in ("internal_error", DEADLINE_EXCEEDED)}
