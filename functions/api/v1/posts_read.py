"""Reading posts: everything that a listener sees in Firestore, for those who have none.

GET /v1/posts/{id}    one, with every target's outcome; ?wait= until something is different
GET /v1/posts         all of them, newest first, in pages; by state, platform, account, tag or time
"""

from collections.abc import Sequence
from typing import Any, Literal

from flask import Blueprint, request
from pydantic import BaseModel

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.etags import is_known, unless_known
from functions.api.request.page import Place, page_of, place_by
from functions.api.v1.posts_query import PostQuery, PostsQuery
from shared.core.errors import NotFound
from shared.documents.document import Document, Query
from shared.jobs.watch import waiting_slot
from shared.posts.run import RunPath, submission_path
from shared.posts.state import DONE, State, TargetState, state_of_submission
from shared.posts.submission import MAX_TARGETS, own_post
from shared.posts.view import ask_again_in, etag_of, post_summary, post_view

LOOK_SECONDS = 1.0


class PostTarget(BaseModel):
    targetId: str
    runId: str
    platform: str
    accountId: str
    state: TargetState
    platformPostId: str | None
    platformPostUrl: str | None
    error: dict[str, Any] | None
    notes: list[str]
    attempts: list[dict[str, Any]]
    nextAttemptAt: str | None
    actions: list[dict[str, Any]]
    updatedAt: str | None


class NamedTarget(BaseModel):
    targetId: str
    runId: str
    platform: str
    accountId: str


class Counts(BaseModel):
    total: int
    succeeded: int
    failed: int
    outcomeUnknown: int


class PostSummary(BaseModel):
    """`done`: nothing more will happen by itself. `version` is raised by changes of the caller's, not by progress."""

    id: str
    state: State
    done: bool
    version: int
    counts: Counts
    scheduledTime: str | None
    publishWithinSeconds: int
    dueAt: str | None
    metadata: dict[str, str]
    tags: list[str]
    origin: Literal["api", "automation"]
    createdAt: str
    updatedAt: str
    completedAt: str | None


class Post(PostSummary):
    post: dict[str, Any]
    targets: list[PostTarget]
    warnings: list[dict[str, Any]]


class ListedPost(PostSummary):
    """`post` and `warnings` only with expand=targets."""

    targets: list[NamedTarget | PostTarget]
    post: dict[str, Any] | None = None
    warnings: list[dict[str, Any]] | None = None


class ListedPosts(BaseModel):
    posts: list[ListedPost]
    nextCursor: str | None


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("posts_read", __name__)
    documents = ports.documents

    @blueprint.get("/v1/posts/<post_id:post_id>")
    @endpoint(
        ports,
        credential="either",
        asks=PostQuery,
        gives={200: Post, 304: None},
        errors=(NotFound,),
        scope="posts:read",
    )
    def show(call: Call, post_id: str) -> Reply:
        known = request.headers.get("If-None-Match")
        wait = call.asked.wait or 0
        if wait and known is None:
            submission = own_post(call.user.uid, post_id, documents)
        else:
            submission, runs = _whole(call.user.uid, post_id, ports)
            reply = _shown(submission, runs, ports)
            if not wait or not is_known(reply):
                return unless_known(reply)
        if state_of_submission(submission.fields) not in DONE:
            submission = _waited(submission, wait, ports) or submission
        return unless_known(_shown(submission, _runs(submission, ports), ports))

    @blueprint.get("/v1/posts")
    @endpoint(ports, credential="either", asks=PostsQuery, gives={200: ListedPosts}, scope="posts:read")
    def index(call: Call) -> Reply:
        asked: PostsQuery = call.asked
        by, where = asked.by or "createdAt", asked.conditions(call.user.uid)

        def find(limit: int, after: Place | None) -> Sequence[Document]:
            return documents.query(
                Query("postSubmissions", where=where, order_by=by, descending=True, limit=limit + 1, after=after)
            )

        page, following = page_of(asked, "postSubmissions", find, place_by(by), by)
        return Reply(200, {"posts": _listed(page, ports, expand=asked.expand is not None), "nextCursor": following})

    return blueprint


def shown_post(uid: str, post_id: str, ports: Ports) -> Reply:
    """As it is now. Raises NotFound."""
    return _shown(*_whole(uid, post_id, ports), ports)


def _whole(uid: str, post_id: str, ports: Ports) -> tuple[Document, Sequence[Document]]:
    """The post and its runs, read at one time. Raises NotFound, also for another user's."""
    documents = ports.documents
    runs = Query(f"{submission_path(post_id)}/runs", limit=MAX_TARGETS)
    submission, found = ports.together(lambda: own_post(uid, post_id, documents), lambda: documents.query(runs))
    return submission, found


def _shown(submission: Document, runs: Sequence[Document], ports: Ports) -> Reply:
    view, again = post_view(submission, runs), ask_again_in(submission, runs, ports.clock.now())
    return Reply(200, view, {"ETag": etag_of(view), **({"Retry-After": str(again)} if again is not None else {})})


def _runs(submission: Document, ports: Ports) -> Sequence[Document]:
    paths = [str(RunPath(submission.id, target["runId"])) for target in submission.fields["targets"]]
    return [run for run in ports.documents.get(*paths[:MAX_TARGETS]) if run is not None]


def _waited(submission: Document, seconds: int, ports: Ports) -> Document | None:
    """The post once it has moved, or as it is after so long; at once if too many wait already. Runs are not looked at."""
    with waiting_slot(submission.fields["uid"]) as is_free:
        until = ports.clock.now().timestamp() + seconds
        while is_free and ports.clock.now().timestamp() < until:
            ports.sleep(LOOK_SECONDS)
            [current] = ports.documents.get(submission.path)
            if current is None or current.version != submission.version:
                return current
    return submission


def _listed(page: Sequence[Document], ports: Ports, *, expand: bool) -> list[dict[str, Any]]:
    if not expand:
        return [post_summary(submission) for submission in page]
    paths = [str(RunPath(one.id, target["runId"])) for one in page for target in one.fields["targets"]]
    found = {run.path: run for run in ports.documents.get(*paths) if run is not None} if paths else {}
    return [post_view(one, [run for path, run in found.items() if path.startswith(f"{one.path}/runs/")]) for one in page]
