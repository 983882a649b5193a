"""The ceiling of what one user's posts cost a day at a platform that charges for them."""

from decimal import Decimal

import pytest

from tests.fakes.world import World


@pytest.fixture
def key(world: World) -> str:
    return world.user(connect=("x:x_main", "threads:t_main"))


@pytest.fixture
def world() -> World:
    world = World()
    world.replace_publishing(daily_ceilings={"x": Decimal("0.22")})
    return world


def published(world: World, key: str, text: str) -> dict[str, object]:
    post_id = world.accepted(key, {"text": text, "platform": "x"})
    world.run_for(60)
    return world.run(post_id)


def test_what_goes_over_it_is_not_sent_and_told_so(world: World, key: str) -> None:
    assert published(world, key, "see https://example.com")["status"] == "succeeded"
    assert published(world, key, "plain")["status"] == "succeeded"
    assert world.document("users/ada/spending/x").fields["mills"] == 215
    failed = published(world, key, "one more")
    error = failed["error"]
    assert isinstance(error, dict)
    assert (failed["status"], error["code"]) == ("failed", "daily_ceiling_reached")
    assert "$0.015" in error["message"]
    assert "of the $0.22 a day" in error["message"]
    assert "$0.215 are spent" in error["message"]
    assert world.ledger("x") == ["see https://example.com", "plain"]
    # It is not X that is asked for more, nor another platform's business.
    post_id = world.accepted(key, {"text": "elsewhere", "platform": "threads"})
    world.run_for(60)
    assert world.run(post_id, "threads")["status"] == "succeeded"


def test_the_next_day_begins_anew_and_a_retry_goes_out(world: World, key: str) -> None:
    published(world, key, "see https://example.com")
    published(world, key, "plain")
    post_id = world.accepted(key, {"text": "one more", "platform": "x"})
    world.run_for(60)
    world.clock.advance(24 * 3600)
    answer = world.client().post(f"/v1/posts/{post_id}/retry", headers={"soku-api-key": key})
    assert answer.status_code == 200
    world.run_for(60)
    assert (world.run(post_id)["status"], world.document("users/ada/spending/x").fields["mills"]) == ("succeeded", 15)


def test_a_run_counts_once_however_often_it_is_sent(world: World, key: str) -> None:
    world.fail("x", "publish", "rate_limit", times=3)
    world.fail("x", "publish", "reset_before")
    post_id = world.accepted(key, {"text": "plain", "platform": "x"})
    world.run_for(4 * 3600)
    assert world.run(post_id)["status"] == "succeeded"
    assert world.document("users/ada/spending/x").fields["mills"] == 15


def test_without_one_nothing_is_counted_or_read(key: str, world: World) -> None:
    world.replace_publishing(daily_ceilings={})
    assert published(world, key, "plain")["status"] == "succeeded"
    assert world.paths("users/ada/spending") == []
