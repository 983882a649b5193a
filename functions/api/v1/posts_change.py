"""Changing posts that are accepted.

PATCH /v1/posts/{id}           change one that waits, at the version that If-Match names
POST  /v1/posts/{id}/cancel    end what was not begun; the post, as it stands then
"""

import re
from datetime import datetime
from typing import Annotated, Any

from flask import Blueprint, request
from pydantic import PlainValidator

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.moments import NULLABLE_SCHEMA
from functions.api.request.validation import RequestBody, validated
from functions.api.v1.posts_read import Post, shown_post
from functions.api.v1.posts_schemas import Metadata, PostIn, PostsRequest, Tags, scheduled_time
from shared.core.errors import (
    AlreadyStarted,
    Detail,
    MissingIntegrations,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    ValidationFailed,
)
from shared.documents.document import Document
from shared.posts.cancel import cancel_post
from shared.posts.change import PostChange, change_post

_IF_MATCH = re.compile(r'(?:W/)?"(\d{1,15})(?:\.[0-9a-f]{16})?"', re.ASCII)


class PostChanges(RequestBody):
    """Each member that is named is replaced whole, the others stay. What is wrong is told as of a new post."""

    post: PostIn | None = None
    scheduledTime: Annotated[datetime | None, PlainValidator(scheduled_time), NULLABLE_SCHEMA] = None
    metadata: Metadata | None = None
    tags: Tags | None = None


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("posts_change", __name__)

    @blueprint.patch("/v1/posts/<post_id:post_id>")
    @endpoint(
        ports,
        credential="either",
        takes=PostChanges,
        gives={200: Post},
        errors=(NotFound, AlreadyStarted, MissingIntegrations, PreconditionRequired, PreconditionFailed),
        scope="posts:write",
    )
    def change(call: Call, post_id: str) -> Reply:
        change_post(
            call.user,
            post_id,
            _version(request.headers.get("If-Match")),
            lambda document: _change_of(call, document),
            here=ports.installation,
            documents=ports.documents,
            tasks=ports.tasks,
            clock=ports.clock,
        )
        return shown_post(call.user.uid, post_id, ports)

    @blueprint.post("/v1/posts/<post_id:post_id>/cancel")
    @endpoint(ports, credential="either", gives={200: Post}, errors=(NotFound, AlreadyStarted), scope="posts:write")
    def cancel(call: Call, post_id: str) -> Reply:
        cancel_post(call.user.uid, post_id, documents=ports.documents, clock=ports.clock)
        return shown_post(call.user.uid, post_id, ports)

    return blueprint


def _version(if_match: str | None) -> int | None:
    """None for any. Raises PreconditionRequired, PreconditionFailed."""
    if if_match is None:
        raise PreconditionRequired
    if if_match.strip() == "*":
        return None
    found = _IF_MATCH.fullmatch(if_match.strip())
    if found is None:
        raise PreconditionFailed("This If-Match is no ETag of a post")
    return int(found[1])


def _change_of(call: Call, document: Document) -> PostChange:
    """Raises ValidationFailed."""
    given: PostChanges = call.given
    named: dict[str, Any] = dict(call.body)
    problems = [Detail(f"body.{name}", "Expected an object", "invalid_type") for name in ("post",) if named.get(name, 0) is None]
    if "scheduledTime" in named and given.scheduledTime is None and document.fields.get("scheduledTime") is not None:
        message = "A scheduled post keeps a time: give another one, or cancel the post"
        problems.append(Detail("body.scheduledTime", message, "invalid_type"))
    if problems:
        raise ValidationFailed(details=problems)
    new = validated(PostsRequest, {"post": named["post"]}).to_request(named) if "post" in named else None
    metadata = (given.metadata or {}) if "metadata" in named else None
    tags = list(dict.fromkeys(given.tags or ())) if "tags" in named else None
    return PostChange(new, given.scheduledTime, metadata, tags)
