"""Accept a post: everything is checked, then one commit makes it and remembers the request, then a task starts it.

The commit only ever creates: of any number of twins one wins, the others find the finished answer. There is no read before it, no
transaction, and nothing to clean up after a crash: the submission's `sweepAt` is its outbox.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from shared.core.clock import Clock
from shared.core.errors import ApiError, ServiceUnavailable
from shared.core.ids import new_uuid
from shared.documents.change import read_modify_write
from shared.documents.document import Conflict, Create, Documents, Unavailable, Update, Write
from shared.idempotency.record import Earlier, IdempotencyKey, Replay, look_up, record_fields
from shared.platforms.content import Content
from shared.posts.addresses import needs_ingest
from shared.posts.facets import facets_of
from shared.posts.run import submission_path
from shared.posts.slots import MAX_TRIES, next_free, plan_of, taken
from shared.posts.state import state_of_accepted
from shared.posts.submission import FIRST_VERSION, SCHEDULE_AHEAD, START_GRACE, Origin, Target
from shared.posts.validate import Installation, PostRequest, validated
from shared.tasks.hand_over import hand_over
from shared.tasks.task import Tasks, ingest, orchestrate
from shared.users.user import User, telling

T = TypeVar("T")
# What keys are for, and the status of the answer.
ENDPOINT, CREATED = "POST /v1/posts", 201


@dataclass(frozen=True)
class Accept:
    """A valid post, as it is to be kept: the request's content and targets as they were judged, and when it is due."""

    uid: str
    request: PostRequest
    content: Content
    targets: Sequence[Target]
    scheduled_time: datetime | None
    origin: Origin
    request_id: str
    # Of the request that made it, with a key of its own or a derived one.
    key: IdempotencyKey | None = None
    # The types of events that its user's webhooks want.
    told: frozenset[str] = frozenset()
    # `ingest` has to copy some files first.
    awaits_files: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "awaits_files", needs_ingest(self.content, self.targets))

    @property
    def starts_now(self) -> bool:
        return self.awaits_files or self.scheduled_time is None


@dataclass(frozen=True)
class Accepted:
    """What to answer; `replayed` when the request had been answered before. `slot` is the one that it asked for."""

    status: int
    body: Mapping[str, Any]
    replayed: bool
    slot: datetime | None = None


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
    """Raises ValidationFailed, MissingIntegrations, NoFreeSlot, IdempotencyConflict, ServiceUnavailable (send it again).

    `log_entry` is written with the post.
    A request that was answered before gets that answer even if it would be refused by now.
    """
    try:
        content, targets = validated(request, user, documents, clock, here)
        plan = plan_of(user.uid, documents) if request.wants_slot else None
        slot = next_free(user.uid, plan, documents, clock.now())[0] if request.wants_slot else None
    except ApiError as refusal:
        earlier = look_up(key, documents=documents, now=clock.now()).replay
        if earlier is not None:
            return _replayed(earlier)
        raise refusal from None
    submission_id, tries = new_uuid(), 0

    def attempt(earlier: Earlier | None) -> Accept:
        nonlocal slot, tries
        if earlier is not None and slot is not None:
            # It was not the key that was taken, or not only.
            if (tries := tries + 1) == MAX_TRIES:
                raise ServiceUnavailable("Others took every slot that was free a moment ago: send the same request again.")
            slot = next_free(user.uid, plan, documents, clock.now())[0]
        now = clock.now()
        accept = Accept(
            user.uid, request, content, targets, slot or request.scheduled_time, "api", request_id, key, user.webhook_types
        )
        create = Create(submission_path(submission_id), submission_fields(accept, now))
        record = record_of(submission_id, key, request_id, now, accept.scheduled_time, slot)
        slots = [taken(user.uid, slot, submission_id)] if slot is not None else []
        documents.commit(guard(key, record, earlier), create, log_entry, *slots)
        return accept

    accept = commit_once(key, attempt, documents=documents, clock=clock)
    if isinstance(accept, Replay):
        return _replayed(accept)
    begin(submission_id, accept, tasks)
    return Accepted(CREATED, {"postSubmissionId": submission_id}, replayed=False, slot=slot)


