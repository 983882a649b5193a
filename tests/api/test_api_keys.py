"""/v1/api-keys: created, listed, revoked, by the person they belong to."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.api_keys.key import hash_of, is_well_formed
from tests.api.conftest import error_of
from tests.fakes.world import World

ADA = {"Authorization": "Bearer token-of-ada"}
EVE = {"Authorization": "Bearer token-of-eve"}


def create(client: FlaskClient, body: Any = None, headers: dict[str, str] = ADA) -> Any:
    return (
        client.post("/v1/api-keys", json=body, headers=headers)
        if body is not None
        else client.post("/v1/api-keys", headers=headers)
    )


def test_a_key_is_shown_once_and_stored_as_its_hash(client: FlaskClient, world: World) -> None:
    answer = create(client, {"name": "My Production Key"})
    assert answer.status_code == 201
    key = answer.get_json()["apiKey"]
    assert list(answer.get_json()) == ["apiKey"]
    assert is_well_formed(key)
    [path] = world.paths("apiKeys/")
    assert path == f"apiKeys/{hash_of(key)}"
    assert key not in str(world.document(path).fields)
    [listed] = client.get("/v1/api-keys", headers=ADA).get_json()["keys"]
    assert listed == {
        "id": hash_of(key),
        "name": "My Production Key",
        "createdAt": "2026-01-15T09:00:00.000Z",
        "revokedAt": None,
        "tokenPreview": f"sk_live_********{key[-4:]}",
    }


@pytest.mark.parametrize("body", [None, {}, {"name": None}])
def test_a_name_is_optional(client: FlaskClient, body: Any) -> None:
    assert create(client, body).status_code == 201


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": ""}, "too_small"),
        ({"name": "x" * 101}, "too_big"),
        ({"name": 1}, "invalid_type"),
        ({"nam": "x"}, "unrecognized_keys"),
    ],
)
def test_a_senseless_name_is_refused(client: FlaskClient, world: World, body: Any, code: str) -> None:
    answer = create(client, body)
    assert (answer.status_code, error_of(answer)["details"][0]["code"]) == (400, code)
    assert world.paths("apiKeys/") == []


def test_creating_is_never_replayed(client: FlaskClient) -> None:
    headers = {**ADA, "Idempotency-Key": "same"}
    assert create(client, {}, headers).get_json() != create(client, {}, headers).get_json()


def test_a_revoked_key_fails_on_the_next_request(client: FlaskClient, world: World) -> None:
    world.user("ada")
    key = create(client, {}).get_json()["apiKey"]
    body = {"post": {"content": {"text": "t", "platform": "x"}}}
    assert client.post("/v1/posts", json=body, headers={"soku-api-key": key}).status_code == 201
    for _ in range(2):
        answer = client.delete(f"/v1/api-keys/{hash_of(key)}", headers=ADA)
        assert (answer.status_code, answer.get_json()) == (200, {"revoked": True})
    assert client.post("/v1/posts", json=body, headers={"soku-api-key": key}).status_code == 401
    [revoked] = [k for k in client.get("/v1/api-keys", headers=ADA).get_json()["keys"] if k["id"] == hash_of(key)]
    assert revoked["revokedAt"] == "2026-01-15T09:00:00.000Z"


@pytest.mark.parametrize("key_id", ["0" * 64, "nothing", "__reserved__", "..", "%2e%2e"])
def test_keys_that_are_not_there(client: FlaskClient, key_id: str) -> None:
    assert client.delete(f"/v1/api-keys/{key_id}", headers=ADA).status_code == 404


def test_other_peoples_keys_are_not_there(client: FlaskClient) -> None:
    key = create(client, {}).get_json()["apiKey"]
    assert client.delete(f"/v1/api-keys/{hash_of(key)}", headers=EVE).status_code == 404
    assert client.get("/v1/api-keys", headers=EVE).get_json() == {"keys": []}


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Bearer junk", "Basic token-of-ada", "token-of-ada"])
def test_who_is_not_signed_in(client: FlaskClient, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    for answer in (client.get("/v1/api-keys", headers=headers), client.post("/v1/api-keys", json={}, headers=headers)):
        assert (answer.status_code, error_of(answer)["code"]) == (401, "unauthorized")


def test_an_api_key_does_not_open_the_keys(client: FlaskClient, world: World) -> None:
    key = world.user("ada")
    assert client.get("/v1/api-keys", headers={"soku-api-key": key}).status_code == 401
