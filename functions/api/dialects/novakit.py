"""NovaKit's async jobs, under /novakit/api/v1: ?async=true answers the id at once, without it the request waits for its job.

POST   /videos/generations, /music/generations, /images/generations, /batches
GET    /jobs/{id}            ?poll=true holds it until something is different, 30 s at most
GET    /jobs                 ?tool=&pending=&limit=
DELETE /jobs/{id}            {success}
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any, Literal

from flask import Blueprint
from pydantic import Field

from functions.api.dialects.dialect import (
    Answered,
    Dialect,
    begin_operation,
    error_of,
    is_over,
    job_of,
    moment,
    progress_of,
    result_of,
    starting,
)
from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, View, endpoint
from functions.api.request.errors import Refusal, details_of
from functions.api.request.validation import RequestQuery
from functions.api.v1.jobs import moved
from functions.api.v1.operations_schemas import INPUTS
from shared.core.errors import NotFound, ServiceUnavailable
from shared.documents.document import Condition, Document
from shared.jobs.cancel import cancel_job
from shared.jobs.errors import AlreadyFinished, JobCancelled, PartOfBatch
from shared.jobs.find import list_jobs, type_facet
from shared.jobs.watch import watch

DIALECT = Dialect(
    "novakit",
    "/novakit/api/v1",
    {
        "queued": "pending",
        "delayed": "pending",
        "processing": "processing",
        "succeeded": "completed",
        "failed": "failed",
        "cancelled": "cancelled",
        "expired": "failed",
    },
)
POLL_SECONDS = 30
_STARTED: Mapping[str, str] = {
    "/videos/generations": "video_generation",
    "/music/generations": "music_generation",
    "/images/generations": "image_generation",
    "/batches": "batch",
}
# What each is called in the list.
TOOLS: Mapping[str, str] = {"video": "video_generation", "music": "music_generation", "image": "image_generation", "batch": "batch"}
_NAMES = {kind: tool for tool, kind in TOOLS.items()}


class AsyncQuery(RequestQuery):
    respond_async: Annotated[bool, Field(alias="async")] = False


class PollQuery(RequestQuery):
    poll: bool = False


class ListQuery(RequestQuery):
    tool: Literal["video", "music", "image", "batch"] | None = None
    pending: bool = False
    limit: Annotated[int, Field(ge=1, le=100)] = 20


def envelope(refusal: Refusal) -> dict[str, Any]:
    error = refusal.error
    told: dict[str, Any] = {"type": error.type, "code": error.code, "message": error.message}
    if (details := details_of(error)) is not None:
        told["details"] = details
    return {"error": told}


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("novakit", __name__, url_prefix=DIALECT.prefix)
    documents, clock = ports.documents, ports.clock

    def starter(kind: str, path: str) -> View:
        def start(call: Call) -> Reply:
            begun = begin_operation(kind, call, DIALECT, call.given, ports, at=DIALECT.prefix + path)
            job = job_of(call, begun.job_id, DIALECT, ports)
            if call.asked.respond_async:
                return Reply(
                    202, {"id": job.id, "status": DIALECT.word(job.fields), "estimatedCredits": job.fields.get("creditsDebited", 0)}
                )
            if not is_over(job):
                with suppress(ServiceUnavailable):
                    watch(job.id, call.user.uid, documents=documents, clock=clock, sleep=ports.sleep, may_have_ended=True)
                job = job_of(call, begun.job_id, DIALECT, ports)
            # What takes longer than a request may is not begun twice for that: here is its id.
            return Reply(200 if is_over(job) else 202, _shown(job, ports))

        guard = starting(ports, "bearer_key", asks=AsyncQuery, takes=INPUTS[kind], gives=(200, 202), errors=(JobCancelled,))
        return guard(start)

    for path, kind in _STARTED.items():
        blueprint.add_url_rule(path, kind, starter(kind, path), methods=["POST"])

    @blueprint.get("/jobs/<id:job_id>")
    @endpoint(ports, credential="bearer_key", asks=PollQuery, gives={200: Answered}, errors=(NotFound,), scope="posts:read")
    def job(call: Call, job_id: str) -> Reply:
        found = job_of(call, job_id, DIALECT, ports)
        if call.asked.poll and not is_over(found):
            found = moved(found, POLL_SECONDS, ports)
        return Reply(200, _shown(found, ports))

    @blueprint.get("/jobs")
    @endpoint(ports, credential="bearer_key", asks=ListQuery, gives={200: Answered}, scope="posts:read")
    def index(call: Call) -> Reply:
        asked: ListQuery = call.asked
        where: list[Condition] = [("uid", "==", call.user.uid)]
        if asked.tool is not None:
            where.append(("facets", "array_contains", type_facet(TOOLS[asked.tool])))
        # Those of other dialects are passed over; a page may be short of some.
        found = [one for one in list_jobs(where, documents, limit=asked.limit, after=None) if one.fields["dialect"] == DIALECT.name]
        shown = [_shown(one, ports) for one in found if not (asked.pending and is_over(one))]
        return Reply(200, {"jobs": shown})

    @blueprint.delete("/jobs/<id:job_id>")
    @endpoint(ports, credential="bearer_key", gives={200: Answered}, errors=(NotFound, AlreadyFinished, PartOfBatch), scope="ai")
    def cancel(call: Call, job_id: str) -> Reply:
        job_of(call, job_id, DIALECT, ports)
        cancel_job(call.user.uid, job_id, documents=documents, tasks=ports.tasks, clock=clock)
        return Reply(200, {"success": True})

    return blueprint


def _shown(job: Document, ports: Ports) -> dict[str, Any]:
    error, charged = error_of(job), job.fields.get("creditsDebited", 0)
    word = DIALECT.word(job.fields)
    return {
        "id": job.id,
        "tool": _NAMES[job.fields["type"]],
        "status": word,
        "progress": progress_of(job),
        "outputData": result_of(job, ports),
        "errorMessage": str(error["message"]) if error is not None and word in ("failed", "cancelled") else None,
        "estimatedCredits": charged,
        "actualCredits": charged - job.fields.get("creditsRefunded", 0) if is_over(job) else None,
        "createdAt": moment(job, "createdAt"),
        "updatedAt": moment(job, "updatedAt"),
        "completedAt": moment(job, "finishedAt"),
    }
