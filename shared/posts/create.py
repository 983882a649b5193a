"""Accept a post: everything is checked, then one commit makes it and remembers the request, then a task starts it.

The commit only ever creates: of any number of twins one wins, the others find the finished answer. There is no read before it, no
transaction, and nothing to clean up after a crash: the submission's `sweepAt` is its outbox.
"""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shared.core.clock import Clock
from shared.core.errors import ApiError, Detail, ServiceUnavailable, ValidationFailed
from shared.core.ids import new_uuid
from shared.core.platforms import ALIASES, PLATFORMS
from shared.documents.change import read_modify_write
from shared.documents.document import Conflict, Create, Document, Documents, FieldPath, Unavailable, Update, Write
from shared.idempotency.record import IdempotencyKey, Replay, look_up, record_fields
from shared.media.media import MEDIA_ID, MediaItem, StoredMedia, kind_of, media_path
from shared.platforms.content import Content
from shared.platforms.preflight import validate_content
from shared.platforms.rules import Problem
from shared.posts.run import submission_path
from shared.posts.submission import SCHEDULE_AHEAD, Target
from shared.posts.targets import WantedTarget, resolve_targets
from shared.tasks.hand_over import hand_over
from shared.tasks.task import Tasks, orchestrate
from shared.users.user import User

# The shortest notice for a scheduled post (specification, "Scheduling").
MIN_NOTICE = timedelta(minutes=1)
# A submission that nobody started after this long is started by the sweeper.
START_GRACE = timedelta(seconds=30)
CONTENT_FIELD = "body.post.content"


@dataclass(frozen=True)
class PostRequest:
    """A well-formed POST /v1/posts; `as_given` is its `post`, for the submission's readers."""

    content: Content
    targets: Sequence[WantedTarget]
    scheduled_time: datetime | None
    enable_repurposing: bool
    as_given: Mapping[str, Any]


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
    media_url: str,
    platforms: Container[str],
    documents: Documents,
    tasks: Tasks,
    clock: Clock,
) -> Accepted:
    """Raises ValidationFailed, MissingIntegrations, IdempotencyConflict, ServiceUnavailable (send it again).

    `log_entry` is written with the post; `media_url` is the address of our own storage, `platforms` what is switched on.
    A request that was answered before gets that answer even if it would be refused by now.
    """
    try:
        content, targets = _validate(request, user, documents, clock, media_url, platforms)
    except ApiError as refusal:
        earlier = look_up(key, documents=documents, now=clock.now()).replay
        if earlier is not None:
            return _replayed(earlier)
        raise refusal from None
    submission_id = new_uuid()
    submission = _submission(request, content, targets, user=user, key=key, request_id=request_id, now=clock.now())
    record = _record(submission_id, key, request, request_id, clock.now())
    create = Create(submission_path(submission_id), submission)
    earlier = _commit(key, record, [create, log_entry], documents=documents, clock=clock)
    if earlier is not None:
        return _replayed(earlier)
    if request.scheduled_time is None:
        hand_over(orchestrate(submission_id, user.uid), tasks)
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


def _validate(
    request: PostRequest, user: User, documents: Documents, clock: Clock, media_url: str, platforms: Container[str]
) -> tuple[Content, tuple[Target, ...]]:
    """Everything that depends on the clock, the accounts or stored media."""
    if request.scheduled_time is not None and request.scheduled_time < clock.now() + MIN_NOTICE:
        message = "scheduledTime must be at least 1 minute in the future"
        raise ValidationFailed(message, details=[Detail("body.scheduledTime", message, "custom")])
    targets = resolve_targets(_switched_on(request.targets, platforms), user)
    content = _with_stored(request.content, user, documents, media_url)
    problems = [
        Detail(_field(problem, target), problem.message, "custom", rule=problem.rule, target=target.target_id)
        for target in targets
        for problem in validate_content(target.platform, content, target.options)
    ]
    if problems:
        raise ValidationFailed(details=problems)
    return content, targets


