"""From an exception to an answer: the status and headers are the exception's, the body is in the words of an API's envelope.

Each blueprint has its envelope; what belongs to none (an unknown route) is answered in that of our own API.
"""

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, Response, g, jsonify
from werkzeug.exceptions import HTTPException

from shared.core.clock import Clock, iso8601
from shared.core.errors import (
    ApiError,
    Detail,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    ServiceUnavailable,
    ValidationFailed,
)
from shared.documents.document import Unavailable

_log = logging.getLogger(__name__)

MAX_ECHO = 500


@dataclass(frozen=True)
class Refusal:
    """What an envelope has to word; `stack` only in development, for what nobody expected."""

    error: ApiError
    at: datetime
    request_id: str
    stack: list[str] | None = None


Envelope = Callable[[Refusal], dict[str, Any]]


def soku_envelope(refusal: Refusal) -> dict[str, Any]:
    """{"error": {…}}, as the specification promises."""
    error = refusal.error
    body: dict[str, Any] = {
        "type": error.type,
        "code": error.code,
        "message": error.message,
        "timestamp": iso8601(refusal.at),
        "requestId": refusal.request_id,
    }
    if (details := details_of(error)) is not None:
        body["details"] = details
    if refusal.stack is not None:
        body["debug"] = {"stack": refusal.stack}
    return {"error": body}


def details_of(error: ApiError) -> list[dict[str, Any]] | dict[str, Any] | None:
    """What is wrong, one by one, or the facts that explain it."""
    if error.details:
        return [_detail(detail) for detail in error.details]
    return dict(error.facts) if error.facts is not None else None


def register(on: Flask | Blueprint, envelope: Envelope, *, development: bool, clock: Clock) -> None:
    def answer(error: ApiError, cause: BaseException | None = None) -> Response:
        stack = traceback.format_exception(cause) if development and cause is not None else None
        response = jsonify(envelope(Refusal(error, clock.now(), g.request_id, stack)))
        response.status_code = error.status
        if error.retry_after_seconds is not None:
            response.headers["Retry-After"] = str(error.retry_after_seconds)
        return response

    def expected(error: ApiError) -> Response:
        return answer(error)

    def refused_by_flask(error: HTTPException) -> Response:
        match error.code:
            case 404:
                return answer(NotFound())
            case 405:
                response = answer(MethodNotAllowed())
                response.headers.update(error.get_headers())  # Allow
                response.headers["Content-Type"] = "application/json"
                return response
            case 413:
                return answer(PayloadTooLarge())
            case _:
                return answer(ValidationFailed(error.description))

    def database_silent(error: Unavailable) -> Response:
        _log.error("request.database_unavailable", exc_info=error, extra={"requestId": g.request_id})
        return answer(ServiceUnavailable(), error)

    def unexpected(error: Exception) -> Response:
        _log.error("request.failed", exc_info=error, extra={"requestId": g.request_id})
        return answer(ApiError(), error)

    on.register_error_handler(ApiError, expected)
    on.register_error_handler(HTTPException, refused_by_flask)
    on.register_error_handler(Unavailable, database_silent)
    on.register_error_handler(Exception, unexpected)


def _detail(detail: Detail) -> dict[str, Any]:
    shown: dict[str, Any] = {"field": _cut(detail.field), "message": _cut(detail.message), "code": detail.code}
    if isinstance(detail.received, str):
        shown["received"] = _cut(detail.received)
    elif isinstance(detail.received, int | float | bool):
        shown["received"] = detail.received
    if detail.rule is not None:
        shown["rule"] = detail.rule
    if detail.target is not None:
        shown["target"] = detail.target
    if detail.choices is not None:
        shown["choices"] = list(detail.choices)
    return shown


def _cut(text: str) -> str:
    """Nobody wants their own 900 kB back."""
    return text if len(text) <= MAX_ECHO else f"{text[:MAX_ECHO]}…"
