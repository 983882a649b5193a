"""Builds the OpenAPI 3.1 document, and the table of endpoints, from the routes' declarations. Run by `make openapi`; no function
imports it: the document is served from the file that it wrote."""

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any, cast

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from functions.api.dialects import novakit, soke, sova, vidocu
from functions.api.openapi.answers import ErrorEnvelope, answers_of, headers
from functions.api.openapi.operations import OPERATIONS
from functions.api.openapi.routes import routes_of
from functions.api.openapi.table import table
from functions.api.request.endpoint import Declaration
from functions.api.request.validation import RequestBody

# Whose refusals have another shape.
DIALECTS = {"soke": soke.envelope, "vidocu": vidocu.envelope, "novakit": novakit.envelope, "sova": sova.envelope}
HERE = Path(__file__).parent
FILE = HERE / "openapi.json"
TABLE = HERE.parents[2] / "docs" / "endpoints.md"
_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "api_key": [{"apiKey": []}],
    "id_token": [{"idToken": []}],
    "subscriber": [{"idToken": []}],
    "either": [{"apiKey": []}, {"idToken": []}],
    "key_or_person": [{"apiKey": []}, {"idToken": []}],
    "anybody": [],
    "poller": [],
    "soke_key": [{"sokeKey": []}],
    "bearer_key": [{"bearerKey": []}],
    "sova_key": [{"sovaKey": []}],
}
_SAME = "The same API key as everywhere."
_TAGS = {
    "posts": "Publish",
    "posts_read": "Publish",
    "posts_change": "Publish",
    "posts_retry": "Publish",
    "posts_actions": "Publish",
    "queue": "Publish",
    "platforms": "Publish",
    "accounts": "Connected accounts",
    "automations": "Automations",
    "media": "Media",
    "media_uploads": "Media",
    "transcriptions": "AI",
    "templates": "Images",
    "jobs": "Jobs",
    "webhooks": "Webhooks",
    "webhooks_deliveries": "Webhooks",
    "events": "Webhooks",
    "soke": "Soke",
    "vidocu": "Vidocu",
    "novakit": "NovaKit",
    "sova": "Sova",
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
    "Automations": "What is to follow from posts that are published.",
    "Media": "Files that are kept, to be named in posts.",
    "AI": "What costs credits.",
    "Jobs": "What takes long: watched, cancelled, tried again.",
    "Webhooks": "Your own servers, told what happens.",
    "Soke": "Jobs in Soke's words.",
    "Vidocu": "Jobs in Vidocu's words.",
    "NovaKit": "Jobs in NovaKit's words.",
    "Sova": "Jobs in Sova's words.",
    "Images": "Images made of words.",
    "Account": "Who you are, what is left to you, what you asked.",
    "API keys": "Made and ended by the signed-in user.",
    "Connected accounts": "Accounts on the platforms, connected by their owner.",
    "Health": "For whoever watches over the API.",
    "Reference": "This description.",
}


def build(app: Flask) -> dict[str, Any]:
    """The document, as JSON would hold it."""
    routes = list(routes_of(app))
    models: list[tuple[type[BaseModel], Any]] = [(ErrorEnvelope, "serialization")]
    for _, _, _, declaration in routes:
        if declaration.takes is not None:
            models += [(model, "validation") for model in _taken(declaration.takes)]
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
            "headers": headers(),
            "parameters": _shared_parameters(),
            "securitySchemes": {
                "apiKey": {"type": "apiKey", "in": "header", "name": "soku-api-key", "description": "Made at POST /v1/api-keys."},
                "idToken": {"type": "http", "scheme": "bearer", "description": "A Firebase ID token of the signed-in user."},
                "sokeKey": {"type": "apiKey", "in": "header", "name": "X-Soke-Key", "description": _SAME},
                "bearerKey": {"type": "http", "scheme": "bearer", "description": _SAME},
                "sovaKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": _SAME},
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


def _operation(path: str, name: str, declaration: Declaration, refs: Any, refusals: dict[str, Any]) -> dict[str, Any]:
    known = OPERATIONS[name]
    parameters: list[Any] = [
        {"name": part, "in": "path", "required": True, "schema": {"type": "string", "maxLength": 256}}
        for part in re.findall(r"{(\w+)}", path)
    ]
    parameters += _query(declaration)
    parameters.append({"$ref": "#/components/parameters/RequestId"})
    if declaration.takes is not None and known.repeated in ("key", "own_key"):
        parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
    waiting = ("Prefer", "Cancel-After") if known.waits else ()
    parameters += [{"$ref": f"#/components/parameters/{name}"} for name in (*known.reads, *waiting)]
    operation: dict[str, Any] = {
        "operationId": known.id,
        "summary": known.summary,
        "tags": [_TAGS[name.partition(".")[0]]],
        "security": _SECURITY[declaration.credential],
        "parameters": parameters,
        "responses": answers_of(known, declaration, refs, refusals, DIALECTS.get(name.partition(".")[0])),
    }
    if declaration.scope is not None or declaration.limit is not None:
        scope = f"Scope `{declaration.scope}`." if declaration.scope else ""
        limit = f"At most {declaration.limit} requests a minute." if declaration.limit else ""
        operation["description"] = f"{scope} {limit}".strip()
    if declaration.takes is not None:
        schemas = [refs[model, "validation"] for model in _taken(declaration.takes)]
        schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
        content = {"schema": schema, "examples": {"example": {"value": known.asked if known.asked is not None else {}}}}
        operation["requestBody"] = {"required": not declaration.body_is_optional, "content": {"application/json": content}}
    return operation


def _taken(takes: type[BaseModel]) -> tuple[type[BaseModel], ...]:
    return takes.models() if issubclass(takes, RequestBody) else (takes,)


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
        "If-Match": {
            "name": "If-Match",
            "in": "header",
            "required": True,
            "description": "The version that is changed: the post's ETag, or its `version` in quotes; * for whichever there is.",
            "schema": {"type": "string"},
        },
        "OnlyIfMatch": {
            "name": "If-Match",
            "in": "header",
            "description": "The only version that is meant, as for updatePost; left out, whichever there is.",
            "schema": {"type": "string"},
        },
        "Cancel-After": {
            "name": "Cancel-After",
            "in": "header",
            "description": "How long it may take, as 90s, 5m or 1h. No step begins after that: the job expires, and costs nothing.",
            "schema": {"type": "string"},
        },
        "Prefer": {
            "name": "Prefer",
            "in": "header",
            "description": "`respond-async`: 202 and the job, in place of waiting; with `wait=N`, after N seconds (at most 30).",
            "schema": {"type": "string"},
        },
        "If-None-Match": {
            "name": "If-None-Match",
            "in": "header",
            "description": "The ETag of what you have: if nothing is different, the answer is 304.",
            "schema": {"type": "string"},
        },
    }


def write(app: Flask) -> None:
    FILE.write_text(rendered(app), encoding="utf-8")
    TABLE.write_text(table(app), encoding="utf-8")


def rendered(app: Flask) -> str:
    return json.dumps(build(app), indent=1, ensure_ascii=False) + "\n"
