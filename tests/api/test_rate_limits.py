"""The limits as customers meet them: headers on every answer, 429 with the seconds to wait, and who is counted as what."""

import logging
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from functions.api.request.limits import Limiter
from shared.documents.document import Merge
from tests.api.conftest import error_of
from tests.api.test_every_answer import answers
from tests.fakes.world import World

HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Tier")
HELLO = {"post": {"content": {"text": "t", "platform": "x"}}}


def limits_of(answer: Any) -> tuple[str, ...]:
    return tuple(answer.headers[name] for name in HEADERS)


def send(client: FlaskClient, key: str, number: int = 0, **headers: str) -> Any:
    body = {"post": {"content": {"text": f"t{number}", "platform": "x"}}}
    return client.post("/v1/posts", json=body, headers={"soku-api-key": key, **headers})


def log_of(world: World, uid: str = "ada") -> list[int]:
    return [world.document(path).fields["status"] for path in world.paths(f"users/{uid}/apiRequests/")]


def test_every_answer_carries_the_four_headers(client: FlaskClient, key: str) -> None:
    for status, answer in answers(client, key).items():
        assert answer.status_code == status
        assert answer.headers["X-RateLimit-Tier"] == ("premium" if status in (201, 400, 415) else "default")
        assert answer.headers["X-RateLimit-Reset"] == "2026-01-15T09:01:00.000Z"
        assert 0 <= int(answer.headers["X-RateLimit-Remaining"]) <= int(answer.headers["X-RateLimit-Limit"])


def test_a_500_too(client: FlaskClient, world: World, key: str) -> None:
    class Failing:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError("down")

    world.api_ports = replace(world.api_ports, documents=Failing())
    answer = send(client, key)
    assert answer.status_code == 500
    assert limits_of(answer) == ("25", "25", "2026-01-15T09:01:00.000Z", "default")


def test_thirty_posts_a_minute(client: FlaskClient, world: World, key: str) -> None:
    world.clock.advance(17.5)
    sent = [send(client, key, number) for number in range(32)]
    assert [answer.status_code for answer in sent] == [201] * 30 + [429] * 2
    assert limits_of(sent[0]) == ("30", "29", "2026-01-15T09:01:00.000Z", "premium")
    refused = sent[-1]
    assert refused.headers["Retry-After"] == "43"
    assert error_of(refused)["message"] == "Rate limit exceeded. Try again in 43 seconds."
    assert (error_of(refused)["type"], error_of(refused)["code"]) == ("invalid_request_error", "rate_limit_exceeded")
    assert limits_of(refused) == ("30", "0", "2026-01-15T09:01:00.000Z", "premium")
    # The second refusal of the same key at the same route is not logged again.
    assert sorted(log_of(world)) == [201] * 30 + [429]
    world.clock.advance(43)
    assert send(client, key, 40).status_code == 201


def test_a_refused_request_publishes_and_remembers_nothing(client: FlaskClient, world: World, key: str) -> None:
    for number in range(30):
        send(client, key, number)
    before = len(world.paths("postSubmissions/"))
    assert send(client, key, 99, **{"Idempotency-Key": "mine"}).status_code == 429
    assert len(world.paths("postSubmissions/")) == before
    world.clock.advance(60)
    assert send(client, key, 100, **{"Idempotency-Key": "mine"}).status_code == 201


def test_a_tier_admits_its_limit_and_its_burst_over_all_keys(client: FlaskClient, world: World, key: str) -> None:
    other = world.user(connect=[])
    sent = [client.post("/v1/posts", json={}, headers={"soku-api-key": (key, other)[n % 2]}) for n in range(202)]
    # Past the endpoint's thirty, each still takes a unit of the tier.
    assert [answer.status_code for answer in sent].count(400) == 30
    assert limits_of(sent[-1]) == ("100", "0", "2026-01-15T09:01:00.000Z", "premium")
    assert limits_of(sent[199])[0] == "30"


def test_a_signed_in_person_is_authenticated(client: FlaskClient, world: World, key: str) -> None:
    headers = {"Authorization": "Bearer token-of-ada"}
    sent = [client.get("/v1/api-keys", headers=headers) for _ in range(91)]
    assert [answer.status_code for answer in sent] == [200] * 90 + [429]
    assert limits_of(sent[0]) == ("60", "59", "2026-01-15T09:01:00.000Z", "authenticated")
    # The keys of the same user have a window of their own.
    assert send(client, key).status_code == 201


