"""POST /v1/posts: publish one post to many platforms, now or later."""

import logging

from flask import Blueprint

from functions.api.ports import Ports
from functions.api.request.endpoint import Call, Reply, endpoint
from functions.api.request.validation import validated
from functions.api.v1.posts_schemas import INVALID_TIME, PostsRequest
from shared.core.errors import ApiError, PostCreationFailed, ValidationFailed
from shared.documents.document import Unavailable
from shared.idempotency.record import key_for
from shared.posts.create import PostRequest, create_post

ENDPOINT = "POST /v1/posts"


_log = logging.getLogger(__name__)


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("posts", __name__)

    @blueprint.post("/v1/posts")
    @endpoint(ports, credential="api_key", body="required")
    def create(call: Call) -> Reply:
        request = _validated(call)
        key = key_for(call.user.uid, ENDPOINT, call.body, call.idempotency_key)
        call.echo_idempotency_key(key.value)
        try:
            accepted = create_post(
                request,
                user=call.user,
                key=key,
                request_id=call.request_id,
                log_entry=call.log_entry(201, ports),
                media_url=ports.settings.media_url,
                platforms=ports.connecting.connectors,
                documents=ports.documents,
                tasks=ports.tasks,
                clock=ports.clock,
            )
        except (ApiError, Unavailable):
            raise
        except Exception as error:
            _log.exception("a post was not created")
            raise PostCreationFailed from error
        headers = {"Idempotency-Replayed": "true"} if accepted.replayed else {}
        return Reply(accepted.status, accepted.body, headers, logged=not accepted.replayed)

    return blueprint


def _validated(call: Call) -> PostRequest:
    try:
        return validated(PostsRequest, call.body).to_request(call.body)
    except ValidationFailed as refusal:
        if [detail.field for detail in refusal.details] == ["body.scheduledTime"]:
            # The specification gives this one a message of its own.
            raise ValidationFailed(INVALID_TIME, details=refusal.details) from None
        raise
