"""Google's own description of the YouTube API against what we send it, and against what our sandbox answers in its name."""

import json
from importlib.resources import files
from typing import Any

import pytest

from shared.http.client import HttpRequest
from tests.contracts.recorded import Exchange, exchanges_of
from tests.fakes.outside import SANDBOX_URL

VIDEO, PHOTO = "https://example.com/video.mp4", "https://example.com/photo.jpg"
POSTS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"videoUrl": VIDEO}, {}),
    ({"videoUrl": VIDEO}, {"title": "T", "privacy": "unlisted", "tags": ["a", "b c"], "madeForKids": True, "thumbnailUrl": PHOTO}),
]
# Of the resumable protocol, which is described in words only.
PROTOCOL = {"uploadType", "upload_id"}


@pytest.fixture(scope="module")
def discovery() -> dict[str, Any]:
    document = files("googleapiclient.discovery_cache") / "documents" / "youtube.v3.json"
    return json.loads(document.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def exchanges() -> list[Exchange]:
    return exchanges_of("youtube", POSTS)


def method_of(discovery: dict[str, Any], request: HttpRequest) -> dict[str, Any]:
    path = request.url.partition("?")[0].removeprefix(f"{SANDBOX_URL}/www.googleapis.com")
    # A chunk is put where the session says, which is the upload's own path.
    verb = "POST" if "upload_id=" in request.url else request.method
    for resource in discovery["resources"].values():
        for method in resource.get("methods", {}).values():
            uploads = [protocol["path"] for protocol in method.get("mediaUpload", {}).get("protocols", {}).values()]
            if method["httpMethod"] == verb and path in (f"/{method['path']}", *uploads):
                return method
    raise AssertionError(f"Google describes no {request.method} {path}")


def check(discovery: dict[str, Any], schema: dict[str, Any], value: Any, where: str) -> None:
    """Google's schemas are not quite JSON Schema: no additional properties are meant, and references are bare names."""
    if "$ref" in schema:
        schema = discovery["schemas"][schema["$ref"]]
    kinds = {"string": str, "boolean": bool, "integer": int, "number": (int, float), "array": list, "object": dict}
    assert isinstance(value, kinds[schema["type"]]), f"{where}: {value!r} is no {schema['type']}"
    if "enum" in schema:
        assert value in schema["enum"], f"{where}: {value!r}"
    if schema["type"] == "array":
        for number, item in enumerate(value):
            check(discovery, schema["items"], item, f"{where}.{number}")
    if "properties" in schema:
        for name, inner in value.items():
            assert name in schema["properties"], f"{where}.{name} is not described"
            check(discovery, schema["properties"][name], inner, f"{where}.{name}")


def test_every_request_is_one_that_google_describes(discovery: dict[str, Any], exchanges: list[Exchange]) -> None:
    seen: set[str] = set()
    for request, _ in exchanges:
        method = method_of(discovery, request)
        seen.add(method["id"])
        described = {**discovery["parameters"], **method["parameters"]}
        assert set(request.params) <= set(described) | PROTOCOL
        assert {name for name, one in described.items() if one.get("required")} <= set(request.params) or request.method == "PUT"
        if request.json is not None:
            check(discovery, method["request"], request.json, method["id"])
        if request.content and method["id"] == "youtube.thumbnails.set":
            assert request.headers["Content-Type"] in method["mediaUpload"]["accept"]
    assert seen == {"youtube.videos.insert", "youtube.videos.list", "youtube.thumbnails.set"}, seen


def test_every_answer_of_the_sandbox_is_one_that_google_describes(discovery: dict[str, Any], exchanges: list[Exchange]) -> None:
    described = 0
    for request, answer in exchanges:
        if answer.status in (200, 201) and answer.body:
            method = method_of(discovery, request)
            check(discovery, method["response"], answer.json(), method["id"])
            described += 1
    assert described >= len(POSTS)
