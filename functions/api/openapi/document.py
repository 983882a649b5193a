"""Builds the OpenAPI 3.1 document, and the table of endpoints, from the routes' declarations. Run by `make openapi`; no function
imports it: the document is served from the file that it wrote."""

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from functions.api.openapi.operations import OPERATIONS, Operation
from functions.api.request.endpoint import Declaration
from functions.api.request.errors import Refusal, soku_envelope
from shared.core.errors import ApiError, MethodNotAllowed, NotFound, RateLimitExceeded, ServiceUnavailable

HERE = Path(__file__).parent
FILE = HERE / "openapi.json"
TABLE = HERE.parents[2] / "docs" / "endpoints.md"
_AT = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
_REQUEST_ID = "2c897b4c-2381-48bc-bc4b-b0150e47a66c"
_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "api_key": [{"apiKey": []}],
    "id_token": [{"idToken": []}],
    "either": [{"apiKey": []}, {"idToken": []}],
    "anybody": [],
}
_TAGS = {
    "posts": "Publish",
    "media": "Media",
    "transcriptions": "AI",
    "templates": "Images",
    "credits": "Account",
    "me": "Account",
    "requests": "Account",
    "api_keys": "API keys",
    "integrations": "Connected accounts",
    "health": "Health",
    "openapi": "Reference",
}
_TAG_TEXTS = {
    "Publish": "One post to many platforms.",
    "Media": "Files that are kept, to be named in posts.",
    "AI": "What costs credits.",
    "Images": "Images made of words.",
    "Account": "Who you are, what is left to you, what you asked.",
    "API keys": "Made and ended by the signed-in user.",
    "Connected accounts": "Accounts on the platforms, connected by their owner.",
    "Health": "For whoever watches over the API.",
    "Reference": "This description.",
}
_REPEATED = {"safe": "yes, it only reads", "key": "yes, by key", "state": "yes, the same state", "no": "no"}


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


def build(app: Flask) -> dict[str, Any]:
    """The document, as JSON would hold it."""
    routes = list(_routes(app))
    models: list[tuple[type[BaseModel], Any]] = [(ErrorEnvelope, "serialization")]
    for _, _, _, declaration in routes:
        if declaration.takes is not None:
            models.append((declaration.takes, "validation"))
        models += [(model, "serialization") for model in declaration.gives.values() if model is not None]
    refs, schemas = models_json_schema(cast("Any", list(dict.fromkeys(models))), ref_template="#/components/schemas/{model}")
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    refusals: dict[str, Any] = {}
    for path, method, name, declaration in routes:
        paths[path][method] = _operation(path, name, declaration, refs, refusals)
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Soku",
            "version": "1.0.0",
            "summary": "Publish one post to eight social networks.",
            "description": _introduction(),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "..", "description": "Where this document is served"}],
        "tags": [{"name": tag, "description": _TAG_TEXTS[tag]} for tag in dict.fromkeys(_TAGS.values())],
        "paths": dict(sorted(paths.items())),
        "components": {
            # Its place is taken by the field's own schema.
            "schemas": {name: schema for name, schema in schemas["$defs"].items() if name != "WantedTarget"},
            "responses": dict(sorted(refusals.items())),
            "headers": _headers(),
            "parameters": _shared_parameters(),
            "securitySchemes": {
                "apiKey": {"type": "apiKey", "in": "header", "name": "soku-api-key", "description": "Made at POST /v1/api-keys."},
                "idToken": {"type": "http", "scheme": "bearer", "description": "A Firebase ID token of the signed-in user."},
            },
        },
    }
    return cast("dict[str, Any]", json.loads(json.dumps(document)))


def _introduction() -> str:
    return (
        "Every request of a key or a signed-in person counts against rate limits, which every answer tells in its headers. "
        "An Idempotency-Key makes it safe to send a request again; without one, a key is derived from the body where the table of "
        "endpoints says so. Every error has the same envelope."
    )


def _routes(app: Flask) -> Sequence[tuple[str, str, str, Declaration]]:
    found: list[tuple[str, str, str, Declaration]] = []
    for rule in app.url_map.iter_rules():
        declaration: Declaration = vars(app.view_functions[rule.endpoint])["declaration"]
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        found += [
            (path, method.lower(), rule.endpoint, declaration) for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        ]
    return sorted(found)


def _operation(path: str, name: str, declaration: Declaration, refs: Any, refusals: dict[str, Any]) -> dict[str, Any]:
    known = OPERATIONS[name]
    parameters: list[Any] = [
        {"name": part, "in": "path", "required": True, "schema": {"type": "string", "maxLength": 256}}
        for part in re.findall(r"{(\w+)}", path)
    ]
    parameters += _query(declaration)
    parameters.append({"$ref": "#/components/parameters/RequestId"})
    if declaration.takes is not None:
        parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
    operation: dict[str, Any] = {
        "operationId": known.id,
        "summary": known.summary,
        "tags": [_TAGS[name.partition(".")[0]]],
        "security": _SECURITY[declaration.credential],
        "parameters": parameters,
        "responses": _answers(known, declaration, refs, refusals),
    }
    if declaration.scope is not None or declaration.limit is not None:
        scope = f"Scope `{declaration.scope}`." if declaration.scope else ""
        limit = f"At most {declaration.limit} requests a minute." if declaration.limit else ""
        operation["description"] = f"{scope} {limit}".strip()
    if declaration.takes is not None:
        content = {"schema": refs[declaration.takes, "validation"], "examples": {"example": {"value": known.asked}}}
        operation["requestBody"] = {"required": not declaration.body_is_optional, "content": {"application/json": content}}
    return operation


