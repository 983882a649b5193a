"""X's own OpenAPI document against what we send it, and against what our sandbox answers in its name."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from shared.http.client import HttpAnswer, HttpRequest
from tests.contracts.recorded import Recorded
from tests.fakes.outside import SANDBOX_URL
from tests.fakes.world import World

DOCUMENT = Path(__file__).parents[1] / "vectors" / "x-openapi.json"
POSTS: list[dict[str, Any]] = [
    {"text": "plain"},
    {"text": "images", "imageUrls": ["https://example.com/photo.jpg", "https://example.com/photo.png"]},
    {"text": "video", "videoUrl": "https://example.com/video.mp4"},
    {
        "text": "options",
        "imageUrls": ["https://example.com/photo.jpg"],
        "platform": [{"platform": "x", "options": {"altText": "a", "replySettings": "following", "thread": ["more"]}}],
    },
]


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    return json.loads(DOCUMENT.read_text(encoding="utf-8"))


@pytest.fixture
def exchanges(world: World) -> list[tuple[HttpRequest, HttpAnswer]]:
    """Everything that goes between us and X for posts of every kind, one of them with its answer lost."""
    recorded = Recorded(world)
    world.replace_publishing(http=recorded)
    key = world.user()
    for post in POSTS:
        world.accepted(key, post)
        world.run_for(120)
    recorded_answers = recorded.exchanges
    world.fail("x", "publish", "server_error_after")
    world.accepted(key, {"text": "looked up https://example.com/a"})
    world.run_for(300)
    assert len(world.ledger()) == len(POSTS) + 2, "each, a reply, and the one whose answer was lost"
    return recorded_answers


def operation_of(openapi: dict[str, Any], request: HttpRequest) -> dict[str, Any]:
    path = request.url.removeprefix(f"{SANDBOX_URL}/api.x.com")
    for template, operations in openapi["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and request.method.lower() in operations:
            return operations[request.method.lower()]
    raise AssertionError(f"X documents no {request.method} {path}")


def check(openapi: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    """OpenAPI 3.0's schemas are close enough to JSON Schema draft 4; their references lead into the document."""
    jsonschema.Draft4Validator({**schema, "components": openapi["components"]}).validate(value)


def test_every_request_is_one_that_x_documents(openapi: dict[str, Any], exchanges: list[tuple[HttpRequest, HttpAnswer]]) -> None:
    seen: set[str] = set()
    for request, _ in exchanges:
        operation = operation_of(openapi, request)
        seen.add(operation["operationId"])
        assert request.headers["Authorization"].startswith("Bearer ")
        _check_parameters(openapi, operation, request)
        if "requestBody" in operation:
            _check_body(openapi, operation["requestBody"], request)
        else:
            assert (request.json, request.form, request.parts) == (None, None, None)
    assert len(seen) == 8, f"every call we have was made: {seen}"


def _check_parameters(openapi: dict[str, Any], operation: dict[str, Any], request: HttpRequest) -> None:
    documented = {parameter["name"]: parameter for parameter in (_resolved(openapi, p) for p in operation.get("parameters", ()))}
    query = {name for name, parameter in documented.items() if parameter["in"] == "query"}
    assert set(request.params) <= query
    assert {name for name in query if documented[name].get("required")} <= set(request.params)
    for name, text in request.params.items():
        schema = _resolved(openapi, documented[name]["schema"])
        value: Any = text.split(",") if schema["type"] == "array" else int(text) if schema["type"] == "integer" else text
        check(openapi, schema, value)


def _check_body(openapi: dict[str, Any], body: dict[str, Any], request: HttpRequest) -> None:
    content = body["content"]
    if request.json is not None:
        check(openapi, content["application/json"]["schema"], request.json)
        return
    if request.form is None and request.parts is None:
        assert not body.get("required")
        return
    schema = _resolved(openapi, content["multipart/form-data"]["schema"])
    sent = {**(request.form or {}), **(request.parts or {})}
    documented = _property_names(openapi, schema)
    assert set(sent) <= documented
    if "media_category" in sent:
        assert sent["media_category"] in json.dumps(openapi["components"]["schemas"])


def _property_names(openapi: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    names = set(schema.get("properties", ()))
    for part in (*schema.get("allOf", ()), *schema.get("oneOf", ()), *schema.get("anyOf", ())):
        names |= _property_names(openapi, _resolved(openapi, part))
    return names


def _resolved(openapi: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        found: Any = openapi
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def test_every_answer_of_the_sandbox_is_one_that_x_documents(
    openapi: dict[str, Any], exchanges: list[tuple[HttpRequest, HttpAnswer]]
) -> None:
    for request, answer in exchanges:
        responses = operation_of(openapi, request)["responses"]
        if answer.status >= 400:
            assert {"title", "detail", "type", "status"} <= set(answer.json())
            continue
        assert str(answer.status) in responses, f"{request.method} {request.url} does not answer {answer.status}"
        check(openapi, _resolved(openapi, responses[str(answer.status)])["content"]["application/json"]["schema"], answer.json())
