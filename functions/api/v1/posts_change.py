"""Changing posts that are accepted.

PATCH  /v1/posts/{id}            change one that waits, at the version that If-Match names
POST   /v1/posts/{id}/cancel     end what was not begun; the post, as it stands then
POST   /v1/posts/{id}/publish    publish a draft, or a scheduled post before its time
DELETE /v1/posts/{id}            delete a draft
"""

import re
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from flask import Blueprint, request
from pydantic import BaseModel

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.once import once
from functions.api.request.validation import Nothing, RequestBody, validated
from functions.api.v1.posts_read import Post, shown_post
from functions.api.v1.posts_schemas import (
    DraftPostIn,
    DraftRequest,
    Metadata,
    PostsRequest,
    PublishWithin,
    Tags,
    When,
)
from shared.core.errors import Detail, IdempotencyConflict, NotFound, ValidationFailed
from shared.documents.document import Document
from shared.idempotency.once import Guard
from shared.posts.cancel import cancel_post
from shared.posts.change import PostChange, change_post
from shared.posts.draft import delete_draft
from shared.posts.errors import (
    AlreadyCancelled,
    AlreadyStarted,
    MissingIntegrations,
    NoFreeSlot,
    NotADraft,
    PreconditionFailed,
    PreconditionRequired,
)
from shared.posts.send import send_post
from shared.posts.state import DRAFT
from shared.posts.validate import PostRequest
from shared.posts.view import NEXT_FREE_SLOT

_IF_MATCH = re.compile(r'(?:W/)?"(\d{1,15})(?:\.[0-9a-f]{16})?"', re.ASCII)


class PostChanges(RequestBody):
    """Each member that is named is replaced whole, the others stay. What is wrong is told as of a new post, or of a draft."""

    post: DraftPostIn | None = None
    scheduledTime: When = None
    metadata: Metadata | None = None
    tags: Tags | None = None
    publishWithinSeconds: PublishWithin | None = None


class Publishing(RequestBody):
    """`now`: true, at once, whatever time the post has; false, at its time. Without it, a draft at its time, a scheduled post at
    once."""

    now: bool | None = None


class Deleted(BaseModel):
    deleted: Literal[True]


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("posts_change", __name__)

    @blueprint.patch("/v1/posts/<post_id:post_id>")
    @endpoint(
        ports,
        credential="either",
        takes=PostChanges,
        gives={200: Post},
        errors=(
            NotFound,
            AlreadyStarted,
            AlreadyCancelled,
            MissingIntegrations,
            NoFreeSlot,
            PreconditionRequired,
            PreconditionFailed,
            IdempotencyConflict,
        ),
        scope="posts:write",
    )
    def change(call: Call, post_id: str) -> Reply:
        def show(post_id: str) -> Reply:
            return shown_post(call.user.uid, post_id, ports)

        def work(guard: Guard) -> Reply:
            change_post(
                call.user,
                post_id,
                _version(request.headers.get("If-Match")),
                lambda document: _change_of(call, document),
                here=ports.installation,
                documents=ports.documents,
                tasks=ports.tasks,
                clock=ports.clock,
                guard=guard,
            )
            return show(post_id)

        return once(call, f"PATCH /v1/posts/{post_id}", work, show, ports)

    @blueprint.post("/v1/posts/<post_id:post_id>/cancel")
    @endpoint(
        ports,
        credential="either",
        takes=Nothing,
        body_is_optional=True,
        gives={200: Post},
        errors=(NotFound, AlreadyStarted, PreconditionFailed),
        scope="posts:write",
    )
    def cancel(call: Call, post_id: str) -> Reply:
        cancel_post(call.user.uid, post_id, _named_version(), documents=ports.documents, tasks=ports.tasks, clock=ports.clock)
        return shown_post(call.user.uid, post_id, ports)

    @blueprint.post("/v1/posts/<post_id:post_id>/publish")
    @endpoint(
        ports,
        credential="either",
        takes=Publishing,
        body_is_optional=True,
        gives={200: Post},
        errors=(NotFound, AlreadyCancelled, AlreadyStarted, MissingIntegrations, NoFreeSlot, PreconditionFailed),
        scope="posts:write",
    )
    def publish(call: Call, post_id: str) -> Reply:
        given: Publishing = call.given
        send_post(
            call.user,
            post_id,
            request_of,
            at_once=given.now,
            version=_named_version(),
            here=ports.installation,
            documents=ports.documents,
            tasks=ports.tasks,
            clock=ports.clock,
        )
        return shown_post(call.user.uid, post_id, ports)

    @blueprint.delete("/v1/posts/<post_id:post_id>")
    @endpoint(
        ports, credential="either", gives={200: Deleted}, errors=(NotFound, NotADraft, PreconditionFailed), scope="posts:write"
    )
    def delete(call: Call, post_id: str) -> Reply:
        delete_draft(call.user.uid, post_id, _named_version(), documents=ports.documents)
        return Reply(200, {"deleted": True})

    return blueprint


def request_of(draft: Document) -> PostRequest:
    """Raises ValidationFailed for what a post needs, and the draft lacks."""
    fields = draft.fields
    body = {"post": fields["post"]}
    request = validated(PostsRequest, body).to_request(body)
    return replace(
        request,
        scheduled_time=fields.get("scheduledTime"),
        enable_repurposing=fields["enableRepurposing"],
        metadata=fields.get("metadata", {}),
        tags=fields.get("tags", ()),
        wants_slot=fields.get("wantsSlot", False),
        publish_within_seconds=fields.get("publishWithinSeconds"),
    )


def _named_version() -> int | None:
    """Of the post, where the request is only for that one. Raises PreconditionFailed."""
    if_match = request.headers.get("If-Match")
    return None if if_match is None else _version(if_match)


def _version(if_match: str | None) -> int | None:
    """None for any. Raises PreconditionRequired, PreconditionFailed."""
    if if_match is None:
        raise PreconditionRequired
    if if_match.strip() == "*":
        return None
    found = _IF_MATCH.fullmatch(if_match.strip())
    if found is None:
        raise PreconditionFailed('If-Match takes one ETag of the post as it came, or its version in quotes: "4"')
    return int(found[1])


def _change_of(call: Call, document: Document) -> PostChange:
    """Raises ValidationFailed."""
    given: PostChanges = call.given
    named, is_draft = dict(call.body), document.fields["status"] == DRAFT
    problems = [Detail(f"body.{name}", "Expected an object", "invalid_type") for name in ("post",) if named.get(name, 0) is None]
    forgets_time = "scheduledTime" in named and given.scheduledTime is None
    if forgets_time and not is_draft and document.fields.get("scheduledTime") is not None:
        message = "A scheduled post keeps a time: give another one, or cancel the post"
        problems.append(Detail("body.scheduledTime", message, "invalid_type"))
    if problems:
        raise ValidationFailed(details=problems)
    body: dict[str, Any] = {"post": named["post"], **({"draft": True} if is_draft else {})} if "post" in named else {}
    return PostChange(
        request=validated(DraftRequest if is_draft else PostsRequest, body).to_request(body) if body else None,
        scheduled_time=given.scheduledTime if isinstance(given.scheduledTime, datetime) else None,
        metadata=(given.metadata or {}) if "metadata" in named else None,
        tags=list(dict.fromkeys(given.tags or ())) if "tags" in named else None,
        publish_within_seconds=given.publishWithinSeconds,
        wants_slot=given.scheduledTime == NEXT_FREE_SLOT,
        forgets_time=forgets_time,
    )
