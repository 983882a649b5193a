"""`publishWithinSeconds`: no public call is begun later than that; what was never sent is missed."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from shared.accounts.account import AccountKey
from shared.http.client import HttpAnswer, HttpRequest
from shared.media.storage import StorageUnavailable
from tests.fakes.world import World

X: Mapping[str, Any] = {"text": "Hello", "platform": "x"}
AT = "2026-01-15T10:00:00Z"


@pytest.fixture
def key(world: World) -> str:
    return world.user(connect=["x:x_main", "threads:t_main"])


def test_a_post_that_nobody_began_in_time_is_missed_with_a_run_for_each_target(world: World, key: str) -> None:
    post_id = world.accepted(key, {"text": "t", "platform": ["x", "threads"]}, scheduledTime=AT, publishWithinSeconds=300)
    world.clock.advance(3600 + 300)
    world.run_for(120)
    submission = world.submission(post_id)
    assert (submission["state"], submission["runCounts"]) == (
        "missed",
        {"total": 2, "succeeded": 0, "failed": 2, "outcomeUnknown": 0, "missed": 2},
    )
    assert {world.run(post_id, run)["error"]["code"] for run in ("x", "threads")} == {"missed"}
    assert "within 5 minutes" in world.run(post_id)["error"]["message"]
    assert world.sandbox.ledger == []
    publish = world.client().post(f"/v1/posts/{post_id}/publish", headers={"soku-api-key": key})
    assert (publish.status_code, "retry it" in publish.get_json()["error"]["message"]) == (409, True)
    # The derived key is free again.
    assert world.accepted(key, {"text": "t", "platform": ["x", "threads"]}, publishWithinSeconds=300) != post_id


def test_a_post_that_is_begun_a_moment_before_is_published(world: World, key: str) -> None:
    post_id = world.accepted(key, X, scheduledTime=AT, publishWithinSeconds=300)
    world.clock.advance(3600 + 299)
    world.run_for(0.5)
    world.sweep()
    world.deliver_due()
    assert (world.submission(post_id)["state"], world.ledger()) == ("published", ["Hello"])


def test_a_run_whose_account_waits_is_missed_at_its_time_and_says_what_it_waited_for(world: World, key: str) -> None:
    world.tokens.park(AccountKey("ada", "x", "x_main"), world.clock.now() + timedelta(hours=1))
    post_id = world.accepted(key, X, publishWithinSeconds=300)
    world.run_for(600)
    run = world.run(post_id)
    assert (run["error"]["code"], (run["completedAt"] - run["dueAt"]).total_seconds()) == ("missed", 300)
    assert "limit for this account has not reset" in run["error"]["message"]
    world.run_for(3600)
    assert world.ledger() == []


def test_a_run_that_was_sent_and_refused_is_not_sent_again_and_not_called_missed(world: World, key: str) -> None:
    world.fail("x", "publish", "rate_limit", times=10**6)
    post_id = world.accepted(key, X, publishWithinSeconds=300)
    world.run_for(1200)
    assert (world.run(post_id)["error"]["code"], world.submission(post_id)["state"]) == ("deadline_exceeded", "failed")
    assert world.ledger() == []


def test_the_time_is_looked_at_right_before_the_intent(world: World, key: str) -> None:
    clock, send = world.clock, world.http.send

    class Slow:
        """Whose preparing takes longer than the post may be late."""

        def send(self, request: HttpRequest) -> HttpAnswer:
            answer = send(request)
            clock.advance(301)
            return answer

    post_id = world.accepted(key, {"text": "t", "platform": "threads"}, publishWithinSeconds=300)
    world.replace_publishing(http=Slow())
    world.run_for(600)
    assert world.run(post_id, "threads")["error"]["code"] == "missed"
    assert world.ledger() == []


def test_what_may_be_public_is_looked_for_as_long_as_ever(world: World, key: str) -> None:
    world.fail("x", "publish", "reset_after")
    world.fail("x", "list_posts", "server_error_before", times=6)
    post_id = world.accepted(key, X, publishWithinSeconds=300)
    world.run_for(3 * 3600)
    assert (world.run(post_id)["status"], world.ledger()) == ("succeeded", ["Hello"])


def test_what_provably_is_not_public_is_not_sent_again_too_late(world: World, key: str) -> None:
    world.fail("x", "publish", "reset_before")
    world.fail("x", "list_posts", "server_error_before", times=10)
    post_id = world.accepted(key, X, publishWithinSeconds=300)
    world.run_for(12 * 3600)
    assert (world.run(post_id)["error"]["code"], world.ledger()) == ("deadline_exceeded", [])


def test_what_only_sending_it_again_would_tell_stays_unknown(world: World) -> None:
    key = world.user(connect=["linkedin:person_main"])
    world.fail("linkedin", "publish", "reset_after")
    post_id = world.accepted(key, {"text": "t", "platform": "linkedin"}, publishWithinSeconds=300)
    world.clock.advance(1)
    world.deliver_due()
    world.clock.advance(300)
    world.run_for(3600)
    assert (world.run(post_id, "linkedin")["error"]["code"], len(world.ledger())) == ("outcome_unknown", 1)


def test_files_that_are_not_there_in_time_end_it(world: World, key: str) -> None:
    def down(*_: Any, **__: Any) -> None:
        raise StorageUnavailable("503")

    world.storage.write = down  # type: ignore[method-assign]
    photo = {"text": "t", "platform": "threads", "imageUrls": ["https://example.com/photo.jpg"]}
    post_id = world.accepted(key, photo, publishWithinSeconds=300)
    world.run_for(900)
    assert (world.submission(post_id)["state"], world.ledger()) == ("missed", [])


@pytest.mark.parametrize("seconds", [299, 86_401, 300.5, "300", True])
def test_it_is_between_five_minutes_and_a_day(world: World, key: str, seconds: Any) -> None:
    answer = world.post(key, dict(X), publishWithinSeconds=seconds)
    assert [one["field"] for one in answer.get_json()["error"]["details"]] == ["body.publishWithinSeconds"]
