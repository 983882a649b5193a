"""Which web pages may call us from a browser, and which of our headers they may read."""

from flask import Request, Response

from shared.core.settings import Cors

EXPOSED = (
    "X-Request-ID, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-RateLimit-Tier, "
    "Idempotency-Key, Idempotency-Replayed, Retry-After, ETag, Soku-Scheduled-Time"
)
ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-ID, soku-api-key"
# As long as browsers keep it anyway (Chrome: two hours).
PREFLIGHT_LIVES_SECONDS = 7200


def preflight_answer(request: Request, settings: Cors) -> Response | None:
    """The answer to a browser's question whether it may ask; None for every other request."""
    if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
        return None
    response = Response(status=204)
    if request.headers.get("Origin") in settings.cors_origins:
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, PATCH, PUT, DELETE"
        response.headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
        response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_LIVES_SECONDS)
    return response


def allow(request: Request, response: Response, settings: Cors) -> None:
    response.headers.add("Vary", "Origin")
    origin = request.headers.get("Origin")
    if origin in settings.cors_origins:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = EXPOSED