def _query(declaration: Declaration) -> list[dict[str, Any]]:
    if declaration.asks is None:
        return []
    schema = declaration.asks.model_json_schema()
    return [
        {"name": name, "in": "query", "required": False, "schema": _without_null(given)}
        for name, given in schema["properties"].items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """In a query nothing is null: it is left out."""
    options = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    return {**options[0]} if len(options) == 1 else {"anyOf": options}


def _answers(known: Operation, declaration: Declaration, refs: Any, refusals: dict[str, Any]) -> dict[str, Any]:
    """`refusals` gathers those that operations share."""
    answers: dict[str, Any] = {}
    for status, model in declaration.gives.items():
        answer: dict[str, Any] = {"description": "Done" if status < 300 else "See Location" if status < 400 else "Not ready"}
        answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in _headers() if name in _always(status)}
        if model is not None:
            content: dict[str, Any] = {"schema": refs[model, "serialization"]}
            if status < 300 and known.answered is not None:
                content["examples"] = {"example": {"value": known.answered}}
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
            refusals[name] = _refusals(errors)
            answers[str(status)] = {"$ref": f"#/components/responses/{name}"}
    return answers


def _refusals(errors: Sequence[type[ApiError]]) -> dict[str, Any]:
    examples = {error.code: {"value": soku_envelope(Refusal(_example_of(error), _AT, _REQUEST_ID))} for error in errors}
    schema = {"$ref": "#/components/schemas/ErrorEnvelope"}
    names = [*_always(0), *(["Retry-After"] if {RateLimitExceeded, ServiceUnavailable} & set(errors) else [])]
    return {
        "description": " or ".join(f"`{error.code}`" for error in errors),
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
        "content": {"application/json": {"schema": schema, "examples": examples}},
    }


def _example_of(error: type[ApiError]) -> ApiError:
    return RateLimitExceeded(30) if error is RateLimitExceeded else error()


def _always(_: int) -> tuple[str, ...]:
    return ("X-Request-ID", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Tier")


def _headers() -> dict[str, Any]:
    text, whole = {"type": "string"}, {"type": "integer", "minimum": 0}
    return {
        "X-Request-ID": {"description": "Yours, or one of ours.", "schema": text},
        "X-RateLimit-Limit": {"description": "Of a minute, without the burst.", "schema": whole},
        "X-RateLimit-Remaining": {"description": "What is left of it.", "schema": whole},
        "X-RateLimit-Reset": {"description": "When the minute ends.", "schema": {"type": "string", "format": "date-time"}},
        "X-RateLimit-Tier": {"description": "Whose limits these are.", "schema": text},
        "Retry-After": {"description": "Seconds to wait.", "schema": whole},
    }


def _shared_parameters() -> dict[str, Any]:
    return {
        "RequestId": {
            "name": "X-Request-ID",
            "in": "header",
            "description": "Comes back, and is logged. Up to 128 printable characters; else ours takes its place.",
            "schema": {"type": "string"},
        },
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "The same request with the same key is done once.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x20-\x7e]+$"},
        },
    }


def table(app: Flask) -> str:
    """docs/endpoints.md: how each endpoint behaves, in one place."""
    lines = [
        "# Endpoints",
        "",
        "Made by `make openapi` from the routes' declarations, like `/v1/openapi.json`, which `/docs` shows.",
        "",
        "Safe to send again *by key*: the first answer comes back, for the same `Idempotency-Key` or, without one, the same body.",
        "",
        "| endpoint | name in an SDK | safe to send again | the answer comes | credential | scope | a minute | credits |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for path, method, name, declaration in _routes(app):
        known = OPERATIONS[name]
        comes = "once it is done" if known.waits else "at once; the work goes on" if known.goes_on else "at once"
        who = {"api_key": "key", "id_token": "ID token", "either": "key or ID token", "anybody": "none"}[declaration.credential]
        lines.append(
            f"| `{method.upper()} {path}` | `{known.id}` | {_REPEATED[known.repeated]} | {comes} | {who} "
            f"| {declaration.scope or ''} | {declaration.limit or ''} | {known.credits} |"
        )
    return "\n".join(lines) + "\n"


def write(app: Flask) -> None:
    FILE.write_text(rendered(app), encoding="utf-8")
    TABLE.write_text(table(app), encoding="utf-8")


def rendered(app: Flask) -> str:
    return json.dumps(build(app), indent=1, ensure_ascii=False) + "\n"
