"""Soke's async jobs, under /soke/api/v1: everything in {success, data, meta}, jobs to be polled every three seconds.

POST /transcription, /thumbnail/generate, /thumbnail/generate-background, /competitor/analyze; GET /trends/scan → 202
GET  /jobs/{id}, /thumbnail/{id}
"""

from typing import Annotated, Any, Literal

from flask import Blueprint, Response, g
from pydantic import Field

from functions.api.dialects.dialect import (
    Answered,
    Dialect,
    begin,
    begin_operation,
    error_of,
    job_of,
    progress_of,
    result_of,
    starting,
)
from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.errors import Refusal, details_of
from functions.api.request.validation import RequestBody, RequestQuery
from functions.api.v1 import templates, transcriptions
from functions.api.v1.operations_schemas import BackgroundInput, CompetitorInput, TrendsInput
from shared.core.errors import NotFound
from shared.core.text import NonBlank
from shared.core.wrong import shaped
from shared.credits.credits import balance
from shared.documents.document import Document
from shared.jobs.start import Started
from shared.platforms.options import Url
from shared.templates.template import Ratio

DIALECT = Dialect(
    "soke",
    "/soke/api/v1",
    {
        "queued": "queued",
        "delayed": "queued",
        "processing": "processing",
        "succeeded": "completed",
        "failed": "failed",
        "cancelled": "failed",
        "expired": "failed",
    },
)


class Thumbnail(RequestBody):
    """Drawn by our template of that name."""

    title: NonBlank
    subtitle: NonBlank | None = None
    imageUrl: Url | None = None
    aspectRatio: Ratio = "1:1"


class TrendsQuery(RequestQuery):
    """The body of our own, in a query."""

    region: Annotated[str, *shaped(r"^[A-Z]{2}$", "a country by ISO 3166-1, two capital letters, as US")] = "US"
    category: Annotated[str, *shaped(r"^\d{1,3}$", "the number of one of YouTube's categories, as 28")] | None = None
    limit: Annotated[int, Field(ge=1, le=50)] = 25
    platform: Literal["youtube"] = "youtube"

    @property
    def wanted(self) -> TrendsInput:
        return TrendsInput.model_validate(self.model_dump(exclude_none=True))


def envelope(refusal: Refusal) -> dict[str, Any]:
    error = refusal.error
    told: dict[str, Any] = {"code": error.code.upper(), "message": error.message}
    if (details := details_of(error)) is not None:
        told["details"] = details
    if error.retry_after_seconds is not None:
        told["details"] = {"retryAfter": error.retry_after_seconds}
    return {"success": False, "error": told, "meta": {"request_id": refusal.request_id}}


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("soke", __name__, url_prefix=DIALECT.prefix)
    blueprint.after_request(_with_limits)

    def started(call: Call, begun: Started, platform: str | None = None) -> Reply:
        job = job_of(call, begun.job_id, DIALECT, ports)
        data = {"jobId": job.id, "status": DIALECT.word(job.fields), "estimatedCompletionSeconds": _estimate(job)}
        left = balance(call.user.uid, ports.documents)
        return Reply(202, _whole(data, ports, platform), {"X-Soke-Credits-Remaining": str(left)})

    @blueprint.post("/transcription")
    @starting(ports, "soke_key", takes=transcriptions.TranscriptRequest)
    def transcription(call: Call) -> Reply:
        beginning = transcriptions.beginning_of(call, call.given, ports)
        return started(call, begin(call, DIALECT, beginning, ports, once=True, at=_endpoint("transcription")))

    @blueprint.post("/thumbnail/generate")
    @starting(ports, "soke_key", takes=Thumbnail)
    def thumbnail(call: Call) -> Reply:
        given: Thumbnail = call.given
        config = {"title": given.title, "subtitle": given.subtitle, "imageUrl": given.imageUrl}
        drawing = templates.Drawing(
            templateSlug="videoThumbnail",
            config={name: value for name, value in config.items() if value is not None},
            aspectRatio=given.aspectRatio,
        )
        beginning = templates.beginning_of(call, drawing, ports)
        return started(call, begin(call, DIALECT, beginning, ports, once=False, at=_endpoint("thumbnail/generate")))

    @blueprint.post("/thumbnail/generate-background")
    @starting(ports, "soke_key", takes=BackgroundInput)
    def background(call: Call) -> Reply:
        at = _endpoint("thumbnail/generate-background")
        return started(call, begin_operation("thumbnail_background", call, DIALECT, call.given, ports, at=at))

    @blueprint.get("/trends/scan")
    @starting(ports, "soke_key", asks=TrendsQuery)
    def trends(call: Call) -> Reply:
        begun = begin_operation("trends", call, DIALECT, call.asked.wanted, ports, at=_endpoint("trends/scan"))
        return started(call, begun, "youtube")

    @blueprint.post("/competitor/analyze")
    @starting(ports, "soke_key", takes=CompetitorInput)
    def competitor(call: Call) -> Reply:
        begun = begin_operation("competitor", call, DIALECT, call.given, ports, at=_endpoint("competitor/analyze"))
        return started(call, begun, "youtube")

    def polled(call: Call, job_id: str) -> Reply:
        ports.limiter.count_poll("soke", call.api_key_id or "", job_id)
        job = job_of(call, job_id, DIALECT, ports)
        return Reply(200, _whole(_data(job, ports), ports))

    for rule, name in (("/jobs/<id:job_id>", "job"), ("/thumbnail/<job_id:job_id>", "thumbnail_job")):
        guarded = endpoint(ports, credential="soke_key", gives={200: Answered}, errors=(NotFound,), scope="posts:read")(polled)
        blueprint.add_url_rule(rule, name, guarded, methods=["GET"])

    return blueprint


def _endpoint(path: str) -> str:
    return f"{DIALECT.prefix}/{path}"


def _data(job: Document, ports: Ports) -> dict[str, Any]:
    word = DIALECT.word(job.fields)
    data: dict[str, Any] = {"jobId": job.id, "status": word}
    if word in ("queued", "processing"):
        data["progress"] = progress_of(job)
    if word == "completed":
        data["result"] = result_of(job, ports)
    if word == "failed" and (error := error_of(job)) is not None:
        data["error"] = {"code": str(error["code"]).upper(), "message": error["message"]}
    return data


def _estimate(job: Document) -> int:
    return int(job.fields.get("estimatedCompletionSeconds", 30))


def _whole(data: dict[str, Any], ports: Ports, platform: str | None = None) -> dict[str, Any]:
    took = int((ports.clock.now() - g.started_at).total_seconds() * 1000)
    named = {"platform": platform} if platform else {}
    return {"success": True, "data": data, "meta": {**named, "request_id": g.request_id, "processing_time_ms": took}}


def _with_limits(response: Response) -> Response:
    """On every answer to a key that was known."""
    shown = g.get("rate_limit")
    if shown is not None:
        response.headers["X-Soke-Limit"] = str(shown.limit)
        response.headers["X-Soke-Remaining"] = str(shown.remaining)
        response.headers["X-Soke-Reset"] = str(int(shown.resets_at.timestamp()))
    return response
