"""Publish a draft, at its time or at once; or a scheduled post at once, before its time.

draft ─ judged as a new post is ─compare-and-set─► queued          scheduled ─compare-and-set─► queued, due now

Again does no harm: a post that is on its way is left alone, and so is one that was a draft and waits for its time, unless it is to
go at once.
"""

from collections.abc import Callable
from dataclasses import replace

from shared.core.clock import Clock
from shared.documents.change import read_modify_write
from shared.documents.document import REMOVE, Document, Documents, Update
from shared.posts.change import moved_record
from shared.posts.create import Accept, begin, waiting_fields
from shared.posts.errors import AlreadyCancelled, AlreadyStarted
from shared.posts.slots import freed, next_free, plan_of, taken
from shared.posts.state import MISSED, state_of_accepted
from shared.posts.submission import START_GRACE, Submission, own_post, require_version
from shared.posts.validate import Installation, PostRequest, validated
from shared.tasks.hand_over import hand_over
from shared.tasks.task import Tasks, ingest, orchestrate
from shared.users.user import User


def send_post(
    user: User,
    post_id: str,
    request_of: Callable[[Document], PostRequest],
    *,
    at_once: bool | None,
    version: int | None = None,
    here: Installation,
    documents: Documents,
    tasks: Tasks,
    clock: Clock,
) -> None:
    """`at_once`: whatever time it has; None: a draft at its time, a scheduled post at once. `request_of` a draft is the post
    that it makes.

    `version` None: whichever there is. Raises NotFound, AlreadyCancelled, AlreadyStarted for what was missed, PreconditionFailed,
    and what `request_of` and the judges of a new post refuse.
    """

    def attempt() -> Callable[[], object] | None:
        document = own_post(user.uid, post_id, documents)
        match document.fields["status"]:
            case "cancelled":
                raise AlreadyCancelled
            case "dispatched" if document.fields.get("state") == MISSED:
                raise AlreadyStarted("The post was missed, and nothing was sent: retry it")
            case "draft":
                require_version(document, version)
                request = request_of(document)
                request = replace(request, scheduled_time=None, wants_slot=False) if at_once else request
                return _sent(document, request, user, here=here, documents=documents, tasks=tasks, clock=clock)
            case "queued" if at_once or (at_once is None and not document.fields.get("wasDraft")):
                return _sooner(document, version, documents, tasks, clock)
            case _:
                return None

    begin_it = read_modify_write(attempt)
    if begin_it is not None:
        begin_it()


def _sent(
    document: Document, request: PostRequest, user: User, *, here: Installation, documents: Documents, tasks: Tasks, clock: Clock
) -> Callable[[], object]:
    content, targets = validated(request, user, documents, clock, here)
    now = clock.now()
    slot = next_free(user.uid, plan_of(user.uid, documents), documents, now)[0] if request.wants_slot else None
    accept = Accept(
        user.uid,
        request,
        content,
        targets,
        slot or request.scheduled_time,
        "api",
        document.fields["requestId"],
        told=user.webhook_types,
    )
    changes = {**waiting_fields(accept, now), "wantsSlot": REMOVE, "version": document.fields["version"] + 1, "wasDraft": True}
    more = [taken(user.uid, slot, document.id)] if slot is not None else []
    moved = moved_record(document, accept.scheduled_time or now, documents)
    documents.commit(Update(document.path, changes, if_version=document.version), *more, *moved)
    return lambda: begin(document.id, accept, tasks)


def _sooner(
    document: Document, version: int | None, documents: Documents, tasks: Tasks, clock: Clock
) -> Callable[[], object] | None:
    submission, now = Submission.from_document(document), clock.now()
    if submission.due_at <= now:
        return None
    require_version(document, version)
    changes = {
        "scheduledTime": None,
        "dueAt": now,
        "state": state_of_accepted(is_scheduled=False),
        "slotAt": REMOVE,
        "sweepAt": now + START_GRACE,
        "version": submission.owners_version + 1,
        "updatedAt": now,
    }
    more = [*moved_record(document, now, documents), *freed(submission, documents)]
    documents.commit(Update(document.path, changes, if_version=document.version), *more)
    next_task = ingest if submission.awaits_files else orchestrate
    return lambda: hand_over(next_task(submission.id, submission.uid), tasks)
