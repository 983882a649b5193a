"""Keys that may do less, end by themselves or are replaced; GET /v1/me; GET /v1/requests."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.conftest import error_of
from tests.fakes.world import World

ADA = {"Authorization": "Bearer token-of-ada"}
HELLO = {"post": {"content": {"text": "t", "platform": "x"}}}


def create(client: FlaskClient, **body: Any) -> Any:
    return client.post("/v1/api-keys", json=body, headers=ADA)


@pytest.fixture(autouse=True)
def _later(world: World, key: str) -> None:
    """Keys are listed by the moment in which they were made."""
    world.clock.advance(1)


def new_key(client: FlaskClient, **body: Any) -> str:
    answer = create(client, **body)
    assert answer.status_code == 201, answer.get_json()
    return answer.get_json()["apiKey"]


def listed(client: FlaskClient) -> list[dict[str, Any]]:
    return client.get("/v1/api-keys", headers=ADA).get_json()["keys"]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/v1/posts", "posts:write"),
        ("POST", "/v1/media", "media"),
        ("GET", "/v1/media", "media"),
        ("DELETE", "/v1/media/x", "media"),
        ("POST", "/v1/ai/transcribe", "ai"),
        ("POST", "/v1/templates", "ai"),
        ("POST", "/v1/media/render-og", "ai"),
        ("GET", "/v1/credits", "posts:read"),
        ("GET", "/v1/requests", "posts:read"),
    ],
)
def test_a_scoped_key_does_what_its_scopes_say_and_nothing_else(
    client: FlaskClient, key: str, method: str, path: str, scope: str
) -> None:
    allowed = new_key(client, scopes=[scope])
    others = [one for one in ("posts:read", "posts:write", "media", "ai", "webhooks", "manage") if one != scope]
    refused = client.open(path, method=method, json={}, headers={"soku-api-key": new_key(client, scopes=others)})
    assert (refused.status_code, error_of(refused)["code"]) == (403, "forbidden")
    assert scope in error_of(refused)["message"]
    assert client.open(path, method=method, json={}, headers={"soku-api-key": allowed}).status_code != 403


def test_a_key_without_scopes_does_everything(client: FlaskClient, key: str) -> None:
    assert client.post("/v1/posts", json=HELLO, headers={"soku-api-key": new_key(client)}).status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": []}, "body.scopes"),
        ({"scopes": ["everything"]}, "body.scopes.0"),
        ({"scopes": "media"}, "body.scopes"),
        ({"expiresAt": "tomorrow"}, "body.expiresAt"),
        ({"expiresAt": "2026-01-15T09:00:00Z"}, "body.expiresAt"),
    ],
)
def test_bad_keys(client: FlaskClient, key: str, body: Any, field: str) -> None:
    answer = create(client, **body)
    assert (answer.status_code, [detail["field"] for detail in error_of(answer)["details"]]) == (400, [field])


def test_a_key_ends_by_itself(client: FlaskClient, world: World, key: str) -> None:
    ending = new_key(client, name="short", expiresAt="2026-01-15T10:00:00Z")
    headers = {"soku-api-key": ending}
    assert client.get("/v1/me", headers=headers).status_code == 200
    assert listed(client)[0]["expiresAt"] == "2026-01-15T10:00:00.000Z"
    world.clock.advance(3600)
    answer = client.get("/v1/me", headers=headers)
    assert (answer.status_code, error_of(answer)["message"]) == (401, "API key expired")


def test_expired_keys_make_room(client: FlaskClient, world: World, key: str) -> None:
    for _ in range(19):
        new_key(client, expiresAt="2026-01-15T10:00:00Z")
    assert create(client).status_code == 409
    world.clock.advance(3601)
    assert create(client).status_code == 201


def test_a_key_is_replaced_with_an_overlap(client: FlaskClient, world: World, key: str) -> None:
    old = new_key(client, name="server", scopes=["posts:write"])
    old_id = next(one["id"] for one in listed(client) if one["name"] == "server")
    answer = client.post(f"/v1/api-keys/{old_id}/rotate", json={"overlapSeconds": 600}, headers=ADA)
    assert answer.status_code == 201
    new = answer.get_json()["apiKey"]
    assert {client.post("/v1/posts", json=HELLO, headers={"soku-api-key": one}).status_code for one in (old, new)} == {201}
    assert client.get("/v1/credits", headers={"soku-api-key": new}).status_code == 403, "of the same scopes"
    world.clock.advance(600)
    assert client.post("/v1/posts", json=HELLO, headers={"soku-api-key": old}).status_code == 401
    assert client.post("/v1/posts", json=HELLO, headers={"soku-api-key": new}).status_code == 201
    assert client.post(f"/v1/api-keys/{old_id}/rotate", json={}, headers=ADA).status_code == 404


def test_or_at_once(client: FlaskClient, world: World, key: str) -> None:
    old = new_key(client)
    old_id = listed(client)[0]["id"]
    new = client.post(f"/v1/api-keys/{old_id}/rotate", headers=ADA).get_json()["apiKey"]
    assert client.get("/v1/me", headers={"soku-api-key": old}).status_code == 401
    assert client.get("/v1/me", headers={"soku-api-key": new}).status_code == 200
    assert world.document("users/ada").fields["liveApiKeys"] == 2


@pytest.mark.parametrize("body", [{"overlapSeconds": -1}, {"overlapSeconds": 604_801}, {"overlap": 5}])
def test_bad_rotations(client: FlaskClient, key: str, body: Any) -> None:
    assert client.post(f"/v1/api-keys/{listed(client)[0]['id']}/rotate", json=body, headers=ADA).status_code == 400


def test_nobody_rotates_anothers_key(client: FlaskClient, world: World, key: str) -> None:
    world.user("bob")
    other = client.get("/v1/api-keys", headers={"Authorization": "Bearer token-of-bob"}).get_json()["keys"][0]["id"]
    for key_id in (other, "nothing", "0" * 64):
        assert client.post(f"/v1/api-keys/{key_id}/rotate", headers=ADA).status_code == 404


def test_when_a_key_was_used_is_noted_once_an_hour(client: FlaskClient, world: World, key: str) -> None:
    def used() -> Any:
        return listed(client)[0].get("lastUsedAt")

    assert used() is None
    client.get("/v1/me", headers={"soku-api-key": key})
    assert used() == "2026-01-15T09:00:01.000Z"
    world.clock.advance(3599)
    client.get("/v1/me", headers={"soku-api-key": key})
    assert used() == "2026-01-15T09:00:01.000Z"
    world.clock.advance(1)
    client.get("/v1/me", headers={"soku-api-key": key})
    assert used() == "2026-01-15T10:00:01.000Z"


def test_me(client: FlaskClient, world: World, key: str) -> None:
    told = client.get("/v1/me", headers={"soku-api-key": key}).get_json()
    assert told == {
        "uid": "ada",
        "apiKeyId": listed(client)[0]["id"],
        "scopes": None,
        "tier": "premium",
        "subscription": {"status": "active", "currentPeriodEnd": "2026-04-15T09:00:00.000Z"},
        "credits": 0,
        "limits": {"requests": 100, "burst": 100, "storageBytes": 0, "storageQuotaBytes": 20 << 30},
    }
    signed_in = client.get("/v1/me", headers=ADA).get_json()
    assert (signed_in["apiKeyId"], signed_in["tier"]) == (None, "authenticated")
    assert client.get("/v1/me").status_code == 401
    world.user("carol", subscription={"status": "canceled"})
    assert client.get("/v1/me", headers={"Authorization": "Bearer token-of-carol"}).status_code == 403


def test_requests_are_listed_newest_first_and_filtered(client: FlaskClient, world: World, key: str) -> None:
    headers = {"soku-api-key": key}
    client.post("/v1/posts", json=HELLO, headers={**headers, "X-Request-ID": "mine"})
    world.clock.advance(1)
    client.post("/v1/posts", json={}, headers=headers)
    world.clock.advance(1)

    def ask(query: str = "") -> list[tuple[str, int]]:
        found = client.get(f"/v1/requests{query}", headers=headers).get_json()["requests"]
        return [(one["route"], one["status"]) for one in found if one["route"] == "POST /v1/posts"]

    assert ask() == [("POST /v1/posts", 400), ("POST /v1/posts", 201)]
    assert ask("?requestId=mine") == [("POST /v1/posts", 201)]
    assert ask("?status=400") == [("POST /v1/posts", 400)]
    assert len(ask("?route=POST%20/v1/posts")) == 2
    assert len(ask(f"?key={listed(client)[0]['id']}")) == 2
    assert ask("?key=nothing") == []
    answer = client.get("/v1/requests?status=400&route=x", headers=headers)
    assert (answer.status_code, "at most one" in error_of(answer)["details"][0]["message"]) == (400, True)
    assert client.get("/v1/requests?status=many", headers=headers).status_code == 400
    assert client.get("/v1/requests?cursor=nonsense", headers=headers).status_code == 400


def test_a_log_holds_no_secret_and_no_body(client: FlaskClient, world: World, key: str) -> None:
    client.post("/v1/posts", json=HELLO, headers={"soku-api-key": key})
    [entry] = [world.document(path).fields for path in world.paths("users/ada/apiRequests/")]
    assert entry["expireAt"] - entry["createdAt"] == timedelta(days=30)
    told = str(entry)
    assert key not in told
    assert "'text'" not in told
