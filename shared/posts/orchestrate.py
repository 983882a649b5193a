"""Fan a submission out: one run and one task per target. Called by the orchestrator function, for each delivery of its task.

    queued ─compare-and-set─► orchestrating ─► all runs in one create-only commit ─► a task per run ─► dispatched
       └─ the user may not publish any more, or it is too late ─► all runs failed, completed: one commit, no task

Any number of deliveries, at any point of each other, make the same runs once; a second one enqueues what is still waiting.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shared.core.clock import Clock
from shared.core.errors import Forbidden
from shared.documents.change import read_modify_write
from shared.documents.document import REMOVE, Conflict, Create, Document, Documents, FieldPath, Update, Version, Write
from shared.events.announce import announce
from shared.platforms.failure import PlatformFailure
from shared.posts.events import run_event
from shared.posts.late import missed
from shared.posts.run import QUEUED, Run, RunPath, ended, submission_path
from shared.posts.settle import completion
from shared.posts.state import COUNTED
from shared.posts.submission import Submission, Target
from shared.tasks.task import Tasks, orchestrate, publish
from shared.users.user import User, telling, told_of, user_path

_log = logging.getLogger(__name__)

# An orchestration that stopped half-way is taken up again after this long.
ORCHESTRATE_GRACE = timedelta(seconds=60)
# A run that nobody leased after this long gets another task.
LEASE_GRACE = timedelta(seconds=60)
# A task that comes this much early, by our clock, is put back for its exact time; earlier ones are none of ours.
EARLY = timedelta(seconds=60)


def orchestrate_submission(submission_id: str, uid: str | None, *, documents: Documents, tasks: Tasks, clock: Clock) -> None:
    """`uid` is None in tasks of versions that did not name it. Raises NotEnqueued when a run could not be enqueued: the task's next
    delivery does it."""

    def attempt() -> None:
        document, *users = documents.get(submission_path(submission_id), *([user_path(uid)] if uid else []))
        if document is None:
            _log.warning("submission.not_found", extra={"submission": submission_id})
            return
        submission = Submission.from_document(document)
        [user] = users or documents.get(user_path(submission.uid))
        # Of the events that are wanted by now.
        told = told_of(user.fields) if user is not None else submission.told
        submission = replace(submission, told=told)
        _orchestrate(submission, _refusal(submission, user, clock.now()), documents, tasks, clock)

    # Again if a twin started it, the customer cancelled it, or the sweeper put it off meanwhile.
    read_modify_write(attempt)


def _refusal(submission: Submission, user: Document | None, now: datetime) -> PlatformFailure | None:
    """Why it is not published any more. A subscription is judged by the moment when the post was due, not by now."""
    if user is None or (owner := User.from_document(submission.uid, user)).is_disabled:
        message = "The user was disabled or deleted before the post was due: nothing was published."
        return PlatformFailure("permission", message, code="user_disabled", remediation="Ask the operator of this Soku.")
    try:
        owner.require_subscription(submission.due_at)
    except Forbidden:
        message = "The subscription had ended when the post was due: nothing was published."
        remediation = "Renew the subscription, then send the post again."
        return PlatformFailure("permission", message, code="subscription_inactive", remediation=remediation)
    return missed(submission.publish_within) if now >= submission.publish_by else None


def _orchestrate(submission: Submission, refusal: PlatformFailure | None, documents: Documents, tasks: Tasks, clock: Clock) -> None:
    """Raises Conflict when the submission was changed before it could be started."""
    now = clock.now()
    if submission.awaits_files:
        # `ingest` enqueues this again.
        return
    if submission.due_at > now:
        if submission.status == "queued" and submission.due_at - now <= EARLY:
            tasks.enqueue(orchestrate(submission.id, submission.uid, not_before=submission.due_at))
        return
    match submission.status:
        case "queued" if refusal is not None:
            refused = _refused(submission, refusal, documents, now)
            documents.commit(*refused)
            announce(refused, tasks)
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
    changes: dict[FieldPath, Any] = {
        "status": "orchestrating",
        "state": "publishing",
        "webhookTypes": sorted(submission.told) or REMOVE,
        "sweepAt": now + ORCHESTRATE_GRACE,
        "updatedAt": now,
    }
    return Update(submission.path, changes, if_version=submission.version)


def _refused(submission: Submission, refusal: PlatformFailure, documents: Documents, now: datetime) -> list[Write]:
    """The end of it all at once: no run ever begins."""
    error = {"error": {**refusal.to_fields(), "attempts": []}}
    done = {name: value for name, value in ended("failed", now).items() if value is not REMOVE}
    runs = [_run(submission, target, now, {**done, **error}) for target in submission.targets]
    counted = dict.fromkeys((("runCounts", name) for name in ("failed", COUNTED.get(refusal.code)) if name), len(runs))
    told = [one for target in submission.targets for one in _told_of(submission, target, now)]
    return [*completion(submission, documents, now, counted), *runs, *told]


def _told_of(submission: Submission, target: Target, now: datetime) -> Sequence[Write]:
    named = {"targetId": target.target_id, "platform": target.platform, "accountId": target.account_id}
    return run_event(RunPath(submission.id, target.run_id), submission.uid, named, "failed", submission.told, now)


def _create_runs(submission: Submission, documents: Documents, now: datetime) -> None:
    try:
        waiting = {"sweepAt": now + LEASE_GRACE}
        documents.commit(*(_run(submission, target, now, waiting) for target in submission.targets))
    except Conflict:
        _log.info("submission.runs_exist", extra={"submission": submission.id})


def _run(submission: Submission, target: Target, now: datetime, state: Mapping[str, Any]) -> Create:
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
            **({"facts": dict(target.facts)} if target.facts else {}),
            "publishWithinSeconds": int(submission.publish_within.total_seconds()),
            **({"firesAutomations": True} if submission.fires_automations else {}),
            **telling(submission.told),
            "dueAt": submission.due_at,
            "createdAt": now,
            "updatedAt": now,
            **state,
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
