"""Fan a submission out: one run and one task per target. Called by the orchestrator function, for each delivery of its task.

    queued ─compare-and-set─► orchestrating ─► all runs in one create-only commit ─► a task per run ─► dispatched

Any number of deliveries, at any point of each other, make the same runs once; a second one enqueues what is still waiting.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.core.clock import Clock
from shared.documents.change import read_modify_write
from shared.documents.document import REMOVE, Conflict, Create, Documents, FieldPath, Update, Version
from shared.posts.run import QUEUED, Run, RunPath, submission_path
from shared.posts.submission import Submission, Target
from shared.tasks.task import Tasks, orchestrate, publish

_log = logging.getLogger(__name__)

# An orchestration that stopped half-way is taken up again after this long.
ORCHESTRATE_GRACE = timedelta(seconds=60)
# A run that nobody leased after this long gets another task.
LEASE_GRACE = timedelta(seconds=60)
# A task that comes this much early, by our clock, is put back for its exact time; earlier ones are none of ours.
EARLY = timedelta(seconds=60)


def orchestrate_submission(submission_id: str, *, documents: Documents, tasks: Tasks, clock: Clock) -> None:
    """Raises NotEnqueued when a run could not be enqueued: the task's next delivery does it."""

    def attempt() -> None:
        [document] = documents.get(submission_path(submission_id))
        if document is None:
            _log.warning("submission.not_found", extra={"submission": submission_id})
            return
        _orchestrate(Submission.from_document(document), documents, tasks, clock)

    # Again if a twin started it, the customer cancelled it, or the sweeper put it off meanwhile.
    read_modify_write(attempt)


def _orchestrate(submission: Submission, documents: Documents, tasks: Tasks, clock: Clock) -> None:
    """Raises Conflict when the submission was changed before it could be started."""
    now = clock.now()
    if submission.due_at > now:
        if submission.status == "queued" and submission.due_at - now <= EARLY:
            tasks.enqueue(orchestrate(submission.id, not_before=submission.due_at))
        return
    match submission.status:
        case "queued":
            version = documents.commit(_start(submission, now))
            _create_runs(submission, documents, now)
            _enqueue_runs(submission.targets, submission.id, tasks)
            _dispatched(submission.id, version, documents, clock)
        case "orchestrating":
            _create_runs(submission, documents, now)
            _enqueue_runs(_waiting(submission, documents), submission.id, tasks)
            _dispatched(submission.id, None if submission.ended else submission.version, documents, clock)
        case "dispatched" if submission.completed_at is None:
            _enqueue_runs(_waiting(submission, documents), submission.id, tasks)
        case _:
            pass


def _start(submission: Submission, now: datetime) -> Update:
    changes: dict[FieldPath, Any] = {"status": "orchestrating", "sweepAt": now + ORCHESTRATE_GRACE, "updatedAt": now}
    return Update(submission.path, changes, if_version=submission.version)


def _create_runs(submission: Submission, documents: Documents, now: datetime) -> None:
    try:
        documents.commit(*(_run(submission, target, now) for target in submission.targets))
    except Conflict:
        _log.info("submission.runs_exist", extra={"submission": submission.id})


def _run(submission: Submission, target: Target, now: datetime) -> Create:
    return Create(
        str(RunPath(submission.id, target.run_id)),
        {
            "uid": submission.uid,
            "platform": target.platform,
            "accountId": target.account_id,
            "targetId": target.target_id,
            **QUEUED,
            "content": submission.content.to_fields(),
            "options": dict(target.options),
            "dueAt": submission.due_at,
            "sweepAt": now + LEASE_GRACE,
            "createdAt": now,
            "updatedAt": now,
        },
    )


def _waiting(submission: Submission, documents: Documents) -> list[Target]:
    """The targets whose runs nobody has leased yet."""
    found = documents.get(*(str(path) for path in submission.run_paths))
    runs = zip(submission.targets, found, strict=True)
    return [target for target, document in runs if document is not None and Run.from_document(document).status == "queued"]


def _enqueue_runs(targets: Sequence[Target], submission_id: str, tasks: Tasks) -> None:
    for target in targets:
        tasks.enqueue(publish(submission_id, target.run_id, target.platform))


def _dispatched(submission_id: str, unsettled_version: Version | None, documents: Documents, clock: Clock) -> None:
    """All runs have their tasks. A run that has ended has set `sweepAt` for its own settling, which must stay.

    `unsettled_version` is one at which no run had ended.
    """
    changes: dict[FieldPath, Any] = {"status": "dispatched", "updatedAt": clock.now()}
    if unsettled_version is not None:
        try:
            documents.commit(Update(submission_path(submission_id), {**changes, "sweepAt": REMOVE}, if_version=unsettled_version))
            return
        except Conflict:
            pass

    def attempt() -> None:
        [document] = documents.get(submission_path(submission_id))
        if document is not None and document.fields["status"] == "orchestrating":
            documents.commit(Update(document.path, changes, if_version=document.version))

    read_modify_write(attempt)
