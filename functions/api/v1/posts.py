"""POST /v1/posts: publish one post to many platforms, now or later."""

import logging

from flask import Blueprint
from pydantic import BaseModel

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.v1.posts_schemas import PostsRequest
from shared.core.errors import ApiError, IdempotencyConflict, MissingIntegrations, PostCreationFailed
from shared.documents.document import Unavailable
from shared.idempotency.record import key_for
from shared.posts.create import create_post

ENDPOINT = "POST /v1/posts"

_log = logging.getLogger(__name__)


class CreatedPost(BaseModel):
    postSubmissionId: str


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("posts", __name__)

    @blueprint.post("/v1/posts")
    @endpoint(
        ports,
        credential="api_key",
        takes=PostsRequest,
        gives={201: CreatedPost},
        errors=(MissingIntegrations, IdempotencyConflict, PostCreationFailed),
        limit=30,
        scope="posts:write",
    )
    def create(call: Call) -> Reply:
        given: PostsRequest = call.given
        request = given.to_request(call.body)
        key = key_for(call.user.uid, ENDPOINT, call.body, call.idempotency_key)
        call.echo_idempotency_key(key.value)
        try:
            accepted = create_post(
                request,
                user=call.user,
                key=key,
                request_id=call.request_id,
                log_entry=call.log_entry(201, ports),
                here=ports.installation,
                documents=ports.documents,
                tasks=ports.tasks,
                clock=ports.clock,
            )
        except (ApiError, Unavailable):
            raise
        except Exception as error:
            _log.exception("post.creation_failed", extra={"requestId": call.request_id})
            raise PostCreationFailed from error
        headers = {"Idempotency-Replayed": "true"} if accepted.replayed else {}
        return Reply(accepted.status, accepted.body, headers, logged=not accepted.replayed)

    return blueprint
