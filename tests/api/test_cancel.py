"""POST /v1/posts/{id}/cancel: what is cancelled was never sent, and what was begun says so."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.documents.document import Update
from tests.api.conftest import error_of
from tests.fakes.world import World


@pytest.fixture
def key(world: World) -> str:
    return world.user("ada", connect=("x:x_main", "threads:t_main"))


@pytest.fixture
def post(world: World, key: str) -> Callable[..., str]:
    return lambda platform="x", **more: world.accepted(key, {"text": "Hello", "platform": platform}, **more)


@pytest.fixture
def cancel(client: FlaskClient, key: str) -> Callable[..., Any]:
    return lambda post_id, **headers: client.post(f"/v1/posts/{post_id}/cancel", headers=headers or {"soku-api-key": key})


LATER = {"scheduledTime": "2026-01-15T12:00:00Z"}


@pytest.mark.parametrize("more", [{}, LATER])
def test_what_was_not_begun_is_cancelled_and_never_sent(
    post: Callable[..., str], cancel: Callable[..., Any], world: World, more: Any
) -> None:
    post_id = post(**more)
    answer = cancel(post_id)
    assert (answer.status_code, answer.get_json()["state"], answer.get_json()["done"]) == (200, "cancelled", True)
    assert [target["state"] for target in answer.get_json()["targets"]] == ["cancelled"]
    assert cancel(post_id).get_json() == answer.get_json()
    world.run_for(5 * 3600)
    assert world.sandbox.ledger == []
    submission = world.submission(post_id)
    assert ("sweepAt" in submission, submission["completedAt"] is not None) == (False, True)


def test_the_same_text_may_be_sent_anew(post: Callable[..., str], cancel: Callable[..., Any], world: World) -> None:
    first = post()
    cancel(first)
    second = post()
    assert second != first
    world.run_for(60)
    assert world.ledger("x") == ["Hello"]


def test_its_files_may_be_deleted_and_count_no_more(
    cancel: Callable[..., Any], client: FlaskClient, world: World, key: str
) -> None:
    headers = {"soku-api-key": key}
    media_id = client.post("/v1/media", json={"url": "https://example.com/photo.jpg"}, headers=headers).get_json()["id"]
    stored = world.document("users/ada").fields["storageBytes"]
    content = {"text": "t", "mediaIds": [media_id], "imageUrls": ["https://example.com/photo.png"]}
    post_id = world.accepted(key, content, scheduledTime="2026-01-15T20:00:00Z")
    world.run_for(60)
    assert world.document("users/ada").fields["storageBytes"] > stored
    assert client.delete(f"/v1/media/{media_id}", headers=headers).status_code == 409
    cancel(post_id)
    assert world.document("users/ada").fields["storageBytes"] == stored
    assert client.delete(f"/v1/media/{media_id}", headers=headers).status_code == 200


def test_of_what_is_begun_only_what_waits_is_cancelled(post: Callable[..., str], cancel: Callable[..., Any], world: World) -> None:
    world.fail("threads", "publish", "rate_limit")
    post_id = post(["x", "threads"])
    world.run_for(5)
    answer = cancel(post_id)
    assert answer.status_code == 200
    shown = {target["platform"]: target for target in answer.get_json()["targets"]}
    assert (shown["x"]["state"], shown["threads"]["state"]) == ("published", "cancelled")
    assert shown["threads"]["error"]["code"] == "cancelled"
    assert (answer.get_json()["state"], answer.get_json()["done"]) == ("partial", True)
    assert cancel(post_id).status_code == 200
    world.run_for(4000)
    assert world.ledger("threads") == []


def test_all_targets_that_wait_make_it_cancelled(post: Callable[..., str], cancel: Callable[..., Any], world: World) -> None:
    world.fail("threads", "publish", "rate_limit")
    post_id = post("threads")
    world.run_for(5)
    assert cancel(post_id).get_json()["state"] == "cancelled"


@pytest.mark.parametrize("changes", [{"phase": "intent"}, {"unresolved": True}, {"leaseUntil": "held"}])
def test_what_may_be_public_or_is_worked_on_cannot_be_cancelled(
    post: Callable[..., str], cancel: Callable[..., Any], world: World, changes: Any
) -> None:
    world.fail("threads", "publish", "rate_limit")
    post_id = post("threads")
    world.run_for(5)
    held = {"leaseUntil": world.clock.now().replace(hour=20)} if "leaseUntil" in changes else {}
    world.documents.commit(Update(f"postSubmissions/{post_id}/runs/threads", {**changes, **held}))
    answer = cancel(post_id)
    assert (answer.status_code, error_of(answer)["code"]) == (409, "already_started")


def test_a_published_post_cannot_be_cancelled(post: Callable[..., str], cancel: Callable[..., Any], world: World) -> None:
    post_id = post()
    world.run_for(60)
    assert error_of(cancel(post_id))["code"] == "already_started"
    assert world.run(post_id)["status"] == "succeeded"


def test_only_ones_own(post: Callable[..., str], cancel: Callable[..., Any], world: World) -> None:
    post_id = post()
    other = world.user("bob")
    assert cancel(post_id, **{"soku-api-key": other}).status_code == 404
    assert cancel("nothing").status_code == 404
    assert cancel(post_id, Authorization="Bearer token-of-ada").status_code == 200
