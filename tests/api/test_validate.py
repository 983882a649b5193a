"""POST /v1/posts/validate and GET /v1/platforms: what would be said of a post, and by which rules."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.core.platforms import PLATFORMS
from tests.api.conftest import error_of
from tests.fakes.world import World


@pytest.fixture
def key(world: World) -> str:
    return world.user("ada", connect=("x:x_main", "youtube:yt_main", "instagram:ig_main"))


def ask(client: FlaskClient, key: str, path: str, content: Any, **more: Any) -> Any:
    return client.post(path, json={"post": {"content": content}, **more}, headers={"soku-api-key": key})


def test_what_would_be_sent_and_nothing_is(client: FlaskClient, world: World, key: str) -> None:
    content = {
        "text": "Hello",
        "videoUrl": "https://example.com/video.mp4",
        "imageUrls": ["https://example.com/photo.jpg"],
        "platform": ["x", {"platform": "youtube", "options": {"text": "On YouTube"}}],
    }
    before = world.paths("postSubmissions/")
    answer = ask(client, key, "/v1/posts/validate", content)
    assert (answer.status_code, answer.get_json()["valid"]) == (200, True)
    x, youtube = answer.get_json()["targets"]
    assert (x["text"], [file["field"] for file in x["media"]], x["cover"]) == ("Hello", ["body.post.content.videoUrl"], None)
    assert any("images were left out" in note for note in x["notes"])
    assert (youtube["text"], youtube["cover"]["url"]) == ("On YouTube", "https://example.com/photo.jpg")
    assert world.paths("postSubmissions/") == before
    assert len(world.tasks) == 0


@pytest.mark.parametrize(
    ("content", "more"),
    [
        ({"text": "t" * 300, "platform": "x"}, {}),
        ({"text": "no picture", "platform": "instagram"}, {}),
        ({"text": "t", "platform": "tiktok"}, {}),
        ({"text": "t", "platform": "x"}, {"scheduledTime": "2020-01-01T00:00:00Z"}),
        ({"text": "t", "platform": "x", "mediaIds": ["nothing"]}, {}),
    ],
)
def test_it_refuses_what_a_post_would_be_refused_for(client: FlaskClient, key: str, content: Any, more: Any) -> None:
    validated, posted = (ask(client, key, path, content, **more) for path in ("/v1/posts/validate", "/v1/posts"))
    assert validated.status_code == posted.status_code == 400
    told = [{name: error_of(one)[name] for name in ("code", "message", "details")} for one in (validated, posted)]
    assert told[0] == told[1]


def test_platforms_are_shown_by_the_rules_themselves(client: FlaskClient, key: str) -> None:
    headers = {"soku-api-key": key}
    shown = client.get("/v1/platforms", headers=headers).get_json()["platforms"]
    assert [one["platform"] for one in shown] == list(PLATFORMS)
    x = client.get("/v1/platforms/x", headers=headers).get_json()
    assert x == shown[0]
    assert (x["text"], x["images"]["most"], x["videos"]["maxFrameRate"]) == (
        {"most": 280, "unit": "weighted characters", "alone": True},
        4,
        60,
    )
    assert "replySettings" in x["optionsSchema"]["properties"]
    assert client.get("/v1/platforms/facebook_pages", headers=headers).get_json()["platform"] == "facebook"
    assert error_of(client.get("/v1/platforms/myspace", headers=headers))["code"] == "not_found"


def warned(answer: Any) -> dict[str, str]:
    return {warning["code"]: warning["message"] for warning in answer.get_json()["warnings"]}


@pytest.mark.parametrize(
    ("text", "options", "cost", "codes"),
    [
        ("Hello", {}, "0.015", set()),
        ("See https://example.com", {}, "0.200", {"x.link_cost"}),
        ("One", {"thread": ["two https://a.com", "three"]}, "0.230", {"x.link_cost"}),
        ("Hello @ada, mail me@example.com", {}, "0.015", {"x.mentions"}),
        ("Hello me@example.com.invalid-tld1", {}, "0.015", set()),
    ],
)
def test_what_x_charges_is_told_before(client: FlaskClient, key: str, text: str, options: Any, cost: str, codes: set[str]) -> None:
    content = {"text": text, "platform": {"platform": "x", "options": options}}
    answer = ask(client, key, "/v1/posts/validate", content)
    [target] = answer.get_json()["targets"]
    assert (target["cost"], set(warned(answer))) == ({"amount": cost, "currency": "USD"}, codes)
    assert target["factsAt"] == "2026-01-15T09:00:00.000Z"


def test_what_described_images_cost_and_what_costs_nothing(client: FlaskClient, key: str) -> None:
    photos = {"imageUrls": ["https://example.com/photo.jpg"], "text": "t"}
    content = {**photos, "platform": [{"platform": "x", "options": {"altText": "A lake"}}, "instagram"]}
    x, instagram = ask(client, key, "/v1/posts/validate", content).get_json()["targets"]
    assert (x["cost"]["amount"], instagram["cost"]) == ("0.020", None)


def test_hashtags_are_warned_of(client: FlaskClient, key: str) -> None:
    content = {"text": "#a #b #c #d #e #f", "imageUrls": ["https://example.com/photo.jpg"], "platform": "instagram"}
    told = warned(ask(client, key, "/v1/posts/validate", content))
    assert list(told) == ["instagram.many_hashtags"]


def test_accounts_that_will_not_do_are_warned_of(client: FlaskClient, world: World, key: str) -> None:
    path = "users/ada/integrations/{}/accounts/{}"
    fields = world.memory.contents[path.format("x", "x_main")][0]
    fields.update(tokenExpiresAt=world.clock.now() + timedelta(days=20), renews=False, scopes=["tweet.read"])
    world.memory.contents[path.format("youtube", "yt_main")][0]["problem"] = {"message": "No channel."}
    world.memory.contents["users/ada"][0]["accountFacts"]["instagram"] = {
        "ig_main": {"quotaUsed": 46, "quotaTotal": 50, "at": world.clock.now()}
    }
    content = {"text": "t", "videoUrl": "https://example.com/vertical.mp4", "platform": ["x", "youtube", "instagram"]}
    answer = ask(client, key, "/v1/posts/validate", content, scheduledTime="2026-02-15T12:00:00Z")
    told = {warning["target"]: warning["code"] for warning in answer.get_json()["warnings"]}
    assert set(warned(answer)) == {"account_missing_scopes", "token_ends", "account_restricted", "quota_nearly_spent"}
    assert told["instagram:ig_main"] == "quota_nearly_spent"
    assert "46 were used" in warned(answer)["quota_nearly_spent"]
    soon = ask(client, key, "/v1/posts/validate", content, scheduledTime="2026-01-16T12:00:00Z")
    assert "token_ends" not in warned(soon)
    world.clock.advance(25 * 3600)
    assert "quota_nearly_spent" not in warned(ask(client, key, "/v1/posts/validate", content))


def test_an_app_that_tiktok_has_not_audited_is_warned_of(world: World) -> None:
    key = world.user("bob", connect=["tiktok:tt_main"])
    world.api_ports = replace(world.api_ports, settings=world.api_ports.settings.model_copy(update={"tiktok_privacy": "self_only"}))
    content = {"videoUrl": "https://example.com/vertical.mp4", "platform": "tiktok"}
    assert list(warned(ask(world.client(), key, "/v1/posts/validate", content))) == ["tiktok_not_audited"]


def test_a_draft_is_judged_by_its_form_alone(client: FlaskClient, key: str) -> None:
    for content, more in (
        ({"text": "no platform yet"}, {}),
        ({"platform": "threads"}, {}),
        ({"mediaIds": ["Tnz0L1t3TA1m3JZHe8hAb6"]}, {}),
        ({}, {"scheduledTime": "next-free-slot"}),
        ({}, {"scheduledTime": "2020-01-15T12:00:00Z"}),
    ):
        answer = ask(client, key, "/v1/posts/validate", content, draft=True, **more)
        assert (answer.status_code, answer.get_json()["targets"]) == (200, [])
        assert ask(client, key, "/v1/posts", content, draft=True, **more).status_code == 201
    assert ask(client, key, "/v1/posts/validate", {"platform": "orkut"}, draft=True).status_code == 400


def test_a_partnership_that_nobody_would_see_is_refused_at_once(world: World) -> None:
    key = world.user("bob", connect=["tiktok:tt_main"])
    world.api_ports = replace(world.api_ports, settings=world.api_ports.settings.model_copy(update={"tiktok_privacy": "self_only"}))
    target = {"platform": "tiktok", "options": {"brandedContent": True}}
    content = {"videoUrl": "https://example.com/vertical.mp4", "platform": [target]}
    [detail] = error_of(ask(world.client(), key, "/v1/posts", content))["details"]
    assert (detail["rule"], detail["field"]) == (
        "tiktok.branded_content_private",
        "body.post.content.platform.0.options.brandedContent",
    )


def test_addresses_that_are_rewritten_here_are_judged_by_where_they_lead(world: World) -> None:
    key, photo = world.user("bob"), "http://127.0.0.1:9/photos/a.jpg"
    content = {"text": "t", "imageUrls": [photo], "platform": "x"}
    assert error_of(ask(world.client(), key, "/v1/posts/validate", content))["details"][0]["rule"] == "media.address"
    rewrites = {"http://127.0.0.1:9/photos/": "http://127.0.0.1:10/"}
    world.api_ports = replace(world.api_ports, settings=world.api_ports.settings.model_copy(update={"fetch_rewrites": rewrites}))
    assert ask(world.client(), key, "/v1/posts/validate", content).status_code == 200
