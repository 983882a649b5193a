"""Changing posts that are accepted.

POST /v1/posts/{id}/cancel    end what was not begun; the post, as it stands then
"""

from flask import Blueprint

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.v1.posts_read import Post, shown_post
from shared.core.errors import AlreadyStarted, NotFound
from shared.posts.cancel import cancel_post


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("posts_change", __name__)

    @blueprint.post("/v1/posts/<post_id>/cancel")
    @endpoint(ports, credential="either", gives={200: Post}, errors=(NotFound, AlreadyStarted), scope="posts:write")
    def cancel(call: Call, post_id: str) -> Reply:
        cancel_post(call.user.uid, post_id, documents=ports.documents, clock=ports.clock)
        return shown_post(call.user.uid, post_id, ports)

    return blueprint
