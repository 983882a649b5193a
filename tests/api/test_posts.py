"""POST /v1/posts, from the specification's pages."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from shared.documents.document import Merge
from tests.api.conftest import error_of
from tests.fakes.world import World

HELLO = {"post": {"content": {"text": "Hello from the Soku API!", "platform": ["x"]}}}


def post(client: FlaskClient, key: str, body: Any = HELLO, **headers: str) -> Any:
    return client.post("/v1/posts", json=body, headers={"soku-api-key": key, **headers})


def content(**fields: Any) -> dict[str, Any]:
    return {"post": {"content": {"text": "t", "platform": "x", **fields}}}


def test_a_post_is_accepted_and_stored(client: FlaskClient, world: World, key: str) -> None:
    answer = post(client, key)
    assert answer.status_code == 201
    submission_id = answer.get_json()["postSubmissionId"]
    assert list(answer.get_json()) == ["postSubmissionId"]
    assert str(UUID(submission_id)) == submission_id
    submission = world.submission(submission_id)
    assert submission["status"] == "queued"
    assert submission["post"] == HELLO["post"]
    [target] = submission["targets"]
    assert target.pop("facts")["premium"] is False
    assert target.pop("field") == "body.post.content.platform.0"
    assert target == {"platform": "x", "accountId": "x_main", "targetId": "x:x_main", "runId": "x"}
    [log] = world.paths("users/ada/apiRequests/")
    assert world.document(log).fields["status"] == 201


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_it_answers_with_and_without_the_functions_name(client: FlaskClient, key: str, prefix: str) -> None:
    assert client.post(f"{prefix}/v1/posts", json=HELLO, headers={"soku-api-key": key}).status_code == 201
    assert client.get(f"{prefix}/health").status_code == 200


@pytest.mark.parametrize(
    ("platform", "targets"),
    [
        ("x", ["x:x_main"]),
        ({"platform": "instagram", "accountId": "ig_a"}, ["instagram:ig_a"]),
        (["x", {"platform": "instagram", "accountId": "ig_a"}], ["x:x_main", "instagram:ig_a"]),
        ([{"platform": "x", "accountId": "x_main", "targetId": "mine"}], ["mine"]),
        ([{"platform": "x", "accountId": None}], ["x:x_main"]),
    ],
)
def test_every_way_to_name_a_platform(client: FlaskClient, world: World, key: str, platform: Any, targets: list[str]) -> None:
    answer = post(client, key, content(platform=platform, imageUrls=["https://example.com/photo.jpg"]))
    assert answer.status_code == 201, answer.get_json()
    submission = world.submission(answer.get_json()["postSubmissionId"])
    assert [target["targetId"] for target in submission["targets"]] == targets


# Idempotency


def test_the_same_request_again_is_a_replay(client: FlaskClient, world: World, key: str) -> None:
    first, again = post(client, key), post(client, key)
    assert (again.status_code, again.get_json()) == (201, first.get_json())
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert first.headers["Idempotency-Key"] == again.headers["Idempotency-Key"]
    assert len(world.paths("postSubmissions/")) == 1


def test_key_order_and_blanks_do_not_make_another_request(client: FlaskClient, key: str) -> None:
    ordered = post(client, key)
    body = json.dumps({"post": {"content": dict(reversed(HELLO["post"]["content"].items()))}}, indent=4)
    shuffled = client.post("/v1/posts", data=body, content_type="application/json", headers={"soku-api-key": key})
    assert shuffled.get_json() == ordered.get_json()


def test_an_explicit_key_is_echoed_and_replayed(client: FlaskClient, world: World, key: str) -> None:
    first = post(client, key, **{"Idempotency-Key": "unique-request-id-123"})
    again = post(client, key, **{"Idempotency-Key": "unique-request-id-123"})
    assert first.headers["Idempotency-Key"] == "unique-request-id-123"
    assert again.get_json() == first.get_json()
    assert len(world.paths("postSubmissions/")) == 1


def test_a_key_with_another_body_is_a_conflict_and_stores_nothing(client: FlaskClient, world: World, key: str) -> None:
    post(client, key, **{"Idempotency-Key": "k"})
    answer = post(client, key, content(text="other"), **{"Idempotency-Key": "k"})
    assert answer.status_code == 409
    assert error_of(answer)["code"] == "idempotency_conflict"
    assert len(world.paths("postSubmissions/")) == 1


def test_keys_belong_to_their_user(client: FlaskClient, world: World, key: str) -> None:
    other = world.user("bob", connect=["x:x_bob"])
    mine = post(client, key, **{"Idempotency-Key": "k"})
    theirs = post(client, other, content(text="other"), **{"Idempotency-Key": "k"})
    assert theirs.status_code == 201
    assert mine.get_json() != theirs.get_json()


def test_a_key_of_ones_own_is_new_again_after_thirty_days(client: FlaskClient, world: World, key: str) -> None:
    first = post(client, key, **{"Idempotency-Key": "k"})
    world.clock.advance(30 * 24 * 3600 - 1)
    assert post(client, key, **{"Idempotency-Key": "k"}).get_json() == first.get_json()
    world.clock.advance(1)
    answer = post(client, key, content(text="other"), **{"Idempotency-Key": "k"})
    assert answer.status_code == 201
    assert answer.get_json() != first.get_json()
    assert post(client, key, content(text="other"), **{"Idempotency-Key": "k"}).get_json() == answer.get_json()


def test_a_derived_key_is_new_again_after_a_day(client: FlaskClient, world: World, key: str) -> None:
    first = post(client, key)
    world.clock.advance(24 * 3600 - 1)
    assert post(client, key).get_json() == first.get_json()
    world.clock.advance(1)
    assert post(client, key).get_json() != first.get_json()


def test_a_conflict_says_which_post_it_was_and_what_differs_but_no_value(client: FlaskClient, key: str) -> None:
    first = post(client, key, **{"Idempotency-Key": "k"})
    other = json.loads(json.dumps(HELLO))
    other["post"]["content"]["text"], other["scheduledTime"] = "secret", "2030-01-31T18:30:00Z"
    answer = post(client, key, other, **{"Idempotency-Key": "k"})
    assert (answer.status_code, error_of(answer)["code"]) == (409, "idempotency_conflict")
    details = error_of(answer)["details"]
    assert details["postSubmissionId"] == first.get_json()["postSubmissionId"]
    assert details["differs"] == ["body.post.content.text", "body.scheduledTime"]
    assert "secret" not in answer.get_data(as_text=True)


def test_twenty_five_at_once_make_one_post(client: FlaskClient, world: World, key: str) -> None:
    with ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(lambda _: post(client.application.test_client(), key), range(25)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.get_json()["postSubmissionId"] for answer in answers}) == 1
    assert len(world.paths("postSubmissions/")) == 1


def test_a_refusal_that_depends_on_the_world_gives_way_to_a_replay(client: FlaskClient, world: World, key: str) -> None:
    body = HELLO | {"scheduledTime": (world.clock.now() + timedelta(minutes=5)).isoformat()}
    first = post(client, key, body)
    world.clock.advance(600)
    again = post(client, key, body)
    assert (again.status_code, again.get_json()) == (201, first.get_json())


@pytest.mark.parametrize("value", ["", "é", "x" * 256, "tab\there"])
def test_a_senseless_key_is_refused(client: FlaskClient, key: str, value: str) -> None:
    answer = client.post(
        "/v1/posts", json=HELLO, headers=[("soku-api-key", key), ("Idempotency-Key", value.encode().decode("latin-1"))]
    )
    assert answer.status_code == 400
    assert error_of(answer)["details"][0]["field"] == "headers.Idempotency-Key"


# Who may


@pytest.mark.parametrize(
    ("subscription", "status", "message"),
    [
        ({"status": "trialing"}, 201, None),
        ({"status": "trialing", "days": 3}, 201, None),
        ({"status": "trialing", "days": -1}, 403, "Subscription inactive or expired"),
        ({"status": "active", "days": 3}, 201, None),
        ({"status": "active", "days": -1}, 403, "Subscription inactive or expired"),
        ({"status": "active"}, 403, "Subscription inactive or expired"),
        ({"status": "past_due", "days": 3}, 403, "Subscription inactive or expired"),
        ({}, 403, "Subscription required"),
    ],
)
def test_subscriptions(client: FlaskClient, world: World, subscription: dict[str, Any], status: int, message: str | None) -> None:
    days = subscription.pop("days", None)
    if days is not None:
        subscription["currentPeriodEnd"] = world.clock.now() + timedelta(days=days)
    key = world.user("carol", connect=["x:x_carol"], subscription=subscription or {"status": None})
    answer = post(client, key)
    assert answer.status_code == status
    if message:
        assert (error_of(answer)["code"], error_of(answer)["message"]) == ("forbidden", message)


def test_keys_that_do_not_open(client: FlaskClient, world: World, key: str) -> None:
    from shared.api_keys.issue import revoke_key
    from shared.api_keys.key import hash_of, new_key

    revoked = world.user("dora", connect=["x:x_dora"])
    revoke_key("dora", hash_of(revoked), documents=world.documents, clock=world.clock)
    reads = world.memory.counts.reads
    cases = [(None, "Missing or invalid soku-api-key"), ("sk_live_junk", "Invalid API key")]
    for value, message in cases:
        answer = client.post("/v1/posts", json=HELLO, headers={"soku-api-key": value} if value else {})
        assert (answer.status_code, error_of(answer)["code"], error_of(answer)["message"]) == (401, "unauthorized", message)
    assert world.memory.counts.reads == reads, "junk costs no read"
    for value, message in ((new_key(), "Invalid API key"), (revoked, "API key revoked")):
        answer = post(client, value)
        assert (answer.status_code, error_of(answer)["message"]) == (401, message)


# Media


def test_media_of_ones_own_is_found_by_id_and_by_address(client: FlaskClient, world: World, key: str) -> None:
    for media_id, uid in (("m" * 22, "ada"), ("e" * 22, "eve")):
        url = f"https://storage.test/media/{media_id}.jpg"
        stored = {"storagePath": f"media/{media_id}.jpg", "sizeBytes": 1000, "sha256": "00", "width": 1080, "height": 1080}
        fields = {"uid": uid, "contentType": "image/jpeg", "url": url, **stored}
        world.memory.contents[f"media/{media_id}"] = (fields, world.memory._version)
    answer = post(client, key, content(mediaIds=["m" * 22], mediaUrls=[f"https://storage.test/media/{'m' * 22}.jpg"]))
    assert answer.status_code == 201, answer.get_json()
    media = world.submission(answer.get_json()["postSubmissionId"])["content"]["media"]
    assert [item["mediaId"] for item in media] == ["m" * 22, "m" * 22]
    for foreign in ("e" * 22, "nothing-there"):
        refused = post(client, key, content(mediaIds=[foreign]))
        assert refused.status_code == 400
        assert error_of(refused)["details"][0]["field"] == "body.post.content.mediaIds.0"


def test_a_platform_whose_only_account_is_dead_says_so(world: World) -> None:
    key = world.user(connect=("threads:th_main",))
    world.documents.commit(Merge("users/ada", {"accounts": {"threads": {"th_main": "needs_reauth"}}}))
    answer = world.post(key, {"text": "t", "platform": ["threads"]})
    [detail] = answer.get_json()["error"]["details"]
    assert detail["message"] == "The Threads account 'th_main' has to be connected again."
