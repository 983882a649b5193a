"""The API's description: as the routes are, valid, and true of every answer that can be provoked."""

import json
import re
import subprocess
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS

from functions.api.app import create_app
from functions.api.openapi.document import FILE, TABLE, build, rendered, table
from functions.api.openapi.operations import OPERATIONS
from tests.conftest import ROOT
from tests.fakes.world import World
from tests.fuzz import NOT_CHECKED, Fuzzed

DOCUMENT: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))


def test_it_is_what_the_routes_declare() -> None:
    """`make openapi` writes it anew."""
    app = create_app(World().api_ports)
    assert FILE.read_text(encoding="utf-8") == rendered(app)
    assert TABLE.read_text(encoding="utf-8") == table(app)


def test_every_route_has_a_name_and_every_name_a_route() -> None:
    app = create_app(World().api_ports)
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(OPERATIONS)
    names = [operation.id for operation in OPERATIONS.values()]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name) for name in names)


def test_redocly_finds_nothing() -> None:
    command = ["node_modules/.bin/redocly", "lint", str(FILE), "--config", "redocly.yaml", "--format", "json"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    found = json.loads(ran.stdout[ran.stdout.index("{") :])
    assert found["problems"] == []
    assert ran.returncode == 0


def test_no_address_leads_to_somebodys_host() -> None:
    assert [server["url"] for server in DOCUMENT["servers"]] == [".."]


def test_it_is_served_with_its_page(client: FlaskClient) -> None:
    served = client.get("/v1/openapi.json")
    assert (served.status_code, served.content_type, served.get_json()) == (200, "application/json", DOCUMENT)
    page = client.get("/docs")
    assert (page.status_code, page.content_type) == (200, "text/html; charset=utf-8")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")
    scripts = re.findall(r'src="([^"]+)"', page.get_data(as_text=True))
    assert len(scripts) == 2
    for script in scripts:
        asset = client.get(f"/{script}")
        assert (asset.status_code, asset.headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
    assert client.get("/docs/other.js").status_code == 404


def test_every_error_of_the_reference_is_described() -> None:
    told = json.dumps(build(create_app(World().api_ports)))
    for code in ("unauthorized", "forbidden", "validation_error", "rate_limit_exceeded", "upload_failed", "missing_integrations"):
        assert f'"{code}"' in told


FUZZED = Fuzzed()


@FUZZED.schema.parametrize()
@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
def test_whatever_is_asked_is_answered_as_described(case: Any) -> None:
    FUZZED.ask(case)


def test_the_checks_that_are_left_out_exist() -> None:
    assert {check.__name__ for check in CHECKS.get_all()} >= NOT_CHECKED


@pytest.mark.parametrize(
    ("method", "path", "required"),
    [("patch", "", True), ("delete", "", False), ("post", "/cancel", False), ("post", "/publish", False)],
)
def test_if_match_is_described_where_it_is_read(method: str, path: str, required: bool) -> None:
    shared = DOCUMENT["components"]["parameters"]
    given = DOCUMENT["paths"][f"/v1/posts/{{postId}}{path}"][method]["parameters"]
    named = [shared[one["$ref"].rpartition("/")[2]] for one in given if "$ref" in one]
    assert [one.get("required", False) for one in named if one["name"] == "If-Match"] == [required]


@pytest.mark.parametrize("path", ["/v1/posts", "/v1/media", "/v1/templates"])
def test_the_headers_of_every_answer_are_described(path: str) -> None:
    described = DOCUMENT["paths"][path]["post"]["responses"]
    for status, answer in described.items():
        found = answer if "$ref" not in answer else DOCUMENT["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        assert {"X-Request-ID", "X-RateLimit-Limit", "X-RateLimit-Tier"} <= set(found["headers"]), status
        assert ("Retry-After" in found["headers"]) is (status in ("202", "429", "503"))
