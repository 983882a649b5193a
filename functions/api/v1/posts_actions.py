"""POST /v1/posts/actions: the same for up to fifty posts, with an answer for each; `validateOnly` says what would be refused."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from flask import Blueprint
from pydantic import BaseModel, Field

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.errors import details_of
from functions.api.request.validation import RequestBody
from functions.api.v1.posts_change import request_of
from shared.core.errors import ApiError, ServiceUnavailable
from shared.core.ids import DOCUMENT_ID
from shared.core.wrong import shaped
from shared.documents.document import Documents, Unavailable
from shared.documents.looking import refused_or_not
from shared.posts.actions import Actor
from shared.posts.cancel import cancel_post
from shared.posts.draft import delete_draft
from shared.posts.retry import retry_post
from shared.posts.run import submission_path
from shared.posts.send import send_post
from shared.posts.state import State, state_of_submission

MAX_IDS = 50
Action = Literal["cancel", "publish", "retry", "delete"]
PostId = Annotated[str, *shaped(DOCUMENT_ID, "a post's id: letters, digits, _ and -")]
Verb = Callable[[str, Documents], None]


class Actions(RequestBody):
    """`delete` is for drafts. Nothing is written with `validateOnly`."""

    action: Action
    ids: Annotated[list[PostId], Field(min_length=1, max_length=MAX_IDS)]
    validateOnly: bool | None = None


class ActionError(BaseModel):
    """As the endpoint of a single post would answer it."""

    code: str
    message: str
    details: list[dict[str, Any]] | dict[str, Any] | None


class ActionResult(BaseModel):
    """`state`: of the post, as it is then; null where there is none."""

    id: str
    ok: bool
    state: State | None
    error: ActionError | None


class ActionResults(BaseModel):
    validateOnly: bool
    results: list[ActionResult]


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("posts_actions", __name__)

    @blueprint.post("/v1/posts/actions")
    @endpoint(ports, credential="either", takes=Actions, gives={200: ActionResults}, scope="posts:write")
    def act(call: Call) -> Reply:
        given: Actions = call.given
        ids, verb = list(dict.fromkeys(given.ids)), _verbs(call, ports)[given.action]
        only = given.validateOnly or False
        refusals = {post_id: _refusal(verb, post_id, ports.documents, only=only) for post_id in ids}
        found = ports.documents.get(*(submission_path(post_id) for post_id in ids))
        own = [post for post in found if post is not None and post.fields["uid"] == call.user.uid]
        states: dict[str, State] = {post.id: state_of_submission(post.fields) for post in own}
        results = [_result(post_id, refusals[post_id], states.get(post_id)) for post_id in ids]
        return Reply(200, {"validateOnly": only, "results": results})

    return blueprint


def _verbs(call: Call, ports: Ports) -> Mapping[Action, Verb]:
    uid, actor = call.user.uid, Actor(call.api_key_id)
    known: Any = {"tasks": ports.tasks, "clock": ports.clock}
    return {
        "cancel": lambda post_id, documents: cancel_post(uid, post_id, documents=documents, tasks=ports.tasks, clock=ports.clock),
        "publish": lambda post_id, documents: send_post(
            call.user, post_id, request_of, at_once=None, here=ports.installation, documents=documents, **known
        ),
        "retry": lambda post_id, documents: retry_post(uid, post_id, None, actor, documents=documents, **known),
        "delete": lambda post_id, documents: delete_draft(uid, post_id, documents=documents),
    }


def _refusal(verb: Verb, post_id: str, documents: Documents, *, only: bool) -> ApiError | None:
    try:
        if only:
            refused_or_not(lambda looking: verb(post_id, looking), documents)
        else:
            verb(post_id, documents)
    except ApiError as refusal:
        return refusal
    except Unavailable:
        return ServiceUnavailable()
    return None


def _result(post_id: str, refusal: ApiError | None, state: State | None) -> dict[str, Any]:
    error = None
    if refusal is not None:
        error = {"code": refusal.code, "message": refusal.message, "details": details_of(refusal)}
    return {"id": post_id, "ok": refusal is None, "state": state, "error": error}
