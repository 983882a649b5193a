"""What is told of posts and their runs, to whoever subscribed: written with the change that it tells of."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.documents.document import Write
from shared.events.event import EventType, Subject, event
from shared.posts.run import Run, RunPath, submission_path
from shared.posts.state import State
from shared.posts.submission import Submission

_ENDS: Mapping[str, EventType] = {
    "published": "post.completed",
    "partial": "post.partial",
    "failed": "post.failed",
    "needs_check": "post.needs_check",
    "cancelled": "post.cancelled",
    "missed": "post.missed",
}


def post_ended(submission: Submission, state: str, now: datetime, round: int | None = None) -> Sequence[Write]:
    """Each end is one of these; one that was retried, or whose outcome a person has said, ends once more, in its next round."""
    once = str(submission.round if round is None else round)
    return event(_ENDS[state], submission.uid, _post(submission.id), state, once=once, told=submission.told, now=now)


def run_ended(run: Run, status: str, now: datetime) -> Sequence[Write]:
    named = {"targetId": run.target_id, "platform": run.platform, "accountId": run.account_id}
    return run_event(run.path, run.uid, named, status, run.told, now, run.round)


def run_event(
    path: RunPath, uid: str, named: Mapping[str, str], status: str, told: Collection[str], now: datetime, round: int = 0
) -> Sequence[Write]:
    """`named` says which target it is of."""
    kind: EventType = "run.succeeded" if status == "succeeded" else "run.failed"
    more = {"postSubmissionId": path.submission_id, **named}
    subject = Subject("run", path.run_id, str(path), f"/v1/posts/{path.submission_id}", more)
    return event(kind, uid, subject, status, once=str(round), told=told, now=now)


def warned(submission: Submission, after: Sequence[Mapping[str, Any]], state: State, now: datetime) -> Sequence[Write]:
    """Of what the post's owner can still mend, if there is any that was not said before."""
    before = {_said(warning) for warning in submission.warnings}
    fresh = [warning for warning in after if _said(warning) not in before]
    if not fresh:
        return ()
    return event("post.warning", submission.uid, _post(submission.id), state, once=now.isoformat(), told=submission.told, now=now)


def _said(warning: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(warning.get(name) for name in ("code", "field", "target", "message"))


def _post(submission_id: str) -> Subject:
    return Subject("post", submission_id, submission_path(submission_id), f"/v1/posts/{submission_id}")
