"""What follows from runs that ended: once the last one has, the post is complete. Settling twice changes nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.core.clock import Clock
from shared.documents.change import read_modify_write
from shared.documents.document import REMOVE, Changes, Delete, Documents, Increment, Update, Write
from shared.events.announce import announce
from shared.posts.events import post_ended
from shared.posts.run import submission_path
from shared.posts.slots import freed
from shared.posts.state import CANCELLED, MISSED, state_of_ended
from shared.posts.submission import Submission
from shared.tasks.task import Tasks
from shared.users.user import user_path

# If whoever ended a run dies before settling, the sweeper settles after this long.
SETTLE_GRACE = timedelta(seconds=60)


def settle(submission_id: str, *, documents: Documents, tasks: Tasks, clock: Clock) -> None:
    """Called after every run's last commit and by the sweeper. Several at once are sorted out by the submission's version."""

    def attempt() -> None:
        [document] = documents.get(submission_path(submission_id))
        if document is None:
            return
        submission = Submission.from_document(document)
        if submission.completed_at is None and submission.ended >= submission.counts["total"]:
            writes = completion(submission, documents, clock.now())
            documents.commit(*writes)
            announce(writes, tasks)

    read_modify_write(attempt)


def completion(submission: Submission, documents: Documents, now: datetime, counted: Changes | None = None) -> list[Write]:
    """What is written once all runs have ended; `counted` goes with it."""
    counts = {**submission.counts, **{name: value for (_, name), value in (counted or {}).items()}}
    # An orchestrator that died before saying so had dispatched everything: all runs have ended.
    return ending(submission, {**(counted or {}), "status": "dispatched", "state": state_of_ended(counts)}, documents, now)


def ending(submission: Submission, changes: Changes, documents: Documents, now: datetime) -> list[Write]:
    """A post that is over: the changes that say so, and what it gives back."""
    over = dict.fromkeys(("sweepAt", "openMediaIds", "copiedBytes"), REMOVE)
    ended = Update(submission.path, {**changes, "completedAt": now, "updatedAt": now, **over}, if_version=submission.version)
    slot = freed(submission, documents) if changes["state"] in (CANCELLED, MISSED) else ()
    told = post_ended(submission, changes["state"], now)
    return [ended, *slot, *_released_key(submission, documents), *released_bytes(submission, documents), *told]


def released_bytes(submission: Submission, documents: Documents) -> Sequence[Write]:
    """Its copies count no more: they lapse by themselves."""
    if not submission.copied_bytes:
        return ()
    [user] = documents.get(user_path(submission.uid))
    return [Update(user.path, {"storageBytes": Increment(-submission.copied_bytes)})] if user is not None else ()


def _released_key(submission: Submission, documents: Documents) -> Sequence[Write]:
    """The derived key, if every run failed provably unpublished: then the same text again is a new try, not a replay."""
    counts = submission.counts
    if submission.derived_key_path is None or counts["succeeded"] or counts["outcomeUnknown"] or submission.was_unknown:
        return ()
    [record] = documents.get(submission.derived_key_path)
    if record is None or record.fields.get("submissionId") != submission.id:
        return ()
    return [Delete(record.path, if_version=record.version)]
