"""/v1/api-keys: created, listed, revoked, by the person they belong to."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.api_keys.key import hash_of, is_well_formed
from shared.documents.document import Update, Version, Write
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
        ({"name": " \u200b"}, "too_small"),
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


def test_twenty_keys_are_enough_and_a_revoked_one_makes_room(client: FlaskClient, world: World) -> None:
    keys = [create(client, {}).get_json()["apiKey"] for _ in range(20)]
    refused = create(client, {})
    assert (refused.status_code, error_of(refused)["code"]) == (409, "api_key_limit_reached")
    assert len(world.paths("apiKeys/")) == 20
    for _ in range(2):
        assert client.delete(f"/v1/api-keys/{hash_of(keys[0])}", headers=ADA).status_code == 200
    assert create(client, {}).status_code == 201
    assert create(client, {}).status_code == 409
    assert create(client, {}, EVE).status_code == 201, "others have their own"


def test_keys_of_a_version_that_did_not_count_are_counted_once(client: FlaskClient, world: World) -> None:
    keys = [create(client, {}).get_json()["apiKey"] for _ in range(20)]
    del world.memory.contents["users/ada"]
    assert create(client, {}).status_code == 409
    assert client.delete(f"/v1/api-keys/{hash_of(keys[0])}", headers=ADA).status_code == 200
    assert world.document("users/ada").fields["liveApiKeys"] == 19
    world.memory.contents["users/ada"][0].pop("liveApiKeys")
    assert [create(client, {}).status_code for _ in range(2)] == [201, 409]


def test_keys_that_were_revoked_past_us_make_room_too(client: FlaskClient, world: World) -> None:
    for _ in range(20):
        create(client, {})
    for path in world.paths("apiKeys/")[:2]:
        world.documents.commit(Update(path, {"revokedAt": world.clock.now()}))
    assert [create(client, {}).status_code for _ in range(3)] == [201, 201, 409]


@pytest.mark.parametrize("has_document", [False, True])
def test_of_two_twentieth_keys_one_is_refused(client: FlaskClient, world: World, has_document: bool) -> None:
    """A twin commits between the other's read and its commit."""
    if has_document:
        world.user("ada", connect=())
    for _ in range(19 - has_document):
        create(client, {})
    commit, answers = world.memory.commit, []

    def overtaken(*writes: Write) -> Version:
        if not answers and any(write.path.startswith("apiKeys/") for write in writes):
            answers.append(None)
            answers[0] = create(client, {}).status_code
        return commit(*writes)

    world.memory.commit = overtaken  # type: ignore[method-assign]
    answers.append(create(client, {}).status_code)
    assert answers == [201, 409]
    assert len(world.paths("apiKeys/")) == 20


def test_keys_come_in_pages(client: FlaskClient, world: World) -> None:
    created = []
    for _ in range(7):
        created.append(hash_of(create(client, {}).get_json()["apiKey"]))
        world.clock.advance(0 if len(created) == 3 else 1)
    whole = client.get("/v1/api-keys", headers=ADA).get_json()
    assert list(whole) == ["keys"]
    assert {key["id"] for key in whole["keys"]} == set(created)
    pages, query = [], "?limit=3"
    while query:
        answer = client.get(f"/v1/api-keys{query}", headers=ADA).get_json()
        pages.append(answer["keys"])
        query = f"?limit=3&cursor={answer['nextCursor']}" if answer["nextCursor"] else ""
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [key for page in pages for key in page] == whole["keys"]
    exactly = client.get("/v1/api-keys?limit=7", headers=ADA).get_json()
    assert exactly == {**whole, "nextCursor": None}


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("limit=0", "query.limit", "too_small"),
        ("limit=101", "query.limit", "too_big"),
        ("limit=many", "query.limit", "invalid_type"),
        ("limit=", "query.limit", "invalid_type"),
        ("cursor=", "query.cursor", "invalid_string"),
        ("cursor=%00", "query.cursor", "invalid_string"),
        ("cursor=AAAA", "query.cursor", "invalid_string"),
        ("cursor=" + "A" * 501, "query.cursor", "too_big"),
        # 2026-01-15T09:00:00+00:00 apiKeys/
        ("cursor=MjAyNi0wMS0xNVQwOTowMDowMCswMDowMCBhcGlLZXlzLw", "query.cursor", "invalid_string"),
        # 2026-01-15T09:00:00+00:00 users/eve
        ("cursor=MjAyNi0wMS0xNVQwOTowMDowMCswMDowMCB1c2Vycy9ldmU", "query.cursor", "invalid_string"),
        ("limt=3", "query.limt", "unrecognized_keys"),
    ],
)
def test_a_senseless_page_is_refused(client: FlaskClient, query: str, field: str, code: str) -> None:
    answer = client.get(f"/v1/api-keys?{query}", headers=ADA)
    assert answer.status_code == 400
    [detail] = error_of(answer)["details"]
    assert (detail["field"], detail["code"]) == (field, code)


def test_a_disabled_users_keys_and_tokens_open_nothing(client: FlaskClient, world: World) -> None:
    key = world.user("ada")
    world.documents.commit(Update("users/ada", {"disabled": True}))
    body = {"post": {"content": {"text": "t", "platform": "x"}}}
    answers = [
        client.post("/v1/posts", json=body, headers={"soku-api-key": key}),
        create(client, {}),
        client.get("/v1/api-keys", headers=ADA),
        client.get("/v1/integrations", headers=ADA),
    ]
    for answer in answers:
        assert (answer.status_code, error_of(answer)["message"]) == (401, "Account disabled")
    world.documents.commit(Update("users/ada", {"disabled": False}))
    assert client.post("/v1/posts", json=body, headers={"soku-api-key": key}).status_code == 201
