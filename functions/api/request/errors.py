"""From an exception to the JSON that the specification promises; the only place that knows its shape."""

import logging
import traceback
from typing import Any

from flask import Flask, Response, g, jsonify
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


def register(app: Flask, *, development: bool, clock: Clock) -> None:
    def answer(error: ApiError, cause: BaseException | None = None) -> Response:
        g.error_code = error.code
        body: dict[str, Any] = {
            "type": error.type,
            "code": error.code,
            "message": error.message,
            "timestamp": iso8601(clock.now()),
            "requestId": g.request_id,
        }
        if error.details:
            body["details"] = [_detail(detail) for detail in error.details]
        if development and cause is not None:
            body["debug"] = {"stack": traceback.format_exception(cause)}
        response = jsonify({"error": body})
        response.status_code = error.status
        if error.retry_after_seconds is not None:
            response.headers["Retry-After"] = str(error.retry_after_seconds)
        return response

    @app.errorhandler(ApiError)
    def expected(error: ApiError) -> Response:
        return answer(error)

    @app.errorhandler(HTTPException)
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

    @app.errorhandler(Unavailable)
    def database_silent(error: Unavailable) -> Response:
        _log.error("the database did not answer", exc_info=error, extra={"requestId": g.request_id})
        return answer(ServiceUnavailable(), error)

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        _log.error("a request failed", exc_info=error, extra={"requestId": g.request_id})
        return answer(ApiError(), error)


def _detail(detail: Detail) -> dict[str, Any]:
    shown: dict[str, Any] = {"field": detail.field, "message": detail.message, "code": detail.code}
    if isinstance(detail.received, str | int | float | bool):
        shown["received"] = detail.received
    if detail.rule is not None:
        shown["rule"] = detail.rule
    if detail.target is not None:
        shown["target"] = detail.target
    if detail.choices is not None:
        shown["choices"] = list(detail.choices)
    return shown
