"""GET …/runs/{runId}/candidates: what the account shows since the run's first public call, and no more certainty than there is."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.core.encryption import Cipher
from shared.http.client import HttpAnswer, HttpRequest
from tests.api.conftest import error_of
from tests.fakes.world import World

PHOTO, VIDEO = "https://example.com/photo.jpg", "https://example.com/vertical.mp4"
ACCOUNTS = {
    "x": "x_main", "instagram": "ig_main", "threads": "t_main", "facebook": "page_main", "tiktok": "tt_main", "youtube": "yt_main",
    "linkedin": "org_main", "snapchat": "s_main",
}  # fmt: skip
FILM = {"videoUrl": VIDEO}
CONTENT = {"instagram": {"imageUrls": [PHOTO]}, "tiktok": FILM, "youtube": FILM, "snapchat": FILM}


@pytest.fixture
def key(world: World) -> str:
    return world.user("ada", connect=[f"{platform}:{account}" for platform, account in ACCOUNTS.items()])


@pytest.fixture
def ask(client: FlaskClient, key: str) -> Callable[..., Any]:
    def send(post_id: str, run_id: str, key: str = key) -> Any:
        return client.get(f"/v1/posts/{post_id}/runs/{run_id}/candidates", headers={"soku-api-key": key})

    return send


def in_doubt(world: World, key: str, platform: str, **content: Any) -> tuple[str, Any]:
    """A post that is public, of which its run does not know; and what the run would have known."""
    world.accepted(key, {"text": "older", "platform": platform, **(content or CONTENT.get(platform, {}))})
    world.run_for(1200)
    world.clock.advance(3600)
    post_id = world.accepted(key, {"text": "Hello & more", "platform": platform, **(content or CONTENT.get(platform, {}))})
    world.run_for(1200)
    fields = world.memory.contents[f"postSubmissions/{post_id}/runs/{platform}"][0]
    assert fields["status"] == "succeeded", fields
    known = fields.pop("platformPostId")
    fields.update(status="failed", error={"code": "outcome_unknown", "message": "?", "attempts": []})
    return post_id, known


@pytest.mark.parametrize("platform", ACCOUNTS)
def test_the_post_is_among_what_the_account_shows_and_older_ones_are_not(
    world: World, key: str, ask: Callable[..., Any], platform: str
) -> None:
    post_id, known = in_doubt(world, key, platform)
    answer = ask(post_id, platform)
    told = answer.get_json()
    assert (answer.status_code, told["listed"]) == (200, True), told
    assert [one["platformPostId"] for one in told["candidates"]] == [known]
    [candidate] = told["candidates"]
    # YouTube shows titles.
    assert candidate["text"] == "Hello & more"
    assert candidate["platformPostUrl"].startswith("https://")
    assert told["since"] <= candidate["at"]
    assert "no proof" in told["note"]


def test_an_empty_list_says_that_it_is_no_proof(world: World, key: str, ask: Callable[..., Any]) -> None:
    post_id, _ = in_doubt(world, key, "x")
    world.sandbox.listing_lag_seconds = 10**6
    told = ask(post_id, "x").get_json()
    assert (told["listed"], told["candidates"]) == (True, [])
    assert "no proof" in told["note"]


@pytest.mark.parametrize(
    ("platform", "account", "content", "reason"),
    [
        ("linkedin", "person_main", {"text": "t"}, "LinkedIn shows a member's posts to no app"),
        ("snapchat", "s_main", {"imageUrls": [PHOTO]}, "Snapchat lists no stories"),
        ("tiktok", "tt_main", {"imageUrls": [PHOTO]}, "no photo posts"),
    ],
)
def test_where_no_app_is_shown_anything_it_says_so(
    world: World, client: FlaskClient, platform: str, account: str, content: Any, reason: str
) -> None:
    key = world.user("bob", connect=[f"{platform}:{account}"])
    post_id, _ = in_doubt(world, key, platform, **content)
    told = client.get(f"/v1/posts/{post_id}/runs/{platform}/candidates", headers={"soku-api-key": key}).get_json()
    assert (told["listed"], told["candidates"]) == (False, [])
    assert reason in told["note"]


@pytest.mark.parametrize("kind", ["server_error_before", "reset_before", "rate_limit"])
def test_a_platform_that_does_not_answer_is_named(world: World, key: str, ask: Callable[..., Any], kind: str) -> None:
    post_id, _ = in_doubt(world, key, "x")
    world.fail("x", "list_posts", kind, times=9)
    answer = ask(post_id, "x")
    assert (answer.status_code, error_of(answer)["code"]) == (502, "platform_unavailable")
    assert "X" in error_of(answer)["message"]
    world.sandbox.faults.due = []
    assert ask(post_id, "x").status_code == 200


def test_a_dead_account_is_no_stack_trace(world: World, key: str, ask: Callable[..., Any]) -> None:
    post_id, _ = in_doubt(world, key, "x")
    world.memory.contents["users/ada/credentials/x:x_main"][0]["dead"] = True
    assert "connected again" in error_of(ask(post_id, "x"))["message"]


def test_only_ever_reads(world: World, key: str, ask: Callable[..., Any]) -> None:
    post_id, _ = in_doubt(world, key, "facebook", imageUrls=[PHOTO])
    before, sent = world.run(post_id, "facebook"), len(world.http.sent)
    ask(post_id, "facebook")
    assert world.run(post_id, "facebook") == before
    assert {request.method for request in world.http.sent[sent:]} == {"GET"}


def test_of_another_users_post_there_is_nothing(world: World, key: str, ask: Callable[..., Any]) -> None:
    post_id, _ = in_doubt(world, key, "x")
    assert ask(post_id, "x", world.user("bob")).status_code == ask(post_id, "threads").status_code == 404


def test_an_answer_of_another_shape_is_no_list(world: World, key: str, ask: Callable[..., Any]) -> None:
    post_id, _ = in_doubt(world, key, "threads")
    send = world.http.send

    class Strange:
        def send(self, request: HttpRequest) -> HttpAnswer:
            if request.url.endswith("/threads"):
                return HttpAnswer(200, {}, b'{"data": [{"id": "1", "timestamp": "yesterday"}]}')
            return send(request)

    object.__setattr__(world.api_ports.connecting, "http", Strange())
    assert ask(post_id, "threads").status_code == 502


def test_tokens_that_cannot_be_decrypted_are_no_500(world: World, key: str, ask: Callable[..., Any]) -> None:
    post_id, _ = in_doubt(world, key, "x")
    object.__setattr__(world.api_ports.connecting, "cipher", Cipher({"another": b"\2" * 32}))
    assert ask(post_id, "x").status_code == 502
