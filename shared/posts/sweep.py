"""What the sweeper does with submissions and runs whose time has come: enqueue them again, or settle what their workers left."""

import logging
from datetime import timedelta

from shared.documents.document import Document
from shared.posts.run import Run
from shared.posts.settle import settle
from shared.posts.submission import SCHEDULE_AHEAD, Submission
from shared.tasks.hand_over import hand_over
from shared.tasks.sweep import PUSH, Outbox, SweepPorts, put_off
from shared.tasks.task import orchestrate, publish

_log = logging.getLogger(__name__)

# How long after a scheduled post's time the sweeper checks that it has started.
LATE_GRACE = timedelta(seconds=30)


def _move_submission(document: Document, ports: SweepPorts) -> None:
    submission, now = Submission.from_document(document), ports.clock.now()
    if submission.status == "dispatched":
        settle(submission.id, documents=ports.documents, clock=ports.clock)
        if submission.ended < submission.counts["total"]:
            # Every ended run is settled, the others carry their own sweepAt.
            put_off(submission.path, submission.version, None, ports)
        return
    if submission.due_at - now > SCHEDULE_AHEAD:
        put_off(submission.path, submission.version, submission.due_at - SCHEDULE_AHEAD, ports)
        return
    not_before = submission.due_at if submission.due_at > now else None
    again = now + PUSH
    if hand_over(orchestrate(submission.id, submission.uid, not_before=not_before), ports.tasks):
        _log.info("sweep.enqueued", extra={"document": submission.path})
        again = max(again, submission.due_at + LATE_GRACE)
    put_off(submission.path, submission.version, again, ports)


def _move_run(document: Document, ports: SweepPorts) -> None:
    run = Run.from_document(document)
    if hand_over(publish(run.path.submission_id, run.path.run_id, run.platform), ports.tasks):
        _log.info("sweep.enqueued", extra={"document": document.path})
    put_off(document.path, run.version, ports.clock.now() + PUSH, ports)


SUBMISSIONS = Outbox("postSubmissions", group=False, field="sweepAt", move=_move_submission)
RUNS = Outbox("runs", group=True, field="sweepAt", move=_move_run)
