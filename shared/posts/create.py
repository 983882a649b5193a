"""Accept a post: everything is checked, then one commit makes it and remembers the request, then a task starts it.

The commit only ever creates: of any number of twins one wins, the others find the finished answer. There is no read before it, no
transaction, and nothing to clean up after a crash: the submission's `sweepAt` is its outbox.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.core.clock import Clock
from shared.core.errors import ApiError, ServiceUnavailable
from shared.core.ids import new_uuid
from shared.documents.change import read_modify_write
from shared.documents.document import Conflict, Create, Documents, FieldPath, Unavailable, Update, Write
from shared.idempotency.record import IdempotencyKey, Replay, look_up, record_fields
from shared.platforms.content import Content
from shared.posts.addresses import needs_ingest
from shared.posts.facets import facets_of
from shared.posts.run import submission_path
from shared.posts.state import state_of_accepted
from shared.posts.submission import SCHEDULE_AHEAD, START_GRACE, Origin, Target
from shared.posts.validate import Installation, PostRequest, validated
from shared.posts.view import FIRST_VERSION
from shared.tasks.hand_over import hand_over
from shared.tasks.task import Tasks, ingest, orchestrate
from shared.users.user import User


@dataclass(frozen=True)
class Accept:
    """A valid post, as it is to be kept; `awaits_files`: `ingest` has to copy some first."""

    uid: str
    content: Content
    targets: Sequence[Target]
    as_given: Mapping[str, Any]
    scheduled_time: datetime | None
    awaits_files: bool
    origin: Origin
    request_id: str
    enable_repurposing: bool = False
    derived_key_path: str | None = None
    # Of the request that made it, with a key of its own or a derived one.
    record_path: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] = ()

    @property
    def starts_now(self) -> bool:
        return self.awaits_files or self.scheduled_time is None


@dataclass(frozen=True)
class Accepted:
    """What to answer; `replayed` when the request had been answered before."""

    status: int
    body: Mapping[str, Any]
    replayed: bool


def create_post(
    request: PostRequest,
    *,
    user: User,
    key: IdempotencyKey,
    request_id: str,
    log_entry: Create,
    here: Installation,
    documents: Documents,
    tasks: Tasks,
    clock: Clock,
) -> Accepted:
    """Raises ValidationFailed, MissingIntegrations, IdempotencyConflict, ServiceUnavailable (send it again).

    `log_entry` is written with the post.
    A request that was answered before gets that answer even if it would be refused by now.
    """
    try:
        content, targets = validated(request, user, documents, clock, here)
    except ApiError as refusal:
        earlier = look_up(key, documents=documents, now=clock.now()).replay
        if earlier is not None:
            return _replayed(earlier)
        raise refusal from None
    submission_id, now = new_uuid(), clock.now()
    accept = Accept(
        uid=user.uid,
        content=content,
        targets=targets,
        as_given=request.as_given,
        scheduled_time=request.scheduled_time,
        awaits_files=needs_ingest(content, targets),
        origin="api",
        request_id=request_id,
        enable_repurposing=request.enable_repurposing,
        metadata=request.metadata,
        tags=request.tags,
        derived_key_path=key.path if key.kind == "derived" else None,
        record_path=key.path,
    )
    record = _record(submission_id, key, request, request_id, now)
    create = Create(submission_path(submission_id), submission_fields(accept, now))
    earlier = _commit(key, record, [create, log_entry], documents=documents, clock=clock)
    if earlier is not None:
        return _replayed(earlier)
    begin(submission_id, accept, tasks)
    return Accepted(record["status"], record["body"], replayed=False)


def _commit(
    key: IdempotencyKey, record: Mapping[str, Any], writes: Sequence[Write], *, documents: Documents, clock: Clock
) -> Replay | None:
    """The earlier answer if there is one, None if the writes were made."""
    guard: Write = Create(key.path, record)

    def attempt() -> Replay | None:
        nonlocal guard
        try:
            documents.commit(guard, *writes)
            return None
        except Conflict:
            earlier = look_up(key, documents=documents, now=clock.now())
        if earlier.replay is not None:
            return earlier.replay
        if earlier.expired_version is None:
            guard = Create(key.path, record)
        else:
            fresh: dict[FieldPath, Any] = {**record}
            guard = Update(key.path, fresh, if_version=earlier.expired_version)
        raise Conflict(key.path)

    try:
        return read_modify_write(attempt)
    except Unavailable as error:
        raise ServiceUnavailable from error


def submission_fields(accept: Accept, now: datetime) -> dict[str, Any]:
    """The document of a post that is accepted."""
    due_at = accept.scheduled_time or now
    sweep_at = now + START_GRACE if accept.starts_now else max(now, due_at - SCHEDULE_AHEAD)
    return {
        "uid": accept.uid,
        "post": dict(accept.as_given),
        "content": accept.content.to_fields(),
        "targets": [target.to_fields() for target in accept.targets],
        "status": "queued",
        "state": state_of_accepted(is_scheduled=accept.scheduled_time is not None),
        "version": FIRST_VERSION,
        "facets": facets_of(accept.targets, accept.tags),
        **({"metadata": dict(accept.metadata)} if accept.metadata else {}),
        **({"tags": list(accept.tags)} if accept.tags else {}),
        **({"files": "pending"} if accept.awaits_files else {}),
        "scheduledTime": accept.scheduled_time,
        "dueAt": due_at,
        "sweepAt": sweep_at,
        "enableRepurposing": accept.enable_repurposing,
        "origin": accept.origin,
        "requestId": accept.request_id,
        **({"openMediaIds": named} if (named := media_ids(accept.content)) else {}),
        "runCounts": {"total": len(accept.targets), "succeeded": 0, "failed": 0, "outcomeUnknown": 0},
        "derivedKeyPath": accept.derived_key_path,
        **({"recordPath": accept.record_path} if accept.record_path else {}),
        "createdAt": now,
        "updatedAt": now,
    }


def begin(submission_id: str, accept: Accept, tasks: Tasks) -> None:
    """What comes first; the sweeper does it, if the task cannot be made."""
    if accept.awaits_files:
        hand_over(ingest(submission_id, accept.uid), tasks)
    elif accept.scheduled_time is None:
        hand_over(orchestrate(submission_id, accept.uid), tasks)


def media_ids(content: Content) -> list[str]:
    """What may not be deleted before the post is over."""
    return [item.media_id for item in content.media if item.media_id]


def _record(submission_id: str, key: IdempotencyKey, request: PostRequest, request_id: str, now: datetime) -> dict[str, Any]:
    body = {"postSubmissionId": submission_id}
    lives_from = request.scheduled_time or now
    fields = record_fields(key, status=201, body=body, request_id=request_id, now=now, lives_from=lives_from)
    return {**fields, "submissionId": submission_id}


def _replayed(earlier: Replay) -> Accepted:
    return Accepted(earlier.status, earlier.body, replayed=True)
