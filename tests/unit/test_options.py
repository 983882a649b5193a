"""What a target says for itself reaches its platform, in the words of the platform's own documentation."""

from collections.abc import Mapping
from typing import Any

import pytest

from shared.core.platforms import PLATFORMS
from shared.http.client import HttpRequest
from tests.fakes.world import World
from tests.platforms import PHOTO, VIDEO, all_cases


def told(request: HttpRequest) -> dict[str, Any]:
    """Parameters, form fields and JSON members alike, nested ones as a.b.0."""
    return {**request.params, **_flat("", request.json if request.json is not None else (request.form or {}))}


def _flat(prefix: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict | list):
        return {prefix: value}
    items = value.items() if isinstance(value, Mapping) else enumerate(value)
    found: dict[str, Any] = {}
    for name, inner in items:
        found |= _flat(f"{prefix}.{name}".lstrip("."), inner)
    return found


def says(said: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """An expected value `...` is anything but nothing."""
    return all(said.get(name) == value or (value is ... and bool(said.get(name))) for name, value in expected.items())


def publish(platform: str, content: dict[str, Any], options: dict[str, Any]) -> tuple[World, Any]:
    """The world after the post, and its run."""
    world = World()
    key = world.user(connect=(f"{platform}:main",))
    target = {"platform": platform, "options": options}
    submission = world.accepted(key, {"text": "hello", **content, "platform": [target]})
    world.run_for(900)
    return world, world.run(submission, platform)


CASES = [(platform, *case) for platform, cases in all_cases().items() for case in cases.options]
BAD = [(platform, *case) for platform, cases in all_cases().items() for case in cases.bad_options]


@pytest.mark.parametrize(("platform", "content", "options", "address", "expected"), CASES)
def test_an_option_is_said_to_the_platform(
    platform: str, content: dict[str, Any], options: dict[str, Any], address: str, expected: dict[str, Any]
) -> None:
    world, run = publish(platform, content, options)
    assert run["status"] == "succeeded", run
    sent = [told(request) for request in world.http.sent if request.url.partition("?")[0].endswith(address)]
    assert any(says(one, expected) for one in sent), sent
    [entry] = [entry for entry in world.sandbox.ledger if entry.kind == "post"]
    assert entry.account_id == "main"
    if options.get("privacyLevel") != "SELF_ONLY":
        assert (run["platformPostId"], run["platformPostUrl"]) == (entry.id, entry.url)
    else:
        assert run["platformPostId"].startswith("v_pub_file~"), "TikTok names no id of what only its author sees"


def test_linkedin_posts_as_the_organisation_where_the_account_is_one() -> None:
    world = World()
    key = world.user(connect=("linkedin:me", "linkedin:org_acme"))
    world.accepted(key, {"text": "hello", "platform": [{"platform": "linkedin", "accountId": "org_acme"}]})
    world.run_for(60)
    [request] = [request for request in world.http.sent if request.url.endswith("/rest/posts")]
    assert str(told(request)["author"]).startswith("urn:li:organization:")


def test_a_text_said_differently_somewhere_leaves_the_others_alone() -> None:
    world = World()
    key = world.user(connect=("x:main", "threads:main"))
    here = {"platform": "threads", "options": {"text": "for Threads"}}
    world.accepted(key, {"text": "for all", "platform": ["x", here]})
    world.run_for(120)
    assert (world.ledger("x"), world.ledger("threads")) == (["for all"], ["for Threads"])


@pytest.mark.parametrize(("platform", "options", "field"), BAD)
def test_a_wrong_option_is_named(platform: str, options: dict[str, Any], field: str) -> None:
    world = World()
    key = world.user(connect=(f"{platform}:main",))
    body = {"text": "hello", "imageUrls": [PHOTO], "platform": [{"platform": platform, "options": options}]}
    answer = world.post(key, body)
    assert answer.status_code == 400
    error = answer.get_json()["error"]
    assert error["code"] == "validation_error"
    expected = ".".join(part for part in ("body.post.content.platform.0.options", field) if part)
    assert [detail["field"] for detail in error["details"]] == [expected]
    assert error["details"][0]["message"]


@pytest.mark.parametrize(
    ("platform", "options", "rule"),
    [
        ("x", {"thread": ["x" * 281]}, "x.thread_text_too_long"),
        ("instagram", {"story": True, "firstComment": "c"}, "instagram.story_comment"),
        ("facebook", {"link": "https://example.com/a"}, "facebook.link_beside_media"),
        ("facebook", {"reel": True}, "facebook.reel_media"),
        ("tiktok", {"title": "x" * 91}, "tiktok.title_too_long"),
        ("youtube", {"title": "x" * 101}, "youtube.title_too_long"),
        ("youtube", {"text": "a < b"}, "youtube.angle_brackets"),
        ("youtube", {"tags": ["x" * 501]}, "youtube.tags_too_long"),
        ("snapchat", {"spotlight": True}, "snapchat.spotlight_media"),
    ],
)
def test_an_option_that_the_platform_will_not_take_is_told_with_its_rule(platform: str, options: dict[str, Any], rule: str) -> None:
    world = World()
    key = world.user(connect=(f"{platform}:main",))
    media = {"videoUrl": VIDEO} if platform == "youtube" else {"imageUrls": [PHOTO]}
    answer = world.post(key, {"text": "hello", **media, "platform": [{"platform": platform, "options": options}]})
    assert answer.status_code == 400
    assert rule in [detail.get("rule") for detail in answer.get_json()["error"]["details"]]


def test_everything_that_is_wrong_is_told_at_once_by_target_and_rule() -> None:
    world = World()
    key = world.user(connect=tuple(f"{platform}:main" for platform in PLATFORMS))
    answer = world.post(key, {"text": "日" * 600, "platform": list(PLATFORMS)})
    told_of = {(detail.get("target"), detail.get("rule")) for detail in answer.get_json()["error"]["details"]}
    assert {
        ("x:main", "x.text_too_long"),
        ("threads:main", "threads.text_too_long"),
        ("instagram:main", "instagram.media_required"),
        ("tiktok:main", "tiktok.media_required"),
        ("youtube:main", "youtube.media_required"),
        ("snapchat:main", "snapchat.media_required"),
    } <= told_of, told_of
    assert world.paths("postSubmissions/") == []
