"""What operations answer, in OpenAPI's words: bodies, refusals with their envelope, headers."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from functions.api.openapi.examples import JOB
from functions.api.openapi.operation import Operation
from functions.api.request.endpoint import Declaration
from functions.api.request.errors import Envelope, Refusal, soku_envelope
from shared.core.errors import ApiError, MethodNotAllowed, NotFound, RateLimitExceeded, ServiceUnavailable

_AT = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
_REQUEST_ID = "2c897b4c-2381-48bc-bc4b-b0150e47a66c"
# The headers of every answer.
_ALWAYS = ("X-Request-ID", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Tier")
# And those of one that is the job, in place of what it will find.
_OF_A_JOB = ("Location", "Operation-Location", "Retry-After", "ETag")
_MEANINGS = {302: "See Location", 304: "Nothing is different"}


class ErrorDetail(BaseModel):
    field: str
    message: str
    code: str
    received: str | float | bool | None = None
    rule: str | None = None
    target: str | None = None
    choices: list[str] | None = None


class ErrorBody(BaseModel):
    """`details` is a list for what is wrong with a request, else an object of facts."""

    type: str
    code: str
    message: str
    timestamp: str
    requestId: str
    details: list[ErrorDetail] | dict[str, Any] | None = None


class ErrorEnvelope(BaseModel):
    error: ErrorBody


def answers_of(
    known: Operation, declaration: Declaration, refs: Any, refusals: dict[str, Any], envelope: Envelope | None = None
) -> dict[str, Any]:
    """`envelope` is a dialect's; `refusals` gathers those that operations share."""
    answers: dict[str, Any] = {}
    for status, model in declaration.gives.items():
        answer: dict[str, Any] = {"description": _MEANINGS.get(status, "Done" if status < 300 else "Not ready")}
        told = [*known.tells, *(["Idempotency-Replayed"] if known.repeated in ("key", "own_key") else [])] if status < 400 else []
        told += _OF_A_JOB if status == 202 and known.waits else ()
        answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in (*_ALWAYS, *told)}
        if model is not None:
            content: dict[str, Any] = {"schema": refs[model, "serialization"]}
            example = JOB if status == 202 and known.waits else known.answered
            if status < 300 and example is not None:
                content["examples"] = {"example": {"value": example}}
            answer["content"] = {"application/json": content}
        elif known.content_type is not None:
            answer["content"] = {known.content_type: {"schema": {}}}
        answers[str(status)] = answer
    by_status: dict[int, list[type[ApiError]]] = defaultdict(list)
    for error in (*declaration.all_errors, NotFound, MethodNotAllowed):
        if error not in by_status[error.status]:
            by_status[error.status].append(error)
    for status, errors in sorted(by_status.items()):
        if str(status) not in answers:
            errors = sorted(errors, key=lambda error: error.code)
            name = "-".join(error.code for error in errors)
            if envelope is not None:
                name = f"{envelope.__module__.rpartition('.')[2]}-{name}"
            refusals[name] = _refusals(errors, envelope)
            answers[str(status)] = {"$ref": f"#/components/responses/{name}"}
    return answers


def _refusals(errors: Sequence[type[ApiError]], envelope: Envelope | None = None) -> dict[str, Any]:
    examples = {
        error.code: {"value": (envelope or soku_envelope)(Refusal(_example_of(error), _AT, _REQUEST_ID))} for error in errors
    }
    schema = {"$ref": "#/components/schemas/ErrorEnvelope"} if envelope is None else {"type": "object"}
    names = [*_ALWAYS, *(["Retry-After"] if {RateLimitExceeded, ServiceUnavailable} & set(errors) else [])]
    return {
        "description": " or ".join(f"`{error.code}`" for error in errors),
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
        "content": {"application/json": {"schema": schema, "examples": examples}},
    }


def _example_of(error: type[ApiError]) -> ApiError:
    return RateLimitExceeded(30) if error is RateLimitExceeded else error()


def headers() -> dict[str, Any]:
    text, whole = {"type": "string"}, {"type": "integer", "minimum": 0}
    return {
        "X-Request-ID": {"description": "Yours, or one of ours.", "schema": text},
        "X-RateLimit-Limit": {"description": "Of a minute, without the burst.", "schema": whole},
        "X-RateLimit-Remaining": {"description": "What is left of it.", "schema": whole},
        "X-RateLimit-Reset": {"description": "When the minute ends.", "schema": {"type": "string", "format": "date-time"}},
        "X-RateLimit-Tier": {"description": "Whose limits these are.", "schema": text},
        "Retry-After": {"description": "Seconds to wait.", "schema": whole},
        "ETag": {"description": "Of the post or job as it is.", "schema": text},
        "Location": {"description": "Where the job is.", "schema": {"type": "string", "format": "uri"}},
        "Operation-Location": {"description": "The same.", "schema": {"type": "string", "format": "uri"}},
        "Idempotency-Replayed": {"description": "`true`: an earlier request with this key had done it.", "schema": text},
        "Soku-Scheduled-Time": {"description": "The slot that was taken.", "schema": {"type": "string", "format": "date-time"}},
    }
