"""What every answer carries, whatever happened: ids, headers, the envelope; and who may ask from a browser."""

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.documents.document import Conflict, Unavailable
from tests.api.conftest import error_of
from tests.fakes.world import World

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-DNS-Prefetch-Control": "off",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
}


def answers(client: FlaskClient, key: str) -> dict[int, Any]:
    headers = {"soku-api-key": key}
    hello = {"post": {"content": {"text": "t", "platform": "x"}}}
    return {
        200: client.get("/health"),
        201: client.post("/v1/posts", json=hello, headers=headers),
        204: client.options("/v1/posts", headers={"Origin": "https://app.test", "Access-Control-Request-Method": "POST"}),
        400: client.post("/v1/posts", json={}, headers=headers),
        401: client.post("/v1/posts", json=hello),
        404: client.get("/v1/nothing"),
        405: client.put("/v1/posts"),
        415: client.post("/v1/posts", data="x", headers=headers),
    }


def test_every_answer_carries_the_request_id_and_the_security_headers(client: FlaskClient, key: str) -> None:
    for status, answer in answers(client, key).items():
        assert answer.status_code == status
        assert len(answer.headers["X-Request-ID"]) == 36
        assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY


def test_every_error_has_the_envelope(client: FlaskClient, key: str) -> None:
    for status, answer in answers(client, key).items():
        if status < 400:
            continue
        assert answer.content_type == "application/json"
        error = error_of(answer)
        assert {"type", "code", "message", "timestamp", "requestId"} <= set(error)
        assert error["requestId"] == answer.headers["X-Request-ID"]
        assert error["timestamp"].endswith("Z")
        assert error["type"] == ("authentication_error" if status == 401 else "invalid_request_error")


def test_method_not_allowed_says_what_is(client: FlaskClient) -> None:
    answer = client.put("/v1/posts")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}


@pytest.mark.parametrize(
    ("sent", "echoed"),
    [
        ("my-debug-123", True),
        ("with a blank", True),
        ("x" * 128, True),
        ("x" * 129, False),
        ("é", False),
        ("", False),
        (" x", False),
    ],
)
def test_a_request_id_of_ones_own_is_echoed_if_it_is_printable(client: FlaskClient, sent: str, echoed: bool) -> None:
    answer = client.get("/health", headers=[("X-Request-ID", sent)])
    assert (answer.headers["X-Request-ID"] == sent) is echoed


def test_ready_asks_the_others_and_keeps_the_answer_for_ten_seconds(world: World) -> None:
    asked: list[str] = []

    def failing() -> None:
        asked.append("queue")
        raise RuntimeError("down")

    checks = {"database": lambda: asked.append("database"), "queue": failing}
    world.api_ports = replace(world.api_ports, checks=checks)
    client = world.client()
    for _ in range(3):
        answer = client.get("/ready")
        assert answer.status_code == 503
        assert answer.get_json() == {
            "status": "not_ready",
            "checks": {"database": "ok", "queue": "failed"},
            "timestamp": "2026-01-15T09:00:00.000Z",
        }
    assert asked == ["database", "queue"]
    world.clock.advance(10)
    checks["queue"] = lambda: None
    assert (client.get("/ready").status_code, client.get("/ready").get_json()["status"]) == (200, "ready")


def test_health(client: FlaskClient) -> None:
    assert client.get("/health").get_json() == {"status": "ok", "version": "unknown", "timestamp": "2026-01-15T09:00:00.000Z"}


def test_pages_that_may_ask_are_told_so(client: FlaskClient, key: str) -> None:
    preflight = client.options("/v1/api-keys", headers={"Origin": "https://app.test", "Access-Control-Request-Method": "POST"})
    assert preflight.headers["Access-Control-Allow-Origin"] == "https://app.test"
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
    answer = client.get("/health", headers={"Origin": "https://app.test"})
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.test"
    for name in ("X-Request-ID", "X-RateLimit-Remaining", "Idempotency-Key", "Retry-After"):
        assert name in answer.headers["Access-Control-Expose-Headers"]


def test_other_pages_are_not(client: FlaskClient) -> None:
    for answer in (
        client.options("/v1/posts", headers={"Origin": "https://evil.test", "Access-Control-Request-Method": "POST"}),
        client.get("/health", headers={"Origin": "https://evil.test"}),
    ):
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Origin" in answer.headers["Vary"]


class _Silent:
    """A database that does not answer, or worse."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        def fail(*_: Any) -> Any:
            raise self._error

        return fail


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(Unavailable(), 503, "service_unavailable"), (RuntimeError("secret detail"), 500, "internal_error")],
)
def test_a_database_that_fails_is_an_answer_too(
    client: FlaskClient, world: World, key: str, error: Exception, status: int, code: str
) -> None:
    from dataclasses import replace

    world.api_ports = replace(world.api_ports, documents=_Silent(error))
    answer = client.post("/v1/posts", json={}, headers={"soku-api-key": key})
    assert (answer.status_code, error_of(answer)["code"], error_of(answer)["type"]) == (status, code, "api_error")
    assert "secret detail" not in answer.get_data(as_text=True)
    assert SECURITY.items() <= dict(answer.headers).items()
    if status == 503:
        assert int(answer.headers["Retry-After"]) >= 1


def test_a_silence_after_the_commit_is_never_called_nothing_published(client: FlaskClient, world: World, key: str) -> None:
    from dataclasses import replace

    class SilentAfterwards:
        committed = False

        def get(self, *paths: str) -> Any:
            if self.committed:
                raise Unavailable
            return world.documents.get(*paths)

        def commit(self, *writes: Any) -> Any:
            self.committed = True
            raise Conflict

    world.api_ports = replace(world.api_ports, documents=SilentAfterwards())
    hello = {"post": {"content": {"text": "t", "platform": "x"}}}
    answer = client.post("/v1/posts", json=hello, headers={"soku-api-key": key})
    assert (answer.status_code, error_of(answer)["code"]) == (503, "service_unavailable")


@pytest.mark.parametrize("development", [True, False])
def test_a_stack_trace_is_shown_in_development_only(client: FlaskClient, world: World, key: str, development: bool) -> None:
    from dataclasses import replace

    settings = world.api_ports.settings.model_copy(update={"development": development})
    world.api_ports = replace(world.api_ports, documents=_Silent(RuntimeError("here")), settings=settings)
    error = error_of(client.post("/v1/posts", json={}, headers={"soku-api-key": key}))
    assert ("debug" in error) is development


def test_a_commit_that_fails_for_no_known_reason_is_post_creation_failed(client: FlaskClient, world: World, key: str) -> None:
    from dataclasses import replace

    class NoCommits:
        def get(self, *paths: str) -> Any:
            return world.documents.get(*paths)

        def commit(self, *writes: Any) -> Any:
            raise RuntimeError("the disk is on fire")

    world.api_ports = replace(world.api_ports, documents=NoCommits())
    hello = {"post": {"content": {"text": "t", "platform": "x"}}}
    answer = client.post("/v1/posts", json=hello, headers={"soku-api-key": key})
    assert (answer.status_code, error_of(answer)["code"]) == (500, "post_creation_failed")
