"""Cancel a post: all of it while nothing was begun, else the targets that no worker holds and for which nothing was sent.

draft, queued ─compare-and-set─► cancelled     run: unleased, before its intent ─compare-and-set─► failed, `cancelled`

Whoever begins the post, or takes the run, does so by compare-and-set as well: one of the two wins.
"""

from typing import Any

from shared.core.clock import Clock
from shared.core.errors import Detail
from shared.documents.change import read_modify_write
from shared.documents.document import Document, Documents, Increment, Update
from shared.events.announce import announce
from shared.platforms.failure import PlatformFailure
from shared.posts.errors import AlreadyStarted
from shared.posts.events import run_ended
from shared.posts.run import Run, RunPath, ended
from shared.posts.settle import SETTLE_GRACE, ending, settle
from shared.posts.state import CANCELLED
from shared.posts.submission import Submission, Target, own_post, require_version
from shared.tasks.task import Tasks

REMEDY = "Nothing was sent. Retry it, if it is wanted after all."
_ENDED = {"outcome_unknown": "Nobody knows whether it is published: resolve it.", "missed": "It was missed: nothing was sent."}


def cancel_post(uid: str, post_id: str, version: int | None = None, *, documents: Documents, tasks: Tasks, clock: Clock) -> None:
    """Again does no harm. `version` None: whichever there is.

    Raises NotFound, also for another user's, PreconditionFailed, and AlreadyStarted if nothing could be cancelled.
    """
    submission = read_modify_write(lambda: _cancelled_whole(uid, post_id, version, documents, tasks, clock))
    if submission is None:
        return
    named = [(target.target_id, _cancelled_target(submission, target, documents, tasks, clock)) for target in submission.targets]
    if all(refusal for _, refusal in named):
        raise AlreadyStarted(details=[Detail(f"targets.{name}", refusal, "custom", target=name) for name, refusal in named])
    settle(post_id, documents=documents, tasks=tasks, clock=clock)


def _cancelled_whole(
    uid: str, post_id: str, version: int | None, documents: Documents, tasks: Tasks, clock: Clock
) -> Submission | None:
    """None if it is; else the post as it stands. Raises NotFound, PreconditionFailed."""
    document = own_post(uid, post_id, documents)
    submission = Submission.from_document(document)
    if submission.status == CANCELLED:
        return None
    require_version(document, version)
    if submission.status not in ("draft", "queued"):
        return submission
    changes = {"status": CANCELLED, "state": CANCELLED, "version": submission.owners_version + 1}
    writes = ending(submission, changes, documents, clock.now())
    documents.commit(*writes)
    announce(writes, tasks)
    return None


def _cancelled_target(submission: Submission, target: Target, documents: Documents, tasks: Tasks, clock: Clock) -> str:
    """Why it cannot be cancelled; "" if it is, by this request or an earlier one."""

    def attempt() -> str:
        [document] = documents.get(str(RunPath(submission.id, target.run_id)))
        if document is None:
            return "It is about to be begun."
        if not _may_be_cancelled(document, clock):
            return _refusal(Run.from_document(document))
        now = clock.now()
        failure = PlatformFailure("permission", "The post was cancelled before this was sent.", code=CANCELLED, remediation=REMEDY)
        error = {**failure.to_fields(), "attempts": list(document.fields.get("attempts", ()))}
        changes: dict[str, Any] = {**ended("failed", now), "error": error, "updatedAt": now}
        counted = {("runCounts", "failed"): Increment(1), ("runCounts", CANCELLED): Increment(1)}
        counting = Update(submission.path, {**counted, "version": Increment(1), "sweepAt": now + SETTLE_GRACE, "updatedAt": now})
        told = run_ended(Run.from_document(document), "failed", now)
        documents.commit(Update(document.path, changes, if_version=document.version), counting, *told)
        announce(told, tasks)
        return ""

    return read_modify_write(attempt)


def _refusal(run: Run) -> str:
    if run.error_code == CANCELLED:
        return ""
    if run.status == "failed":
        return _ENDED.get(run.error_code or "", "It has failed.")
    return "It is published." if run.status == "succeeded" else "It is under way."


def _may_be_cancelled(document: Document, clock: Clock) -> bool:
    run = Run.from_document(document)
    is_held = run.lease_until is not None and run.lease_until > clock.now()
    return not run.is_final and not is_held and run.phase in ("queued", "preparing") and not run.may_be_public
