"""What people do about targets that are not published, or perhaps are.

POST /v1/posts/{id}/retry                       send again what provably is not public; all of it, or the targets that are named
GET  /v1/posts/{id}/runs/{runId}/candidates     what the account shows that it may be, for whoever has to say
POST /v1/posts/{id}/runs/{runId}/resolve        say whether it is public, where nobody could find out
"""

from typing import Annotated

from flask import Blueprint
from pydantic import BaseModel, Field, model_validator

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.validation import RequestBody
from functions.api.v1.posts_read import Post, shown_post
from shared.core.clock import iso8601
from shared.core.errors import NotFound, PlatformUnavailable
from shared.core.wrong import wrong
from shared.posts.actions import Actor
from shared.posts.errors import (
    AlreadyCancelled,
    AlreadyResolved,
    NothingToResolve,
    NotRetryable,
    PlatformPostTaken,
    Superseded,
)
from shared.posts.retry import retry_post
from shared.posts.run import RunPath
from shared.posts.submission import MAX_TARGETS
from shared.publishing.candidates import NotAsked, candidates
from shared.publishing.resolve import own_run, resolve_run


class Retrying(RequestBody):
    """`targets`: the ids of those that are to be sent again; each of them has to be. Left out: all that can be."""

    targets: Annotated[list[Annotated[str, Field(max_length=400)]], Field(min_length=1, max_length=MAX_TARGETS)] | None = None


class Verdict(RequestBody):
    """`platformPostId`: which post of the account's it is, where that is known."""

    published: bool
    platformPostId: Annotated[str, Field(min_length=1, max_length=256)] | None = None

    @model_validator(mode="after")
    def _names_what_is_there(self) -> "Verdict":
        if self.platformPostId is not None and not self.published:
            raise wrong("custom", "platformPostId names a post that is public: give it with published true, or leave it out")
        return self


class Candidate(BaseModel):
    platformPostId: str
    platformPostUrl: str | None
    text: str
    at: str


class ShownCandidates(BaseModel):
    """`listed`: whether the platform shows the account's posts to us; `note` says what an empty list is worth: it is no proof."""

    since: str
    listed: bool
    candidates: list[Candidate]
    note: str


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("posts_retry", __name__)
    documents, tasks, clock = ports.documents, ports.tasks, ports.clock

    @blueprint.post("/v1/posts/<post_id:post_id>/retry")
    @endpoint(
        ports,
        credential="either",
        takes=Retrying,
        body_is_optional=True,
        gives={200: Post},
        errors=(NotFound, NotRetryable, AlreadyCancelled, Superseded),
        scope="posts:write",
    )
    def retry(call: Call, post_id: str) -> Reply:
        given: Retrying = call.given
        uid = call.user.uid
        retry_post(uid, post_id, given.targets, Actor(call.api_key_id), documents=documents, tasks=tasks, clock=clock)
        return shown_post(uid, post_id, ports)

    @blueprint.get("/v1/posts/<post_id:post_id>/runs/<run_id:run_id>/candidates")
    @endpoint(ports, credential="either", gives={200: ShownCandidates}, errors=(NotFound, PlatformUnavailable), scope="posts:read")
    def show_candidates(call: Call, post_id: str, run_id: str) -> Reply:
        run, _ = own_run(call.user.uid, RunPath(post_id, run_id), documents)
        try:
            shown = candidates(run, ports.platforms.get(run.platform), ports.tokens)
        except NotAsked as refusal:
            raise PlatformUnavailable(str(refusal)) from refusal
        found = [
            {"platformPostId": one.post_id, "platformPostUrl": one.url, "text": one.text, "at": iso8601(one.at)}
            for one in shown.found
        ]
        return Reply(200, {"since": iso8601(shown.since), "listed": shown.is_listed, "candidates": found, "note": shown.note})

    @blueprint.post("/v1/posts/<post_id:post_id>/runs/<run_id:run_id>/resolve")
    @endpoint(
        ports,
        credential="either",
        takes=Verdict,
        gives={200: Post},
        errors=(NotFound, NothingToResolve, AlreadyResolved, PlatformPostTaken),
        scope="posts:write",
    )
    def resolve(call: Call, post_id: str, run_id: str) -> Reply:
        given: Verdict = call.given
        uid = call.user.uid
        resolve_run(
            uid,
            RunPath(post_id, run_id),
            Actor(call.api_key_id),
            platforms=ports.platforms,
            published=given.published,
            platform_post_id=given.platformPostId,
            documents=documents,
            tasks=tasks,
            clock=clock,
        )
        return shown_post(uid, post_id, ports)

    return blueprint
