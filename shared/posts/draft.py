"""Drafts: posts of which nothing but the shape is judged until they are published; nothing happens to them by itself."""

from datetime import datetime
from typing import Any

from shared.core.clock import Clock
from shared.core.ids import new_uuid
from shared.documents.change import read_modify_write
from shared.documents.document import Create, Delete, Documents
from shared.idempotency.record import IdempotencyKey, Replay
from shared.posts.create import CREATED, Accepted, commit_once, described, guard, media_ids, record_of
from shared.posts.errors import NotADraft
from shared.posts.facets import facets_of
from shared.posts.run import submission_path
from shared.posts.state import DRAFT
from shared.posts.submission import FIRST_VERSION, own_post, require_version
from shared.posts.validate import PostRequest
from shared.users.user import User, telling


def create_draft(
    request: PostRequest,
    *,
    user: User,
    key: IdempotencyKey,
    request_id: str,
    log_entry: Create,
    documents: Documents,
    clock: Clock,
) -> Accepted:
    """Raises IdempotencyConflict, ServiceUnavailable (send it again). `log_entry` is written with the draft."""
    submission_id, now = new_uuid(), clock.now()
    fields = {
        "uid": user.uid,
        **drafted_fields(request),
        "status": DRAFT,
        "state": DRAFT,
        "version": FIRST_VERSION,
        "origin": "api",
        "requestId": request_id,
        "derivedKeyPath": key.path if key.kind == "derived" else None,
        **({"fingerprint": key.fingerprint} if key.kind == "derived" else {}),
        "recordPath": key.path,
        **telling(user.webhook_types),
        "createdAt": now,
        "updatedAt": now,
    }
    record = record_of(submission_id, key, request_id, now, None)
    accepted = commit_once(
        key,
        lambda earlier: documents.commit(guard(key, record, earlier), Create(submission_path(submission_id), fields), log_entry),
        documents=documents,
        clock=clock,
    )
    if isinstance(accepted, Replay):
        return Accepted(accepted.status, accepted.body, replayed=True)
    return Accepted(CREATED, {"postSubmissionId": submission_id}, replayed=False)


def drafted_fields(request: PostRequest) -> dict[str, Any]:
    """What a draft says of itself. Where it goes is looked up when it is published."""
    at: datetime | None = request.scheduled_time
    return {
        **described(request),
        "content": request.content.to_fields(),
        "targets": [],
        "facets": facets_of(request.targets, request.tags),
        "scheduledTime": at,
        **({"wantsSlot": True} if request.wants_slot else {}),
        "enableRepurposing": request.enable_repurposing,
        **({"openMediaIds": named} if (named := media_ids(request.content)) else {}),
        "runCounts": {"total": 0, "succeeded": 0, "failed": 0, "outcomeUnknown": 0},
    }


def delete_draft(uid: str, post_id: str, version: int | None = None, *, documents: Documents) -> None:
    """With what was remembered of the request that made it. `version` None: whichever there is. Raises NotFound, also for another
    user's, NotADraft and PreconditionFailed."""

    def attempt() -> None:
        document = own_post(uid, post_id, documents)
        if document.fields["status"] != DRAFT:
            raise NotADraft
        require_version(document, version)
        [record] = documents.get(document.fields["recordPath"])
        is_its_own = record is not None and record.fields.get("submissionId") == post_id
        forgotten = [Delete(record.path, if_version=record.version)] if record is not None and is_its_own else []
        documents.commit(Delete(document.path, if_version=document.version), *forgotten)

    read_modify_write(attempt)
