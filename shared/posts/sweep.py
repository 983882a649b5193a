"""Whatever is accepted and not moving is moved. Called every minute by the sweeper function.

Everything that is accepted and not final carries a `sweepAt`; this looks at nothing else. Each found document is handed on again
and pushed a minute ahead: handing on twice is harmless, forgetting is not.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.core.clock import Clock
from shared.documents.document import REMOVE, Condition, Conflict, Document, Documents, Query, Unavailable, Update
from shared.posts.run import Run
from shared.posts.settle import settle
from shared.posts.submission import SCHEDULE_AHEAD, Submission
from shared.tasks.task import NotEnqueued, Tasks, orchestrate, publish

_log = logging.getLogger(__name__)

# Per query; a tick takes as many as are due, in such portions, within its time.
BATCH = 300
# Of each kind of document; the next tick comes after a minute, and tokens are to be handed on, too.
PORTION_SECONDS = 20.0
PUSH = timedelta(seconds=60)
# How long after a scheduled post's time the sweeper checks that it has started.
LATE_GRACE = timedelta(seconds=30)


@dataclass(frozen=True)
class Swept:
    submissions: int
    runs: int


def sweep(*, documents: Documents, tasks: Tasks, clock: Clock) -> Swept:
    """One tick. Raises Unavailable; the next tick goes on where this one stopped."""

    def due(collection: str, *, group: bool, handle: Callable[[Document], None]) -> int:
        count, until = 0, clock.now() + timedelta(seconds=PORTION_SECONDS)
        while clock.now() < until:
            past: Condition = ("sweepAt", "<=", clock.now())
            found = documents.query(Query(collection, where=(past,), order_by="sweepAt", limit=BATCH, group=group))
            for document in found:
                if clock.now() >= until:
                    return count
                count += 1
                try:
                    handle(document)
                except Unavailable:
                    raise
                except Exception:
                    # One document that nobody can read must not keep all the others waiting.
                    _log.exception("not swept", extra={"document": document.path})
            if len(found) < BATCH:
                break
        return count

    def submission(document: Document) -> None:
        _sweep_submission(Submission.from_document(document), documents, tasks, clock)

    def run(document: Document) -> None:
        _sweep_run(Run.from_document(document), documents, tasks, clock)

    return Swept(due("postSubmissions", group=False, handle=submission), due("runs", group=True, handle=run))


def _sweep_submission(submission: Submission, documents: Documents, tasks: Tasks, clock: Clock) -> None:
    now = clock.now()
    if submission.status == "dispatched":
        settle(submission.id, documents=documents, clock=clock)
        if submission.ended < submission.counts["total"]:
            # Every ended run is settled, the others carry their own sweepAt.
            _push(documents, submission.path, submission, None)
        return
    not_before = submission.due_at if submission.due_at > now else None
    if submission.due_at - now > SCHEDULE_AHEAD:
        _push(documents, submission.path, submission, submission.due_at - SCHEDULE_AHEAD)
        return
    if _handed_on(lambda: tasks.enqueue(orchestrate(submission.id, not_before=not_before)), submission.path):
        _push(documents, submission.path, submission, max(now + PUSH, submission.due_at + LATE_GRACE))


def _sweep_run(run: Run, documents: Documents, tasks: Tasks, clock: Clock) -> None:
    if _handed_on(lambda: tasks.enqueue(publish(run.path.submission_id, run.path.run_id, run.platform)), str(run.path)):
        _push(documents, str(run.path), run, clock.now() + PUSH)


def _handed_on(enqueue: Callable[[], None], path: str) -> bool:
    try:
        enqueue()
    except NotEnqueued as error:
        _log.error("not handed on; the next tick tries again", extra={"document": path, "reason": str(error)})
        return False
    _log.info("swept", extra={"document": path})
    return True


def _push(documents: Documents, path: str, found: Submission | Run, until: datetime | None) -> None:
    """`until` None: nothing is left to sweep. Refused if the document moved on meanwhile, which is all that is wanted."""
    try:
        documents.commit(Update(path, {"sweepAt": REMOVE if until is None else until}, if_version=found.version))
    except Conflict:
        _log.info("it moved by itself", extra={"document": path})
