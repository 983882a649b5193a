"""A run's last commit: its result, and its place in the submission's counts, together or not at all."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.documents.document import REMOVE, Changes, FieldPath, Increment, Update
from shared.platforms.failure import PlatformFailure
from shared.posts.run import submission_path
from shared.publishing.run_lease import Worker

# If whoever finished the run dies before settling, the sweeper settles after this long.
SETTLE_GRACE = timedelta(seconds=60)
_NO_LONGER_KEPT = ("leaseUntil", "sweepAt", "nextAttemptAt", "handle", "callFailure", "absentListings", "doubted", "unresolved")


def succeed(worker: Worker, post_id: str, url: str | None, notes: Sequence[str]) -> None:
    result: dict[FieldPath, Any] = {"status": "succeeded", "platformPostUrl": url, "notes": list(notes)}
    _commit(worker, {**result, "platformPostId": post_id or None}, {("runCounts", "succeeded"): Increment(1)})


def fail(worker: Worker, failure: PlatformFailure) -> None:
    """What ends a run whose earlier request may have worked does not say that nothing was published."""
    if worker.run.unresolved and not failure.nothing_is_public:
        failure = failure.with_the_outcome_open()
    error = {**failure.to_fields(), "attempts": worker.attempts_with(failure.to_fields())}
    counted: dict[FieldPath, Any] = {("runCounts", "failed"): Increment(1)}
    if failure.code == "outcome_unknown":
        counted["runCounts", "outcomeUnknown"] = Increment(1)
    _commit(worker, {"status": "failed", "error": error}, counted)


def _commit(worker: Worker, result: Changes, counted: Changes) -> None:
    now: datetime = worker.clock.now()
    gone = dict.fromkeys(_NO_LONGER_KEPT, REMOVE)
    submission = submission_path(worker.run.path.submission_id)
    worker.write(
        {**result, **gone, "phase": "done", "completedAt": now},
        Update(submission, {**counted, "sweepAt": now + SETTLE_GRACE, "updatedAt": now}),
    )