def commit_once(key: IdempotencyKey, attempt: Callable[[Earlier | None], T], *, documents: Documents, clock: Clock) -> T | Replay:
    """What `attempt` has committed, with the key's record among its writes; or the answer of whoever had the key before.

    `attempt` gets what the key's record was when an earlier try met it, None at first. Raises IdempotencyConflict and
    ServiceUnavailable.
    """
    earlier: Earlier | None = None

    def once() -> T | Replay:
        nonlocal earlier
        try:
            return attempt(earlier)
        except Conflict:
            earlier = look_up(key, documents=documents, now=clock.now())
        if earlier.replay is not None:
            return earlier.replay
        raise Conflict(key.path)

    try:
        return read_modify_write(once)
    except Unavailable as error:
        raise ServiceUnavailable from error


def guard(key: IdempotencyKey, record: Mapping[str, Any], earlier: Earlier | None) -> Write:
    """Creates the record, or writes over an expired one."""
    if earlier is None or earlier.expired_version is None:
        return Create(key.path, record)
    return Update(key.path, {**record}, if_version=earlier.expired_version)


def submission_fields(accept: Accept, now: datetime) -> dict[str, Any]:
    """The document of a post that is accepted."""
    key = accept.key
    return {
        "uid": accept.uid,
        **waiting_fields(accept, now),
        "version": FIRST_VERSION,
        "enableRepurposing": accept.request.enable_repurposing,
        "origin": accept.origin,
        "requestId": accept.request_id,
        "derivedKeyPath": key.path if key is not None and key.kind == "derived" else None,
        **({"fingerprint": key.fingerprint} if key is not None and key.kind == "derived" else {}),
        **({"recordPath": key.path} if key is not None else {}),
        "createdAt": now,
    }


def waiting_fields(accept: Accept, now: datetime) -> dict[str, Any]:
    """What a post that waits to be begun says of itself, and when it is due."""
    request, due_at = accept.request, accept.scheduled_time or now
    sweep_at = now + START_GRACE if accept.starts_now else max(now, due_at - SCHEDULE_AHEAD)
    return {
        **described(request),
        "content": accept.content.to_fields(),
        "targets": [target.to_fields() for target in accept.targets],
        "facets": facets_of(accept.targets, request.tags),
        "status": "queued",
        "state": state_of_accepted(is_scheduled=accept.scheduled_time is not None),
        **({"files": "pending"} if accept.awaits_files else {}),
        "scheduledTime": accept.scheduled_time,
        "dueAt": due_at,
        **({"slotAt": accept.scheduled_time} if request.wants_slot else {}),
        "sweepAt": sweep_at,
        **({"openMediaIds": named} if (named := media_ids(accept.content)) else {}),
        "runCounts": {"total": len(accept.targets), "succeeded": 0, "failed": 0, "outcomeUnknown": 0},
        **telling(accept.told),
        "updatedAt": now,
    }


def described(request: PostRequest) -> dict[str, Any]:
    """What the sender says of the post, of what may be left out only what was said."""
    within = request.publish_within_seconds
    return {
        "post": dict(request.as_given),
        **({"metadata": dict(request.metadata)} if request.metadata else {}),
        **({"tags": list(request.tags)} if request.tags else {}),
        **({"publishWithinSeconds": within} if within is not None else {}),
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


def record_of(
    submission_id: str, key: IdempotencyKey, request_id: str, now: datetime, due_at: datetime | None, slot: datetime | None = None
) -> dict[str, Any]:
    """The request's record, which outlives the post's time."""
    body = {"postSubmissionId": submission_id}
    fields = record_fields(key, status=CREATED, body=body, request_id=request_id, now=now, lives_from=due_at or now)
    return {**fields, "submissionId": submission_id, **({"slotAt": slot} if slot is not None else {})}


def _replayed(earlier: Replay) -> Accepted:
    return Accepted(earlier.status, earlier.body, replayed=True, slot=earlier.slot)
