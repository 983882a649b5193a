"""Change a post that waits to be begun: what it says, where it goes, when, and how its sender calls it.

The caller says which version it changes. Whoever begins the post, cancels it or changes it meanwhile does so by compare-and-set as
well: one of them wins. Progress (a copied file, a warning) raises no version: then the change is tried again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.core.clock import Clock
from shared.documents.change import read_modify_write
from shared.documents.document import REMOVE, Document, Documents, Update, Write
from shared.idempotency.once import Guard, no_guard
from shared.idempotency.record import LIFETIMES
from shared.platforms.content import Content
from shared.posts.addresses import needs_ingest
from shared.posts.create import media_ids
from shared.posts.draft import drafted_fields
from shared.posts.errors import AlreadyCancelled, AlreadyStarted
from shared.posts.facets import facets_of, tag_facet
from shared.posts.settle import released_bytes
from shared.posts.slots import freed, next_free, plan_of, taken
from shared.posts.state import CANCELLED, DRAFT
from shared.posts.submission import SCHEDULE_AHEAD, START_GRACE, Submission, Target, own_post, require_version
from shared.posts.validate import Installation, PostRequest, require_notice, validated
from shared.tasks.hand_over import hand_over
from shared.tasks.task import Tasks, ingest, orchestrate
from shared.users.user import User


@dataclass(frozen=True)
class PostChange:
    """What is named; None stays as it is. `request` is the new post, judged as a new one is."""

    request: PostRequest | None = None
    scheduled_time: datetime | None = None
    metadata: Mapping[str, str] | None = None
    tags: Sequence[str] | None = None
    publish_within_seconds: int | None = None
    # Whether it goes out at the next free slot of the user's plan; in place of `scheduled_time`.
    wants_slot: bool = False
    # Only of a draft: it has no time any more.
    forgets_time: bool = False


def change_post(
    user: User,
    post_id: str,
    version: int | None,
    change_of: Callable[[Document], PostChange],
    *,
    here: Installation,
    documents: Documents,
    tasks: Tasks,
    clock: Clock,
    guard: Guard = no_guard,
) -> None:
    """`version` None: whichever there is.

    Raises NotFound, AlreadyStarted, PreconditionFailed, and what `change_of`, the judges of a new post and the guard refuse.
    """

    def attempt() -> None:
        document = own_post(user.uid, post_id, documents)
        submission = Submission.from_document(document)
        current = submission.owners_version
        if submission.status == CANCELLED:
            raise AlreadyCancelled
        if submission.status not in (DRAFT, "queued"):
            raise AlreadyStarted
        require_version(document, version)
        change, now = change_of(document), clock.now()
        if submission.status == DRAFT:
            changes = {**_of_a_draft(document, change), "version": current + 1, "updatedAt": now}
            documents.commit(Update(document.path, changes, if_version=document.version), *guard(post_id, now))
            return
        changes, more, awaits_files = _changes(document, submission, change, user, now, here=here, documents=documents, clock=clock)
        more += guard(post_id, now)
        documents.commit(Update(document.path, {**changes, "version": current + 1}, if_version=document.version), *more)
        due_at: datetime = changes.get("dueAt", submission.due_at)
        _hand_over(submission, due_at, now, tasks, awaits_files=awaits_files)

    read_modify_write(attempt)


def _changes(
    document: Document,
    submission: Submission,
    change: PostChange,
    user: User,
    now: datetime,
    *,
    here: Installation,
    documents: Documents,
    clock: Clock,
) -> tuple[dict[str, Any], list[Write], bool]:
    """What is written to the post, what else, and whether it waits for files then."""
    changes: dict[str, Any] = {"updatedAt": now}
    more: list[Write] = []
    awaits_files, targets = submission.awaits_files, submission.targets
    at = change.scheduled_time
    if change.wants_slot:
        at = next_free(user.uid, plan_of(user.uid, documents), documents, now, own=submission.slot_at)[0]
        if at != submission.slot_at:
            more.append(taken(user.uid, at, submission.id))
    if at is not None:
        require_notice(at, clock)
        changes |= {"scheduledTime": at, "dueAt": at, "state": "scheduled", "slotAt": at if change.wants_slot else REMOVE}
        more += moved_record(document, at, documents)
        if at != submission.slot_at or not change.wants_slot:
            more += freed(submission, documents)
        if at > submission.due_at and needs_ingest(submission.content, targets):
            # Its copies are to be kept for longer.
            awaits_files = True
            changes |= {"files": "pending", "contentRevision": submission.content_revision + 1}
    if change.request is not None:
        content, targets = validated(change.request, user, documents, clock, here)
        awaits_files = needs_ingest(content, targets)
        changes |= _new_content(submission, change.request, content, targets, awaits_files=awaits_files)
        # The old copies; those of the new content are counted once they are there.
        more += released_bytes(submission, documents)
    if change.metadata is not None:
        changes["metadata"] = dict(change.metadata)
    if change.tags is not None:
        changes["tags"] = list(change.tags)
    if change.publish_within_seconds is not None:
        changes["publishWithinSeconds"] = change.publish_within_seconds
    if change.tags is not None or change.request is not None:
        changes["facets"] = facets_of(targets, change.tags if change.tags is not None else document.fields.get("tags", ()))
    due_at: datetime = changes.get("dueAt", submission.due_at)
    changes["sweepAt"] = now + START_GRACE if awaits_files else max(now, due_at - SCHEDULE_AHEAD)
    return changes, more, awaits_files


def _new_content(
    submission: Submission, request: PostRequest, content: Content, targets: Sequence[Target], *, awaits_files: bool
) -> dict[str, Any]:
    """In place of the old one; files that were copied for that stay where they are, and are found again where they are named."""
    return {
        "post": dict(request.as_given),
        "content": content.to_fields(),
        "targets": [target.to_fields() for target in targets],
        "files": "pending" if awaits_files else REMOVE,
        "warnings": [],
        "openMediaIds": media_ids(content) or REMOVE,
        "copiedBytes": REMOVE,
        "sharedBytes": REMOVE,
        "runCounts": {"total": len(targets), "succeeded": 0, "failed": 0, "outcomeUnknown": 0},
        "contentRevision": submission.content_revision + 1,
    }


def _of_a_draft(document: Document, change: PostChange) -> dict[str, Any]:
    """Nothing is judged yet, and nothing begins."""
    changes: dict[str, Any] = {}
    if change.request is not None:
        drafted = drafted_fields(change.request)
        changes |= {name: drafted.get(name, REMOVE) for name in ("post", "content", "openMediaIds")}
    if change.scheduled_time is not None or change.wants_slot or change.forgets_time:
        changes |= {"scheduledTime": change.scheduled_time, "wantsSlot": True if change.wants_slot else REMOVE}
    if change.metadata is not None:
        changes["metadata"] = dict(change.metadata)
    if change.tags is not None:
        changes["tags"] = list(change.tags)
    if change.request is not None or change.tags is not None:
        old: Sequence[str] = document.fields["facets"]
        without_tags = [facet for facet in old if not facet.startswith(tag_facet(""))]
        places = facets_of(change.request.targets, ()) if change.request is not None else without_tags
        tags = change.tags if change.tags is not None else document.fields.get("tags", ())
        changes["facets"] = [*places, *map(tag_facet, tags)]
    if change.publish_within_seconds is not None:
        changes["publishWithinSeconds"] = change.publish_within_seconds
    return changes


def moved_record(document: Document, due_at: datetime, documents: Documents) -> list[Write]:
    """The request's record outlives the post's time."""
    path = document.fields.get("recordPath")
    [record] = documents.get(path) if path else [None]
    if record is None or record.fields.get("submissionId") != document.id:
        return []
    lives_until = max(due_at, document.fields["createdAt"]) + LIFETIMES[record.fields["kind"]]
    return [Update(record.path, {"expireAt": lives_until}, if_version=record.version)]


def _hand_over(submission: Submission, due_at: datetime, now: datetime, tasks: Tasks, *, awaits_files: bool) -> None:
    if awaits_files:
        hand_over(ingest(submission.id, submission.uid), tasks)
    elif due_at - now <= SCHEDULE_AHEAD:
        hand_over(orchestrate(submission.id, submission.uid, not_before=due_at if due_at > now else None), tasks)
