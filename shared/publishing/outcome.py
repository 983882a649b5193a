"""What a worker leaves a run with, and the one place that records it: it succeeded, it failed for good, or it waits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.core.wait import Wait
from shared.documents.document import Changes, Increment, Update
from shared.documents.lease import Fenced
from shared.events.announce import announce
from shared.platforms.platform import Failed
from shared.posts.events import run_ended
from shared.posts.run import ended, submission_path
from shared.posts.settle import SETTLE_GRACE, settle
from shared.posts.state import COUNTED
from shared.publishing.run_lease import TERM, RunLease
from shared.tasks.hand_over import hand_over
from shared.tasks.task import publish

# The sweeper leaves a waiting run to its own task for this long.
SWEEP_GRACE = timedelta(seconds=60)


@dataclass(frozen=True)
class Succeeded:
    """The post is public. `post_id` is "" where the platform does not say which one it is; `notes` say what was left out."""

    post_id: str
    url: str | None
    notes: Sequence[str]


Outcome = Succeeded | Failed | Wait


def record(lease: RunLease, outcome: Outcome) -> None:
    """One commit, then a delayed task, or settling. Raises Fenced."""
    match outcome:
        case Wait():
            _wait(lease, outcome)
        case Succeeded():
            result = {"platformPostUrl": outcome.url, "notes": list(outcome.notes), "platformPostId": outcome.post_id or None}
            # Until its automations have fired, it stays in the outbox.
            fires = {"sweepAt": lease.clock.now() + SETTLE_GRACE} if lease.run.fires_automations else {}
            succeeded = {**ended("succeeded", lease.clock.now()), **result, **fires}
            _end(lease, succeeded, {("runCounts", "succeeded"): Increment(1)})
        case Failed():
            _fail(lease, outcome)


def _wait(lease: RunLease, wait: Wait) -> None:
    """Release the lease and reschedule, not beyond its end: by a delayed task, or by the sweeper a minute later."""
    now, ends_by = lease.clock.now(), replace(lease.run, phase=wait.changes.get("phase", lease.run.phase)).ends_by
    until = now + timedelta(seconds=wait.seconds)
    until = min(until, ends_by) if now < ends_by else until
    if wait.is_woken:
        waiting = {**wait.changes, **TERM.over(), "sweepAt": until}
        lease.write({**waiting, "attempts": lease.attempts_with(wait.to_fields())})
        return
    released = {**TERM.over(), "nextAttemptAt": until, "sweepAt": until + SWEEP_GRACE}
    lease.write({**wait.changes, **released, "attempts": lease.attempts_with(wait.to_fields())})
    path = lease.run.path
    hand_over(publish(path.submission_id, path.run_id, lease.run.platform, not_before=until), lease.tasks)


def _fail(lease: RunLease, failed: Failed) -> None:
    """What ends a run whose earlier request may have worked does not say that nothing was published."""
    failure = failed.failure
    if lease.run.unresolved and not failure.nothing_is_public:
        failure = failure.with_the_outcome_open()
    error = {**failure.to_fields(), "attempts": lease.attempts_with(failure.to_fields())}
    counted = {("runCounts", "failed"): Increment(1)}
    if (more := COUNTED.get(failure.code)) is not None:
        counted["runCounts", more] = Increment(1)
    _end(lease, {**ended("failed", lease.clock.now()), "error": error}, counted)


def _end(lease: RunLease, result: Changes, counted: Changes) -> None:
    """The result and its place in the submission's counts, together or not at all; then settle.

    Where the submission was deleted, there is nothing to count in: the run ends alone.
    """
    now, submission_id = lease.clock.now(), lease.run.path.submission_id
    counting = Update(submission_path(submission_id), {**counted, "sweepAt": now + SETTLE_GRACE, "updatedAt": now})
    told = run_ended(lease.run, str(result["status"]), now)
    try:
        lease.write(result, *([] if lease.is_orphaned else [counting]), *told)
    except Fenced:
        if not lease.has_lost_its_submission():
            raise
        lease.write(result, *told)
        announce(told, lease.tasks)
        return
    announce(told, lease.tasks)
    settle(submission_id, documents=lease.documents, tasks=lease.tasks, clock=lease.clock)