def test_a_key_without_a_subscription_is_authenticated_and_counted(client: FlaskClient, world: World) -> None:
    key = world.user("bob", subscription={"status": "canceled"})
    sent = [send(client, key) for _ in range(91)]
    assert [answer.status_code for answer in sent] == [403] * 30 + [429] * 61
    assert sent[0].headers["X-RateLimit-Tier"] == "authenticated"


def test_admins_have_their_tier_and_no_endpoint_windows(client: FlaskClient, world: World, key: str) -> None:
    world.documents.commit(Merge("users/ada", {"admin": True}))
    sent = [client.post("/v1/posts", json={}, headers={"soku-api-key": key}) for _ in range(101)]
    assert {answer.status_code for answer in sent} == {400}
    assert limits_of(sent[-1]) == ("200", "99", "2026-01-15T09:01:00.000Z", "admin")


def with_settings(world: World, **settings: Any) -> None:
    changed = world.api_ports.settings.model_copy(update=settings)
    limiter = Limiter.of(changed, world.documents, world.clock)
    world.api_ports = replace(world.api_ports, settings=changed, limiter=limiter)


def test_addresses_of_the_operators_own_are_admins(client: FlaskClient, world: World, key: str) -> None:
    from shared.core.settings import RateLimits

    networks = RateLimits.model_validate({"GOOGLE_CLOUD_PROJECT": "p", "SOKU_ADMIN_IPS": "127.0.0.1, 2001:db8::/48"}).admin_ips
    with_settings(world, admin_ips=networks)
    assert send(client, key).headers["X-RateLimit-Tier"] == "admin"
    assert client.get("/health").headers["X-RateLimit-Tier"] == "admin"


def test_strangers_are_refused_before_anything_is_looked_up(client: FlaskClient, world: World, key: str) -> None:
    sent = [send(client, "sk_live_guess") for _ in range(36)]
    assert [answer.status_code for answer in sent] == [401] * 35 + [429]
    assert limits_of(sent[0]) == ("25", "24", "2026-01-15T09:01:00.000Z", "default")
    before = world.memory.counts.rpcs
    assert send(client, key).status_code == 429
    assert client.get("/v1/nothing").status_code == 429
    assert client.get("/health").status_code == 429
    assert world.memory.counts.rpcs == before


def test_a_key_that_was_valid_moments_ago_is_not_shut_out_with_its_neighbours(client: FlaskClient, key: str) -> None:
    assert send(client, key, 1).status_code == 201
    for _ in range(40):
        client.get("/v1/nothing")
    assert client.get("/v1/nothing").status_code == 429
    assert send(client, key, 2).status_code == 201
    assert send(client, "sk_live_other").status_code == 429


@pytest.mark.parametrize(
    ("proxies", "forwarded", "counted_as"),
    [
        (0, "198.51.100.1", "127.0.0.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        (2, "203.0.113.9, 198.51.100.1, 192.0.2.1", "198.51.100.1"),
        (2, "198.51.100.1", "127.0.0.1"),
        (1, "", "127.0.0.1"),
    ],
)
def test_an_address_is_taken_from_proxies_that_are_trusted(
    client: FlaskClient, world: World, proxies: int, forwarded: str, counted_as: str
) -> None:
    """What a client writes before its own address is no address of its."""
    with_settings(world, trusted_proxies=proxies)
    client.get("/health", headers={"X-Forwarded-For": forwarded} if forwarded else {})
    assert world.api_ports.limiter.strangers.shown(counted_as).remaining == 24


def test_a_preflight_is_counted_against_nobody(client: FlaskClient) -> None:
    headers = {"Origin": "https://app.test", "Access-Control-Request-Method": "POST"}
    assert {client.options("/v1/posts", headers=headers).status_code for _ in range(50)} == {204}


def test_a_limiter_that_fails_lets_through_at_a_reduced_rate(
    client: FlaskClient, world: World, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    world.documents.commit(Merge("users/ada/rateLimits/current", {"window": "no time"}))
    with caplog.at_level(logging.ERROR):
        sent = [send(client, key, number).status_code for number in range(10)]
    assert sent == [201] * 7 + [429] * 3
    assert "limiter.unavailable" in caplog.text
