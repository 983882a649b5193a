"""Publish one post to many platforms.

POST /v1/posts            now or later
POST /v1/posts/validate   the same without doing it: what would be refused, or what would be sent
"""

import logging
from typing import Any, Literal

from flask import Blueprint
from pydantic import BaseModel

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.v1.posts_schemas import DraftRequest, PostsRequest
from shared.core.clock import iso8601
from shared.core.errors import ApiError, IdempotencyConflict
from shared.documents.document import Unavailable
from shared.idempotency.record import key_for
from shared.media.media import MediaItem
from shared.platforms.content import Content
from shared.platforms.registry import rules_of
from shared.posts.addresses import draft_of
from shared.posts.create import ENDPOINT, create_post
from shared.posts.draft import create_draft
from shared.posts.errors import MissingIntegrations, NoFreeSlot, PostCreationFailed
from shared.posts.outlook import Outlook
from shared.posts.slots import next_free, plan_of
from shared.posts.submission import Target
from shared.posts.validate import PostRequest, validated

_log = logging.getLogger(__name__)


class CreatedPost(BaseModel):
    postSubmissionId: str


class SentFile(BaseModel):
    """`field` is where the request names it; `kind` as far as its name, or its measurement, tells."""

    field: str
    kind: Literal["image", "video", "audio", "unknown"]
    url: str | None
    mediaId: str | None


class Cost(BaseModel):
    """What the platform charges the operator's app."""

    amount: str
    currency: Literal["USD"]


class Warned(BaseModel):
    """`target`: the id of the target that it is about."""

    code: str
    message: str
    target: str


class SentTarget(BaseModel):
    """What one platform would get; `notes` say what is left out, and what else is worth knowing. `cost` is null where the platform
    charges nothing; `factsAt`: when the platform last said something of the account."""

    targetId: str
    runId: str
    platform: str
    accountId: str
    text: str
    media: list[SentFile]
    cover: SentFile | None
    notes: list[str]
    cost: Cost | None
    factsAt: str | None


class ValidPost(BaseModel):
    """`scheduledTime`: the slot that it would take now, where it asks for one."""

    valid: Literal[True]
    scheduledTime: str | None
    warnings: list[Warned]
    targets: list[SentTarget]


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("posts", __name__)

    @blueprint.post("/v1/posts")
    @endpoint(
        ports,
        credential="api_key",
        takes=PostsRequest,
        gives={201: CreatedPost},
        errors=(MissingIntegrations, NoFreeSlot, IdempotencyConflict, PostCreationFailed),
        limit=30,
        scope="posts:write",
    )
    def create(call: Call) -> Reply:
        given: PostsRequest | DraftRequest = call.given
        request = given.to_request(call.body)
        key = key_for(call.user.uid, ENDPOINT, call.body, call.idempotency_key)
        call.echo_idempotency_key(key.value)
        try:
            known: Any = {"user": call.user, "key": key, "request_id": call.request_id, "log_entry": call.log_entry(201, ports)}
            outside: Any = {"documents": ports.documents, "clock": ports.clock}
            if isinstance(given, DraftRequest):
                accepted = create_draft(request, **known, **outside)
            else:
                accepted = create_post(request, **known, here=ports.installation, tasks=ports.tasks, **outside)
        except (ApiError, Unavailable):
            raise
        except Exception as error:
            _log.exception("post.creation_failed", extra={"requestId": call.request_id})
            raise PostCreationFailed from error
        headers = {"Idempotency-Replayed": "true"} if accepted.replayed else {}
        if accepted.slot is not None:
            headers["Soku-Scheduled-Time"] = iso8601(accepted.slot)
        return Reply(accepted.status, accepted.body, headers, logged=not accepted.replayed)

    @blueprint.post("/v1/posts/validate")
    @endpoint(
        ports,
        credential="either",
        takes=PostsRequest,
        gives={200: ValidPost},
        errors=(MissingIntegrations, NoFreeSlot),
        scope="posts:write",
    )
    def validate(call: Call) -> Reply:
        if isinstance(call.given, DraftRequest):
            # Nothing but its form is judged, which is done by now; the rest when it is published.
            return Reply(200, {"valid": True, "scheduledTime": None, "warnings": [], "targets": []})
        request: PostRequest = call.given.to_request(call.body)
        uid, documents = call.user.uid, ports.documents
        content, targets = validated(request, call.user, documents, ports.clock, ports.installation)
        at = request.scheduled_time
        if request.wants_slot:
            at = next_free(uid, plan_of(uid, documents), documents, ports.clock.now())[0]
        now = ports.clock.now()
        outlook = Outlook(documents, ports.connecting.connectors, ports.settings.tiktok_privacy, now, at or now)
        warnings = [warning.to_fields() for warning in outlook.warnings(uid, content, targets)]
        told = {"valid": True, "scheduledTime": iso8601(at) if at else None, "warnings": warnings}
        return Reply(200, {**told, "targets": [_sent(content, target) for target in targets]})

    return blueprint


def _sent(content: Content, target: Target) -> dict[str, Any]:
    draft, _ = draft_of(content, target)
    cost, facts_at = rules_of(target.platform).cost, target.facts.get("at")
    named = {"targetId": target.target_id, "runId": target.run_id, "platform": target.platform, "accountId": target.account_id}
    cover = _file(draft.cover) if draft.cover is not None else None
    files = {"media": [_file(item) for item in draft.media], "cover": cover}
    charged = {"amount": str(cost(draft)), "currency": "USD"} if cost is not None else None
    known = {"cost": charged, "factsAt": iso8601(facts_at) if facts_at is not None else None}
    return {**named, "text": draft.text, **files, "notes": list(draft.notes), **known}


def _file(item: MediaItem) -> dict[str, Any]:
    return {"field": item.field, "kind": item.kind, "url": item.url, "mediaId": item.media_id}