def _switched_on(wanted: Sequence[WantedTarget], platforms: Container[str]) -> Sequence[WantedTarget]:
    """Raises ValidationFailed for platforms that the operator has no app for."""
    named = [(want, ALIASES.get(want.platform, want.platform)) for want in wanted]
    off = [
        Detail(
            want.field,
            f"{PLATFORMS[platform]} is switched off here: the operator of this Soku has no app there. Leave it out.",
            "custom",
            want.platform,
            rule=f"{platform}.switched_off",
        )
        for want, platform in named
        if platform not in platforms
    ]
    if off:
        raise ValidationFailed(details=off)
    return wanted


def _field(problem: Problem, target: Target) -> str:
    """Where in the request the problem can be mended."""
    if problem.field.startswith("body."):
        return problem.field
    if problem.field.startswith("options."):
        return f"{target.field}.{problem.field}"
    if problem.field == "text" and target.options.get("text") is not None:
        return f"{target.field}.options.text"
    return f"{CONTENT_FIELD}.{problem.field}"


def _with_stored(content: Content, user: User, documents: Documents, media_url: str) -> Content:
    """The content with what is in our storage already named by id, and as measured. One RPC if anything may be.

    Another user's mediaId is as unknown as none; another user's address is an address like any other.
    """
    ids = {item.field: item.media_id or _id_in(item.url or "", media_url) for item in content.media}
    wanted = list(dict.fromkeys(media_id for media_id in ids.values() if media_id))
    if not wanted:
        return content
    found = zip(wanted, documents.get(*(media_path(media_id) for media_id in wanted)), strict=True)
    own = {media_id: document for media_id, document in found if document and document.fields["uid"] == user.uid}
    unknown = [
        Detail(item.field, "There is no media with this id: upload it with POST /v1/media first.", "custom", item.media_id)
        for item in content.media
        if item.media_id and item.media_id not in own
    ]
    if unknown:
        raise ValidationFailed(details=unknown)
    return replace(content, media=tuple(_as_stored(item, own.get(ids[item.field] or "")) for item in content.media))


def _as_stored(item: MediaItem, document: Document | None) -> MediaItem:
    if document is None:
        return item
    stored = StoredMedia.from_fields({**document.fields, "mediaId": document.id})
    return replace(item, url=None, media_id=document.id, kind=kind_of(stored.content_type), stored=stored)


def _id_in(url: str, media_url: str) -> str | None:
    """The media id in an address of our own storage."""
    name = url.removeprefix(f"{media_url}/media/")
    media_id = name.partition(".")[0]
    return media_id if name != url and re.match(MEDIA_ID, media_id, re.ASCII) else None


def _submission(
    request: PostRequest,
    content: Content,
    targets: Sequence[Target],
    *,
    user: User,
    key: IdempotencyKey,
    request_id: str,
    now: datetime,
) -> dict[str, Any]:
    due_at = request.scheduled_time or now
    sweep_at = now + START_GRACE if request.scheduled_time is None else max(now, due_at - SCHEDULE_AHEAD)
    return {
        "uid": user.uid,
        "post": dict(request.as_given),
        "content": content.to_fields(),
        "targets": [target.to_fields() for target in targets],
        "status": "queued",
        "scheduledTime": request.scheduled_time,
        "dueAt": due_at,
        "sweepAt": sweep_at,
        "enableRepurposing": request.enable_repurposing,
        "origin": "api",
        "requestId": request_id,
        "runCounts": {"total": len(targets), "succeeded": 0, "failed": 0, "outcomeUnknown": 0},
        "derivedKeyPath": key.path if key.kind == "derived" else None,
        "createdAt": now,
        "updatedAt": now,
    }


def _record(submission_id: str, key: IdempotencyKey, request: PostRequest, request_id: str, now: datetime) -> dict[str, Any]:
    body = {"postSubmissionId": submission_id}
    lives_from = request.scheduled_time or now
    fields = record_fields(key, status=201, body=body, request_id=request_id, now=now, lives_from=lives_from)
    return {**fields, "submissionId": submission_id}


def _replayed(earlier: Replay) -> Accepted:
    return Accepted(earlier.status, earlier.body, replayed=True)
