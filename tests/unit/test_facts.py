"""What platforms say of accounts: kept when they are connected, judged by without asking, renewed once a month."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.api.ports import ApiSettings
from shared.documents.document import Update
from shared.http.client import HttpAnswer, HttpRequest
from shared.platforms.registry import publishers
from tests.fakes.films import film
from tests.fakes.outside import STORAGE_URL
from tests.fakes.world import SETTINGS, World
from tests.platforms import PHOTO, VIDEO

LONG = "a" * 24_999


@pytest.fixture
def world() -> World:
    return World()


def facts(world: World, platform: str, account: str) -> Any:
    return world.document("users/ada").fields["accountFacts"][platform][account]


# X Premium


@pytest.mark.parametrize(("account", "status"), [("premium_ada", 201), ("ada", 400)])
def test_long_texts_are_for_premium_accounts(world: World, account: str, status: int) -> None:
    key = world.user(connect=(f"x:{account}",))
    answer = world.post(key, {"text": LONG})
    assert answer.status_code == status
    world.run_for(60)
    assert world.ledger() == ([LONG] if status == 201 else [])


class WithoutNotes:
    """X, as it would be if it showed long texts cut and nothing more."""

    def __init__(self, world: World) -> None:
        self._http = world.http

    def send(self, request: HttpRequest) -> HttpAnswer:
        answer = self._http.send(request)
        if request.method == "GET" and request.url.endswith("/tweets"):
            body = answer.json()
            for tweet in body.get("data", ()):
                tweet.pop("note_post", None)
            return replace(answer, body=json.dumps(body).encode())
        return answer


LINKED = "words https://example.com/some/page & more " * 12


@pytest.mark.parametrize("text", [LONG, LINKED, "長い文章です。" * 60])
@pytest.mark.parametrize(("shows_notes", "ends"), [(True, "succeeded"), (False, "outcome_unknown")])
def test_a_long_text_whose_answer_was_lost_is_recognised_by_its_note(world: World, text: str, shows_notes: bool, ends: str) -> None:
    key = world.user(connect=("x:premium_ada",))
    if not shows_notes:
        world.replace_publishing(http=WithoutNotes(world))
    world.fail("x", "publish", "reset_after")
    submission = world.accepted(key, {"text": text})
    world.run_for(3600)
    run = world.run(submission)
    assert len(world.ledger()) == 1
    assert ends in (run["status"], (run.get("error") or {}).get("code"))


def test_long_parts_of_a_thread_too(world: World) -> None:
    key = world.user(connect=("x:premium_ada",))
    world.fail("x", "reply", "reset_after")
    target = {"platform": "x", "options": {"thread": [f"two {LINKED}"]}}
    submission = world.accepted(key, {"text": "one", "platform": [target]})
    world.run_for(3600)
    assert [entry.kind for entry in world.sandbox.ledger] == ["post", "reply"]
    # And none that says that any of it is missing.
    [note] = world.run(submission)["notes"]
    assert "X charges" in note


@pytest.mark.parametrize(("account", "ends"), [("premium_ada", "succeeded"), ("ada", "failed")])
def test_long_videos_are_for_premium_accounts(world: World, account: str, ends: str) -> None:
    key = world.user(connect=(f"x:{account}",))
    world.fetcher.pages["https://example.com/long.mp4"] = film(seconds=30 * 60, rate=1)
    submission = world.accepted(key, {"text": "t", "videoUrl": "https://example.com/long.mp4"})
    world.run_for(120)
    run = world.run(submission)
    assert run["status"] == ends
    assert ends == "succeeded" or run["error"]["rule"] == "x.video_duration"


def test_of_whom_nothing_is_known_has_none(world: World) -> None:
    key = world.user(connect=("x:premium_ada",))
    world.documents.commit(Update("users/ada", {"accountFacts": {}}))
    assert world.post(key, {"text": LONG}).status_code == 400


def test_connecting_asks_and_disconnecting_forgets(world: World) -> None:
    world.user(connect=())
    signed_in = {"Authorization": "Bearer token-of-ada"}
    began = world.client().post("/v1/integrations/x/connect", headers=signed_in).get_json()
    told = world.consent(began["authorizationUrl"], "premium_ada")
    body = {"code": told["code"], "state": told["state"]}
    answer = world.client().post("/v1/integrations/x/complete", json=body, headers=signed_in).get_json()
    account = answer["accounts"][0]["accountId"]
    assert facts(world, "x", account) == {"premium": True, "at": world.clock.now()}
    assert world.client().delete(f"/v1/integrations/x/accounts/{account}", headers=signed_in).status_code == 200
    assert world.document("users/ada").fields["accountFacts"]["x"] == {}


def test_they_are_asked_again_after_a_month(world: World) -> None:
    world.user(connect=("x:premium_ada",))
    world.documents.commit(Update("users/ada", {("accountFacts", "x", "premium_ada", "premium"): False}))
    world.run_for(29 * 86400, tick=3600)
    assert facts(world, "x", "premium_ada")["premium"] is False
    world.run_for(2 * 86400, tick=3600)
    assert facts(world, "x", "premium_ada")["premium"] is True
    asked = [request for request in world.http.sent if request.url.endswith("/2/users/me")]
    assert len(asked) == 1
    world.run_for(31 * 86400, tick=3600)
    assert len([request for request in world.http.sent if request.url.endswith("/2/users/me")]) == 2


def test_what_cannot_be_asked_is_asked_the_next_day(world: World) -> None:
    world.user(connect=("x:premium_ada",))
    world.fail("x", "me", "server_error_before")
    before = facts(world, "x", "premium_ada")["at"]
    world.run_for(30 * 86400 + 7200, tick=3600)
    assert facts(world, "x", "premium_ada")["at"] == before
    world.run_for(86400 + 3600, tick=3600)
    assert facts(world, "x", "premium_ada")["at"] > before


# Who may see a TikTok post

TIKTOK = {"platform": "tiktok", "text": "t", "imageUrls": [PHOTO]}


def installed(world: World, **variables: str) -> None:
    settings = ApiSettings.model_validate({**SETTINGS, **variables})
    world.api_ports = world.api_ports.__class__(**{**vars(world.api_ports), "settings": settings})
    world.replace_publishing(platforms=publishers(settings))


def test_tiktok_pulls_videos_where_the_operator_has_verified_the_domain(world: World) -> None:
    installed(world, SOKU_TIKTOK_VIDEOS="pull")
    key = world.user(connect=("tiktok:tt_main",))
    post_id = world.accepted(key, {"platform": "tiktok", "text": "t", "videoUrl": VIDEO})
    world.run_for(120)
    [entry] = world.sandbox.ledger
    assert (world.run(post_id, "tiktok")["status"], entry.url.split("/")[-2]) == ("succeeded", "video")
    [begun] = [request.json["source_info"] for request in world.http.sent if request.url.endswith("/video/init/")]
    assert (begun["source"], begun["video_url"].startswith(STORAGE_URL), set(begun)) == (
        "PULL_FROM_URL",
        True,
        {"source", "video_url"},
    )
    assert not [request for request in world.http.sent if request.method == "PUT"]


@pytest.mark.parametrize(
    ("kind", "privacy", "status", "posts"),
    [
        ("reset_after", None, "succeeded", 1),
        ("reset_after", "SELF_ONLY", "failed", 1),
        ("reset_before", None, "failed", 0),
        ("server_error_before", None, "failed", 0),
        ("reject", None, "failed", 0),
    ],
)
def test_a_pulled_video_whose_answer_is_lost_is_looked_for_and_never_sent_again(
    world: World, kind: str, privacy: str | None, status: str, posts: int
) -> None:
    installed(world, SOKU_TIKTOK_VIDEOS="pull")
    key = world.user(connect=("tiktok:tt_main",))
    world.fail("tiktok", "publish", kind)
    target = {"platform": "tiktok", "options": {"privacyLevel": privacy} if privacy else {}}
    post_id = world.accepted(key, {"platform": target, "text": "t", "videoUrl": VIDEO})
    world.run_for(timedelta(hours=2).total_seconds())
    run = world.run(post_id, "tiktok")
    assert (run["status"], len(world.sandbox.ledger)) == (status, posts)
    if status == "succeeded":
        assert run["platformPostId"] == world.sandbox.ledger[0].id
    elif kind != "reject":
        assert run["error"]["code"] == "outcome_unknown"


def test_a_post_has_to_say_it_where_the_operator_wants_so(world: World) -> None:
    key = world.user(connect=("tiktok:tt_main",))
    installed(world, SOKU_TIKTOK_PRIVACY="required")
    answer = world.post(key, TIKTOK)
    [detail] = answer.get_json()["error"]["details"]
    assert (answer.status_code, detail["rule"]) == (400, "tiktok.privacy_required")
    assert detail["field"] == "body.post.content.platform.options.privacyLevel"
    assert detail["choices"] == ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]
    target = {"platform": "tiktok", "options": {"privacyLevel": "MUTUAL_FOLLOW_FRIENDS"}}
    assert world.post(key, {**TIKTOK, "platform": [target]}).status_code == 201


@pytest.mark.parametrize("options", [{}, {"privacyLevel": "PUBLIC_TO_EVERYONE"}, {"privacyLevel": "SELF_ONLY"}])
def test_an_app_that_is_not_audited_posts_for_the_creator_alone_and_says_so(world: World, options: dict[str, Any]) -> None:
    key = world.user(connect=("tiktok:tt_main",))
    world.fetcher.pages[PHOTO] = world.fetcher.pages["https://example.com/my-image.jpg"]
    installed(world, SOKU_TIKTOK_PRIVACY="self_only")
    submission = world.accepted(key, {**TIKTOK, "platform": [{"platform": "tiktok", "options": options}]})
    world.run_for(300)
    [sent] = [request.json for request in world.http.sent if request.url.endswith("/content/init/")]
    assert sent["post_info"]["privacy_level"] == "SELF_ONLY"
    run = world.run(submission, "tiktok")
    assert run["status"] == "succeeded"
    assert [note for note in run["notes"] if "not audited" in note] == (
        [] if options.get("privacyLevel") == "SELF_ONLY" else run["notes"]
    )
    assert bool(run["notes"]) == (options.get("privacyLevel") != "SELF_ONLY")


# What is worth telling


@pytest.mark.parametrize(("tags", "told"), [(5, False), (6, True)])
def test_many_hashtags_on_instagram_are_remarked_on(world: World, tags: int, told: bool) -> None:
    key = world.user(connect=("instagram:ig_main",))
    text = " ".join(f"#tag{n}" for n in range(tags))
    submission = world.accepted(key, {"platform": "instagram", "text": text, "imageUrls": [PHOTO]})
    world.run_for(120)
    assert any("hashtags" in note for note in world.run(submission, "instagram")["notes"]) == told


def test_a_short_gets_its_thumbnail_once_it_is_processed(world: World) -> None:
    key = world.user(connect=("youtube:yt_main",))
    world.fetcher.pages["https://example.com/short.mp4"] = film(1080, 1920, seconds=60)
    content = {"platform": "youtube", "text": "t", "videoUrl": "https://example.com/short.mp4", "imageUrls": [PHOTO]}
    submission = world.accepted(key, content)
    world.run_for(timedelta(minutes=5).total_seconds())
    run = world.run(submission, "youtube")
    assert (run["status"], run["notes"]) == ("succeeded", [])
    assert [entry.kind for entry in world.sandbox.ledger] == ["post", "thumbnail"]
    assert (
        [attempt["message"] for attempt in run["attempts"]],
        run["platformPostUrl"],
    ) == (["YouTube is processing the video"], f"https://www.youtube.com/watch?v={run['platformPostId']}")
