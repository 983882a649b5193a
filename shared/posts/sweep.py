"""What the sweeper does with submissions, copies and runs whose time has come: enqueue them again, or settle what workers left."""

import logging

from shared.documents.document import Document
from shared.posts.run import Run, submission_path
from shared.posts.settle import settle
from shared.posts.submission import SCHEDULE_AHEAD, START_GRACE, Submission
from shared.tasks.hand_over import hand_over
from shared.tasks.sweep import PUSH, Outbox, SweepPorts, put_off
from shared.tasks.task import check_post, free_media, ingest, orchestrate, publish

_log = logging.getLogger(__name__)


def _move_submission(document: Document, ports: SweepPorts) -> None:
    submission, now = Submission.from_document(document), ports.clock.now()
    if submission.status == "dispatched":
        settle(submission.id, documents=ports.documents, tasks=ports.tasks, clock=ports.clock)
        if submission.ended < submission.counts["total"]:
            # Every ended run is settled, the others carry their own sweepAt.
            put_off(submission.path, submission.version, None, ports)
        return
    if submission.awaits_files:
        if now < submission.due_at <= now + SCHEDULE_AHEAD:
            hand_over(check_post(submission.id, submission.uid), ports.tasks)
        if hand_over(ingest(submission.id, submission.uid), ports.tasks):
            _log.info("sweep.enqueued", extra={"document": submission.path})
        put_off(submission.path, submission.version, now + PUSH, ports)
        return
    if submission.due_at - now > SCHEDULE_AHEAD:
        put_off(submission.path, submission.version, submission.due_at - SCHEDULE_AHEAD, ports)
        return
    not_before = submission.due_at if submission.due_at > now else None
    if not_before is not None:
        hand_over(check_post(submission.id, submission.uid), ports.tasks)
    again = now + PUSH
    if hand_over(orchestrate(submission.id, submission.uid, not_before=not_before), ports.tasks):
        _log.info("sweep.enqueued", extra={"document": submission.path})
        again = max(again, submission.due_at + START_GRACE)
    put_off(submission.path, submission.version, again, ports)


def _move_run(document: Document, ports: SweepPorts) -> None:
    run = Run.from_document(document)
    if hand_over(publish(run.path.submission_id, run.path.run_id, run.platform), ports.tasks):
        _log.info("sweep.enqueued", extra={"document": document.path})
    put_off(document.path, run.version, ports.clock.now() + PUSH, ports)


def _move_copy(document: Document, ports: SweepPorts) -> None:
    """Whoever copied it is gone, or its next try was not enqueued. Or it is an upload that was deleted."""
    if document.path.startswith("media/"):
        hand_over(free_media(document.id, document.fields["uid"]), ports.tasks)
        put_off(document.path, document.version, ports.clock.now() + PUSH, ports)
        return
    submission_id = document.path.split("/")[1]
    [submission] = ports.documents.get(submission_path(submission_id))
    if submission is None or Submission.from_document(submission).is_over:
        # Nobody needs it any more.
        put_off(document.path, document.version, None, ports)
        return
    if hand_over(ingest(submission_id, document.fields["uid"]), ports.tasks):
        _log.info("sweep.enqueued", extra={"document": document.path})
    put_off(document.path, document.version, ports.clock.now() + PUSH, ports)


SUBMISSIONS = Outbox("postSubmissions", group=False, field="sweepAt", move=_move_submission)
RUNS = Outbox("runs", group=True, field="sweepAt", move=_move_run)
COPIES = Outbox("media", group=True, field="sweepAt", move=_move_copy)
