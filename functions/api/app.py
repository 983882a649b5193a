"""The API as a web application: its routes, and what every answer carries whatever happened."""

from typing import Any

from flask import Flask, Response, g, request
from werkzeug.routing import BaseConverter

from functions.api.dialects import novakit, soke, sova, vidocu
from functions.api.ports import Ports
from functions.api.request import cors, errors
from functions.api.request.endpoint import is_idempotency_key
from functions.api.request.request_id import request_id_for
from functions.api.v1 import (
    accounts,
    api_keys,
    automations,
    credits,
    events,
    health,
    integrations,
    jobs,
    me,
    media,
    media_uploads,
    openapi,
    platforms,
    posts,
    posts_actions,
    posts_change,
    posts_read,
    posts_retry,
    queue,
    requests,
    templates,
    transcriptions,
    webhooks,
    webhooks_deliveries,
)
from shared.core.ids import DOCUMENT_ID

RESOURCES = (
    health, posts, posts_read, posts_change, posts_retry, posts_actions, queue, platforms, accounts, automations, media,
    media_uploads, transcriptions, templates, jobs, webhooks, webhooks_deliveries, events, credits, me, requests, api_keys,
    integrations, openapi,
)  # fmt: skip

DIALECTS = (soke, vidocu, novakit, sova)


class DocumentId(BaseConverter):
    """In addresses: what no document of ours can be called is not found, and not asked for."""

    regex = DOCUMENT_ID.strip("^$")


class PostId(DocumentId):
    """What is another endpoint is no post's."""

    regex = rf"(?!(?:validate|actions)$){DocumentId.regex}"


class JobId(DocumentId):
    """Of our own making, beside other addresses of the dialects."""

    regex = r"job_[0-9A-Za-z_-]{1,120}"


class RunId(BaseConverter):
    """What a run may be called: its platform, or its target's id."""

    regex = r"(?!\.\.?(?:/|$))(?!__)[A-Za-z0-9._:-]{1,128}"


SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-DNS-Prefetch-Control": "off",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "Cache-Control": "no-store",
}


def _envelope_of_nowhere(refusal: errors.Refusal) -> dict[str, Any]:
    """Of an address that is none: in the words of whoever has the prefix."""
    named = (dialect for dialect in DIALECTS if request.path.startswith(f"{dialect.DIALECT.prefix}/"))
    return next((dialect.envelope for dialect in named), errors.soku_envelope)(refusal)


def create_app(ports: Ports) -> Flask:
    app = Flask("soku", static_folder=None)
    app.url_map.strict_slashes, app.url_map.merge_slashes = False, False
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.converters |= {"media_id": media.MediaId, "post_id": PostId, "run_id": RunId, "id": DocumentId, "job_id": JobId}
    app.json.sort_keys = False  # type: ignore[attr-defined]

    @app.before_request
    def begin() -> Response | None:
        g.started_at = ports.clock.now()
        g.request_id = request_id_for(request.headers.get("X-Request-ID"))
        if is_idempotency_key(key := request.headers.get("Idempotency-Key")):
            g.idempotency_key = key
        preflight = cors.preflight_answer(request, ports.settings)
        if preflight is None and request.routing_exception is not None:
            ports.limiter.count_stranger(request)
        return preflight

    @app.after_request
    def finish(response: Response) -> Response:
        kept = response.headers.get("Cache-Control")
        response.headers.update(SECURITY_HEADERS | ({"Cache-Control": kept} if kept else {}))
        response.headers["X-Request-ID"] = g.request_id
        if "idempotency_key" in g:
            response.headers["Idempotency-Key"] = g.idempotency_key
        ports.limiter.add_headers(request, response)
        cors.allow(request, response, ports.settings)
        return response

    development, clock = ports.settings.development, ports.clock
    errors.register(app, _envelope_of_nowhere, development=development, clock=clock)
    for resource in RESOURCES:
        routes = resource.routes(ports)
        errors.register(routes, errors.soku_envelope, development=development, clock=clock)
        app.register_blueprint(routes)
    for dialect in DIALECTS:
        routes = dialect.routes(ports)
        errors.register(routes, dialect.envelope, development=development, clock=clock)
        app.register_blueprint(routes)
    return app
