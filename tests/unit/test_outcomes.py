"""Whose post is it that a platform shows, and what does its refusal prove? Cases that looked like one thing and were another."""

import itertools
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from emulator.sandbox.accounts import SandboxAccount
from shared.accounts.account import AccountKey, credentials_path, open_credentials
from shared.documents.document import Create, Delete, Update
from shared.http.client import HttpAnswer, HttpRequest, NoAnswer
from shared.media.storage import StorageUnavailable
from tests.fakes.between import Between, between
from tests.fakes.outside import SANDBOX_URL
from tests.fakes.world import World

PHOTO, VIDEO, UPRIGHT = "https://example.com/photo.jpg", "https://example.com/video.mp4", "https://example.com/vertical.mp4"


def answering(world: World, ending: str, answer: Callable[[int], HttpAnswer | None]) -> Between:
    """POSTs to addresses that end so are answered by `answer`, which is told how many there were; None: by the sandbox."""
    sent = itertools.count(1)

    def step(request: HttpRequest) -> HttpAnswer | None:
        return answer(next(sent)) if request.method == "POST" and request.url.endswith(ending) else None

    return between(world, step)


def post(world: World, key: str, platform: str, text: str, options: dict[str, Any] | None = None, **content: Any) -> str:
    target = {"platform": platform, "options": options or {}}
    return world.accepted(key, {"text": text, **content, "platform": [target]})


@pytest.mark.parametrize(
    ("platform", "first", "second"),
    [
        ("x", {"text": "New: https://e.com/2"}, {"text": "New: https://e.com/1"}),
        ("x", {"text": "New: e.com/2"}, {"text": "New: e.com/1"}),
        (
            "facebook",
            {"text": "New", "options": {"link": "https://e.com/2"}},
            {"text": "New", "options": {"link": "https://e.com/1"}},
        ),
        (
            "facebook",
            {"text": "New", "videoUrl": VIDEO, "options": {"reel": False}},
            {"text": "New", "videoUrl": UPRIGHT, "options": {"reel": False}},
        ),
        ("snapchat", {"text": "New", "videoUrl": UPRIGHT}, {"text": "New", "videoUrl": f"{UPRIGHT}?again"}),
    ],
)
def test_a_lost_request_is_not_found_in_another_posts_place(platform: str, first: dict[str, Any], second: dict[str, Any]) -> None:
    world = World()
    world.fetcher.pages[f"{UPRIGHT}?again"] = world.fetcher.pages[UPRIGHT]
    key = world.user(connect=(f"{platform}:main",))
    earlier = post(world, key, platform, **first)
    world.run_for(60)
    world.fail(platform, "publish", "reset_before")
    later = post(world, key, platform, **second)
    world.run_for(3 * 3600)
    runs = [world.run(submission, platform) for submission in (earlier, later)]
    assert [run["status"] for run in runs] == ["succeeded", "succeeded"]
    assert [entry.id for entry in world.sandbox.ledger] == [run["platformPostId"] for run in runs]


@pytest.mark.parametrize("first_refusal", ["rate_limit", "reset_before"])
def test_linkedins_word_on_a_duplicate_is_taken_only_for_what_this_run_may_have_made(first_refusal: str) -> None:
    world = World()
    key = world.user(connect=("linkedin:main",))
    old = post(world, key, "linkedin", "the same")
    world.run_for(3600)
    [entry] = world.sandbox.ledger
    # Sent outside of what the derived key covers.
    world.fail("linkedin", "publish", first_refusal)
    target = {"platform": "linkedin"}
    again = world.accepted(key, {"text": "the same", "platform": [target]}, headers={"Idempotency-Key": "another"})
    assert again != old
    world.run_for(3600)
    run = world.run(again, "linkedin")
    assert run["status"] == "failed"
    assert run["error"]["code"] in ("duplicate_content", "content_rejected")
    assert [one.id for one in world.sandbox.ledger] == [entry.id]


def test_a_platform_that_has_the_post_already_is_not_sent_it_again_and_again() -> None:
    world = World()
    key = world.user(connect=("snapchat:main",))
    world.sandbox.listing_lag_seconds, world.sandbox.processing_seconds = 7 * 24 * 3600, 0
    world.fail("snapchat", "publish", "reset_after")
    submission = post(world, key, "snapchat", "in review", videoUrl=UPRIGHT)
    world.run_for(26 * 3600, tick=600)
    run = world.run(submission, "snapchat")
    assert run["error"]["code"] == "outcome_unknown"
    assert len(world.sandbox.ledger) == 1
    assert sum(request.url.endswith("/spotlights") and request.method == "POST" for request in world.http.sent) <= 4


def test_a_story_that_is_refused_the_second_time_is_perhaps_public() -> None:
    world = World()
    world.sandbox.listing_lag_seconds = 600
    key = world.user(connect=("facebook:main",))
    world.fail("facebook", "publish", "reset_after")
    submission = post(world, key, "facebook", "", {"story": True}, imageUrls=[PHOTO])
    world.run_for(3 * 3600)
    run = world.run(submission, "facebook")
    assert run["status"] == "succeeded", "found once the list has caught up"
    assert len(world.sandbox.ledger) == 1


def test_a_story_that_is_refused_and_nowhere_to_be_seen_was_refused() -> None:
    world = World()
    key = world.user(connect=("facebook:main",))
    world.fail("facebook", "publish", "reset_before")
    world.fail("facebook", "publish", "reject")
    submission = post(world, key, "facebook", "", {"story": True}, imageUrls=[PHOTO])
    world.run_for(3 * 3600)
    assert world.run(submission, "facebook")["error"]["code"] == "content_rejected"
    assert world.ledger() == []


def test_a_spam_verdict_that_instagram_means_ends_the_run() -> None:
    world = World()
    key = world.user(connect=("instagram:main",))
    world.fail("instagram", "publish", "reject", times=10**6)
    submission = post(world, key, "instagram", "spam?", imageUrls=[PHOTO])
    world.run_for(3600)
    assert world.run(submission, "instagram")["error"]["code"] == "content_rejected"
    assert sum(request.url.endswith("/media_publish") for request in world.http.sent) == 1


def test_youtubes_last_byte_never_leaves_before_intent() -> None:
    """YouTube may keep a part of a chunk only, so that chunks no longer begin at multiples of their size."""
    world = World()
    big = b"\0\0\0\x18ftypisom" + bytes(20 * (1 << 20) - 12)
    world.fetcher.pages["https://example.com/big.mp4"] = big
    key = world.user(connect=("youtube:main",))
    kept = 13 << 20
    phases: list[tuple[str, str]] = []

    def step(request: HttpRequest) -> HttpAnswer | None:
        content_range = request.headers.get("Content-Range", "")
        if request.method == "PUT":
            runs = [path for path in world.paths("postSubmissions/") if "/runs/" in path]
            phases.append((content_range, world.document(runs[0]).fields["phase"]))
        if content_range.startswith("bytes 8388608-"):
            return HttpAnswer(308, {"range": f"bytes=0-{kept - 1}"}, b"")
        return None

    between(world, step)
    post(world, key, "youtube", "big", videoUrl="https://example.com/big.mp4")
    world.run_for(60)
    last = f"{len(big) - 1}/{len(big)}"
    assert [phase for content_range, phase in phases if content_range.endswith(last)] == ["intent"] * sum(
        content_range.endswith(last) for content_range, _ in phases
    )
    assert all(phase == "preparing" for content_range, phase in phases if not content_range.endswith(last)), phases


def test_a_video_whose_address_says_nothing_keeps_its_text_on_snapchat() -> None:
    world = World()
    address = "https://example.com/download?id=1"
    world.fetcher.pages[address] = world.fetcher.pages[UPRIGHT]
    key = world.user(connect=("snapchat:main",))
    submission = post(world, key, "snapchat", "said", mediaUrls=[address])
    world.run_for(120)
    assert world.ledger() == ["said"]
    assert world.run(submission, "snapchat")["notes"] == []


def test_a_published_container_is_looked_for_before_its_comment_is_given_up() -> None:
    world = World()
    world.sandbox.listing_lag_seconds = 60
    key = world.user(connect=("instagram:main",))
    world.fail("instagram", "publish", "reset_after")
    submission = post(world, key, "instagram", "commented", {"firstComment": "first"}, imageUrls=[PHOTO])
    world.run_for(600)
    run = world.run(submission, "instagram")
    assert run["platformPostId"]
    assert [(entry.kind, entry.text) for entry in world.sandbox.ledger] == [("post", "commented"), ("comment", "first")]


def test_a_comment_on_a_post_that_cannot_be_named_is_a_note() -> None:
    world = World()
    world.sandbox.listing_lag_seconds = 3600
    key = world.user(connect=("instagram:main",))
    world.fail("instagram", "publish", "reset_after")
    submission = post(world, key, "instagram", "commented", {"firstComment": "first"}, imageUrls=[PHOTO])
    world.run_for(1200)
    run = world.run(submission, "instagram")
    assert (run["status"], run["platformPostId"]) == ("succeeded", None)
    assert "was not sent" in run["notes"][0]


@pytest.mark.parametrize("body", [(24, 2207006), (24, 2207008), (-2, 2207020), (100, 33)])
def test_a_container_that_meta_does_not_know_is_made_anew(body: tuple[int, int]) -> None:
    world = World()
    key = world.user(connect=("instagram:main",))
    lost: list[str] = []

    def step(request: HttpRequest) -> HttpAnswer | None:
        if request.params.get("fields") == "status_code,status":
            lost.append(request.url) if not lost else None
            if request.url == lost[0]:
                error = f'{{"error": {{"message": "gone", "code": {body[0]}, "error_subcode": {body[1]}}}}}'
                return HttpAnswer(400, {}, error.encode())
        return None

    between(world, step)
    submission = post(world, key, "instagram", "anew", imageUrls=[PHOTO])
    world.run_for(900)
    assert world.run(submission, "instagram")["status"] == "succeeded"
    assert world.ledger() == ["anew"]


def test_a_file_that_meta_failed_to_fetch_is_fetched_once_more() -> None:
    world = World()
    key = world.user(connect=("instagram:main",))
    refused = HttpAnswer(400, {}, b'{"error": {"message": "no", "code": 9004, "error_subcode": 2207052}}')
    answering(world, "/media", lambda number: refused if number == 1 else None)
    submission = post(world, key, "instagram", "fetched", imageUrls=[PHOTO])
    world.run_for(300)
    assert world.run(submission, "instagram")["status"] == "succeeded"


@pytest.mark.parametrize(("retriable", "status"), [("true", "succeeded"), ("false", "failed")])
def test_ruploads_own_shape_of_an_error_is_read(retriable: str, status: str) -> None:
    world = World()
    key = world.user(connect=("facebook:main",))
    remaining = [1]

    def step(request: HttpRequest) -> HttpAnswer | None:
        if "/video-upload/" in request.url and remaining[0]:
            remaining[0] -= 1
            return HttpAnswer(400, {}, f'{{"debug_info": {{"retriable": {retriable}, "type": "T", "message": "m"}}}}'.encode())
        return None

    between(world, step)
    submission = post(world, key, "facebook", "reel", {"reel": True}, videoUrl=UPRIGHT)
    world.run_for(300)
    run = world.run(submission, "facebook")
    assert run["status"] == status
    assert run.get("error", {}).get("code") == (None if status == "succeeded" else "media_invalid")


def test_a_platform_is_not_asked_without_a_pause_after_the_deadline() -> None:
    world = World()
    key = world.user()
    asked: list[object] = []

    def step(request: HttpRequest) -> HttpAnswer | None:
        if request.method == "GET":
            asked.append(world.clock.now())
        if request.method == "POST" and request.url.endswith("/2/tweets"):
            raise NoAnswer("reset")
        return None

    submission = post(world, key, "x", "late")
    world.tasks.clear()
    world.clock.advance(24 * 3600 - 90)
    between(world, step)
    world.run_for(900)
    assert world.run(submission)["error"]["code"] in ("outcome_unknown", "deadline_exceeded")
    assert len(asked) < 20


def test_tiktok_is_asked_again_when_the_creator_changed_what_the_account_allows() -> None:
    world = World()
    key = world.user(connect=("tiktok:main",))
    mismatch = HttpAnswer(403, {}, b'{"data": {}, "error": {"code": "privacy_level_option_mismatch", "message": "m"}}')
    http = answering(world, "/video/init/", lambda number: mismatch if number == 1 else None)
    submission = post(world, key, "tiktok", "clip", videoUrl=VIDEO)
    world.run_for(300)
    assert world.run(submission, "tiktok")["status"] == "succeeded"
    assert sum(request.url.endswith("/creator_info/query/") for request in http.sent) == 2


def test_snapchat_is_not_asked_to_publish_for_ever_what_it_does_not_get_done_with() -> None:
    world = World()
    world.sandbox.processing_seconds = 10 * 24 * 3600
    key = world.user(connect=("snapchat:main",))
    submission = post(world, key, "snapchat", "slow", videoUrl=UPRIGHT)
    world.run_for(4 * 3600)
    assert world.run(submission, "snapchat")["error"]["code"] == "processing_timeout"
    assert sum(request.url.endswith("/spotlights") for request in world.http.sent) < 20


def test_an_earlier_refusal_does_not_widen_the_search() -> None:
    world = World()
    key = world.user()
    world.fail("x", "publish", "rate_limit", times=3)
    submission = post(world, key, "x", "limited")
    world.run_for(2)
    path = f"postSubmissions/{submission}/runs/x"
    assert "firstIntentAt" not in world.document(path).fields
    world.run_for(600)
    assert world.ledger() == ["limited"]


@pytest.mark.parametrize(
    ("platform", "content", "options", "left_out"),
    [
        ("x", {"videoUrl": VIDEO}, {"altText": "a film"}, "altText"),
        ("instagram", {"imageUrls": [PHOTO]}, {"shareToFeed": False}, "shareToFeed"),
        ("instagram", {"imageUrls": [PHOTO]}, {"coverUrl": "https://example.com/photo.png"}, "cover"),
        ("facebook", {}, {"title": "T"}, "title"),
        ("threads", {}, {"altText": "words"}, "altText"),
        ("tiktok", {"imageUrls": [PHOTO]}, {"disableDuet": True}, "disableDuet"),
        ("linkedin", {}, {"title": "T"}, "title"),
        ("snapchat", {"videoUrl": UPRIGHT}, {"story": True, "locale": "de_DE"}, "locale"),
    ],
)
def test_an_option_without_a_use_is_noted(platform: str, content: dict[str, Any], options: dict[str, Any], left_out: str) -> None:
    world = World()
    key = world.user(connect=(f"{platform}:main",))
    submission = post(world, key, platform, "t", options, **content)
    world.run_for(600)
    run = world.run(submission, platform)
    assert run["status"] == "succeeded", run
    assert any(left_out in note and "left out" in note for note in run["notes"]), run["notes"]


def test_the_search_window_is_that_of_the_first_call_in_doubt() -> None:
    world = World()
    key = world.user()
    world.fail("x", "publish", "reset_before")
    submission = post(world, key, "x", "doubted")
    world.run_for(1)
    first = world.run(submission)["firstIntentAt"]
    world.run_for(600)
    assert world.clock.now() - first > timedelta(minutes=9)
    assert world.ledger() == ["doubted"]


def test_a_storage_that_fails_for_a_while_fails_no_post() -> None:
    world = World()
    key = world.user()
    remaining = [8]
    write = world.storage.write

    def failing(path: str, content_type: str, chunks: Any, *, keep_until: datetime) -> None:
        if remaining[0]:
            remaining[0] -= 1
            raise StorageUnavailable("503")
        write(path, content_type, chunks, keep_until=keep_until)

    world.storage.write = failing  # type: ignore[method-assign]
    submission = post(world, key, "x", "stored in the end", imageUrls=[PHOTO])
    world.run_for(3600)
    assert world.run(submission)["status"] == "succeeded"
    assert remaining == [0]


@pytest.mark.parametrize("refusal", ["reject", "server_error_before"])
def test_what_linkedin_refuses_to_take_again_may_be_public(refusal: str) -> None:
    """A person's posts can be asked about only by sending the same again: another refusal says nothing of the first."""
    world = World()
    key = world.user(connect=("linkedin:li_main",))
    world.fail("linkedin", "publish", "reset_after")
    submission = post(world, key, "linkedin", "sent once")
    world.run_for(60)
    world.fail("linkedin", "publish", refusal, times=10_000)
    world.run_for(25 * 3600)
    assert world.ledger() == ["sent once"]
    assert world.run(submission, "linkedin")["error"]["code"] == "outcome_unknown"


def test_a_person_who_connects_linkedin_again_is_told_what_became_of_the_post() -> None:
    world = World()
    key = world.user(connect=("linkedin:li_main",))
    world.fail("linkedin", "publish", "reset_after")
    submission = post(world, key, "linkedin", "sent once")
    world.run_for(60)
    world.fail("linkedin", "publish", "unauthorized")
    world.fail("linkedin", "token", "unauthorized")
    world.run_for(1800)
    assert world.document("users/ada/integrations/linkedin/accounts/li_main").fields["status"] == "needs_reauth"
    assert world.run(submission, "linkedin")["status"] == "processing"
    world.connect("ada", "linkedin", "li_main")
    world.run_for(600)
    assert world.run(submission, "linkedin")["status"] == "succeeded"
    assert world.ledger() == ["sent once"]


def test_a_person_who_disconnects_before_the_outcome_is_known_is_not_told_that_nothing_was_published() -> None:
    world = World()
    key = world.user(connect=("linkedin:li_main",))
    world.fail("linkedin", "publish", "reset_after")
    submission = post(world, key, "linkedin", "sent once")
    world.run_for(60)
    world.fail("linkedin", "publish", "rate_limit", times=10_000)
    world.run_for(90)
    gone = world.client().delete("/v1/integrations/linkedin/accounts/li_main", headers={"Authorization": "Bearer token-of-ada"})
    assert gone.status_code == 200
    world.run_for(600)
    assert world.run(submission, "linkedin")["error"]["code"] == "outcome_unknown"


@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
def test_a_video_whose_session_lapsed_is_looked_for_among_all_of_a_young_channels_uploads(fault: str) -> None:
    world = World()
    key = world.user(connect=("youtube:main",))
    post(world, key, "youtube", "the first", videoUrl=VIDEO)
    world.run_for(2)
    world.fail("youtube", "publish", fault)
    world.fail("youtube", "probe", "lapsed")
    submission = post(world, key, "youtube", "the second", videoUrl=VIDEO)
    world.run_for(3600)
    assert world.run(submission, "youtube")["status"] == "succeeded", world.run(submission, "youtube")
    assert world.ledger() == ["the first", "the second"]


# What another reader found.


def share(world: World, seconds_ago: float) -> HttpAnswer:
    """LinkedIn's refusal of a copy of a post that it made then."""
    urn = f"urn:li:share:{int((world.clock.now().timestamp() - seconds_ago) * 1000) << 22}"
    body = {
        "message": f"Content is a duplicate of {urn}",
        "status": 422,
        "errorDetails": {"inputErrors": [{"code": "DUPLICATE_POST"}]},
    }
    return HttpAnswer(422, {}, json.dumps(body).encode())


def test_a_platform_that_claims_to_have_the_photos_did_not_refuse_them() -> None:
    world = World()
    world.sandbox.listing_lag_seconds = 2 * 3600
    key = world.user(connect=("facebook:main",))
    world.fail("facebook", "publish", "reset_after")
    posted = HttpAnswer(400, {}, b'{"error": {"message": "photos already posted", "code": 100, "error_subcode": 1366051}}')
    answering(world, "/feed", lambda number: posted if number > 1 else None)
    submission = post(world, key, "facebook", "with a photo", imageUrls=[PHOTO])
    world.run_for(4 * 3600)
    assert len(world.ledger()) == 1
    assert world.run(submission, "facebook")["error"]["code"] == "outcome_unknown"


def test_a_refusal_shortly_before_the_deadline_is_not_looked_into_long_enough_to_be_believed() -> None:
    world = World()
    world.sandbox.listing_lag_seconds = 900
    key = world.user(connect=("facebook:main",))
    submission = post(world, key, "facebook", "", {"story": True}, imageUrls=[PHOTO])
    world.tasks.clear()
    world.clock.advance(24 * 3600 - 300)
    world.fail("facebook", "publish", "reset_after")
    world.run_for(3 * 3600)
    assert len(world.sandbox.ledger) == 1
    assert world.run(submission, "facebook")["error"]["code"] == "outcome_unknown"


def test_a_published_post_does_not_wait_for_its_account() -> None:
    world = World()
    key = world.user(connect=("linkedin:li_main",))
    world.fail("linkedin", "publish", "reset_after")
    submission = post(world, key, "linkedin", "sent once", {"firstComment": "c"})
    world.fail("linkedin", "comment", "rate_limit", times=1000)
    world.run_for(200)
    assert world.run(submission, "linkedin")["phase"] == "published"
    held = open_credentials(world.document(credentials_path("ada", "linkedin", "li_main")), world.cipher)
    world.publishing.tokens.declare_dead(AccountKey("ada", "linkedin", "li_main"), held.access_token)
    world.run_for(3600)
    run = world.run(submission, "linkedin")
    assert run["status"] == "succeeded"
    assert [note.partition(":")[0] for note in run["notes"]] == ["The first comment was not sent"]


@pytest.mark.parametrize(
    ("kinds", "note"),
    [
        (["reset_after"], "may or may not be public"),
        (["rate_limit"], "was not sent"),
        (["reset_after", "rate_limit"], "may or may not be public"),
        (["reset_after", "reject"], "may or may not be public"),
        (["reject"], "was refused"),
    ],
)
def test_a_thumbnail_that_was_perhaps_set_is_not_said_to_be_missing(kinds: list[str], note: str) -> None:
    world = World()
    key = world.user(connect=("youtube:main",))
    for kind in kinds:
        world.fail("youtube", "thumbnail", kind)
    submission = post(world, key, "youtube", "t", {"thumbnailUrl": PHOTO}, videoUrl=VIDEO)
    world.run_for(5.6 + 20 * (len(kinds) - 1))
    held = open_credentials(world.document(credentials_path("ada", "youtube", "main")), world.cipher)
    world.publishing.tokens.declare_dead(AccountKey("ada", "youtube", "main"), held.access_token)
    world.run_for(3600)
    [told] = world.run(submission, "youtube")["notes"]
    assert told.startswith(f"The thumbnail {note}")


@pytest.mark.parametrize("kind", ["reject", "unauthorized"])
@pytest.mark.parametrize("platform", ["instagram", "threads"])
def test_a_container_that_is_said_to_wait_right_after_its_publication_is_looked_at_again(platform: str, kind: str) -> None:
    """Its status lags; published once more at once, a refusal for another reason would hide that it is public."""
    world = World()
    world.sandbox.status_lag_seconds = 20
    key = world.user(connect=(f"{platform}:main",))
    world.fail(platform, "publish", "reset_after")
    world.fail(platform, "publish", kind)
    submission = post(world, key, platform, "t", imageUrls=[PHOTO])
    world.run_for(600)
    assert world.run(submission, platform)["status"] == "succeeded"
    assert world.ledger() == ["t"]


def test_the_post_of_another_run_that_linkedin_names_is_not_ours() -> None:
    """Nor does it prove that ours is not public: LinkedIn may have taken both before it knew either."""
    world = World()
    key = world.user(connect=("linkedin:li_main",))
    world.fail("linkedin", "publish", "reset_before")
    first = world.accepted(key, {"text": "same", "platform": ["linkedin"]}, headers={"Idempotency-Key": "one"})
    world.run_for(10)
    second = world.accepted(key, {"text": "same", "platform": ["linkedin"]}, headers={"Idempotency-Key": "two"})
    world.run_for(600)
    assert world.run(second, "linkedin")["status"] == "succeeded"
    assert world.run(first, "linkedin")["error"]["code"] == "outcome_unknown"
    assert world.ledger() == ["same"]


def test_linkedin_is_not_asked_again_and_again_by_sending_the_same() -> None:
    world = World()
    key = world.user(connect=("linkedin:li_main",))
    unnamed = HttpAnswer(422, {}, b'{"status": 422, "errorDetails": {"inputErrors": [{"code": "DUPLICATE_POST"}]}}')
    world.fail("linkedin", "publish", "reset_after")
    answering(world, "/rest/posts", lambda number: unnamed if number > 1 else None)
    submission = post(world, key, "linkedin", "same")
    world.run_for(25 * 3600)
    assert world.run(submission, "linkedin")["error"]["code"] == "outcome_unknown"
    assert world.run(submission, "linkedin")["intents"] == 2


@pytest.mark.parametrize("seconds_ago", [200, 0])
def test_an_organisations_posts_are_looked_at_whatever_linkedin_names(seconds_ago: float) -> None:
    world = World()
    world.sandbox.listing_lag_seconds = 900
    key = world.user(connect=("linkedin:org_main",))
    world.fail("linkedin", "publish", "reset_after")
    answering(world, "/rest/posts", lambda number: share(world, seconds_ago) if number > 1 else None)
    submission = post(world, key, "linkedin", "same")
    world.run_for(3 * 3600)
    assert world.ledger() == ["same"]
    assert world.run(submission, "linkedin")["status"] == "succeeded"


@pytest.mark.parametrize(("fault", "seconds_ago"), [("reset_before", 0), ("reset_after", 165)])
def test_a_post_that_linkedin_names_and_that_this_run_cannot_have_made_settles_nothing(fault: str, seconds_ago: float) -> None:
    """A number that is made up at the refusal; a post shortly before ours, which LinkedIn may not have known when ours came."""
    world = World()
    key = world.user(connect=("linkedin:li_main",))
    world.fail("linkedin", "publish", fault)
    answering(world, "/rest/posts", lambda number: share(world, seconds_ago) if number > 1 else None)
    submission = post(world, key, "linkedin", "same")
    world.run_for(600)
    assert world.run(submission, "linkedin")["error"]["code"] == "outcome_unknown"


def test_the_pause_before_looking_is_bounded_however_often_the_call_was_made() -> None:
    world = World()
    key = world.user()
    world.fail("x", "publish", "rate_limit")
    submission = post(world, key, "x", "many")
    world.run_for(0.5)
    world.memory.contents[f"postSubmissions/{submission}/runs/x"][0]["intents"] = 1100
    world.fail("x", "publish", "reset_after")
    world.run_for(1200)
    run = world.run(submission)
    assert run["status"] == "succeeded"
    assert "fault of Soku" not in str(run["attempts"])


@pytest.mark.parametrize("answer", ["lost", "spam"])
@pytest.mark.parametrize("seconds_left", [3, 60, 400])
def test_a_platforms_own_word_is_given_its_time_at_the_deadline_too(answer: str, seconds_left: int) -> None:
    """Instagram's status says for 20 s that a published container is only finished."""
    world = World()
    key = world.user(connect=("instagram:main",))
    submission = post(world, key, "instagram", "late", imageUrls=[PHOTO])
    world.tasks.clear()
    world.clock.advance(24 * 3600 - seconds_left)
    sandbox, published = world.http, list[datetime]()

    def step(request: HttpRequest) -> HttpAnswer | None:
        if request.url.endswith("/media_publish"):
            taken = sandbox.send(request)
            if taken.status != 200:
                return taken
            published.append(world.clock.now())
            if answer == "lost":
                raise NoAnswer("reset")
            return HttpAnswer(400, {}, b'{"error": {"message": "spam", "code": 4, "error_subcode": 2207051}}')
        is_status = request.params.get("fields") == "status_code,status"
        if is_status and published and world.clock.now() - published[0] < timedelta(seconds=20):
            return HttpAnswer(200, {}, b'{"status_code": "FINISHED", "status": "Finished", "id": "1"}')
        return None

    between(world, step)
    world.sweep()
    world.run_for(3 * 3600)
    assert world.ledger() == ["late"]
    assert world.run(submission, "instagram")["status"] == "succeeded"


def test_a_published_video_gets_its_thumbnail_though_its_own_file_was_deleted() -> None:
    world = World()
    key = world.user(connect=("youtube:main",))
    content = world.fetcher.pages[VIDEO]
    world.storage.objects["media/mine.mp4"] = content
    facts = {"contentType": "video/mp4", "sizeBytes": len(content), "width": 1080, "height": 1920, "durationSeconds": 20.0}
    media = {"uid": "ada", "url": world.storage.url("media/mine.mp4"), "storagePath": "media/mine.mp4", "sha256": "00", **facts}
    world.documents.commit(Create("media/mine", media))
    world.fail("youtube", "thumbnail", "rate_limit")
    submission = post(world, key, "youtube", "v", {"thumbnailUrl": PHOTO}, mediaIds=["mine"])
    world.run_for(8)
    assert world.run(submission, "youtube")["phase"] == "published"
    world.documents.commit(Delete("media/mine"))
    world.run_for(48 * 3600, tick=600)
    run = world.run(submission, "youtube")
    assert (run["status"], run["notes"]) == ("succeeded", [])


def test_a_cover_that_cannot_be_had_any_more_is_a_note_on_a_published_video() -> None:
    world = World()
    key = world.user(connect=("youtube:main",))
    world.fail("youtube", "thumbnail", "rate_limit")
    submission = post(world, key, "youtube", "v", {"thumbnailUrl": PHOTO}, videoUrl=VIDEO)
    world.run_for(8)
    assert world.run(submission, "youtube")["phase"] == "published"
    copies = world.paths(f"postSubmissions/{submission}/media/")
    [cover] = [path for path in copies if world.document(path).fields["contentType"].startswith("image/")]
    world.documents.commit(Delete(cover))
    del world.fetcher.pages[PHOTO]
    world.run_for(48 * 3600, tick=600)
    run = world.run(submission, "youtube")
    assert run["status"] == "succeeded", run
    assert any("The thumbnail was refused" in note for note in run["notes"]), run["notes"]


def delivered_twice(world: World, ending: str) -> Between:
    """The platform's edge passes the public call on two times, and we get the second answer."""

    def step(request: HttpRequest) -> HttpAnswer | None:
        if request.method != "POST" or not request.url.endswith(ending):
            return None
        first, second = world.http.send(request), world.http.send(request)
        assert first.status < 300 <= 400 <= second.status, (first, second)
        return second

    return between(world, step)


@pytest.mark.parametrize("lag_seconds", [0.0, 60.0])
@pytest.mark.parametrize(("platform", "ending"), [("x", "/2/tweets"), ("linkedin", "/rest/posts")])
def test_a_call_that_was_delivered_twice_has_succeeded(platform: str, ending: str, lag_seconds: float) -> None:
    world = World()
    world.sandbox.listing_lag_seconds = lag_seconds
    account = "organization_1" if platform == "linkedin" else "main"
    key = world.user(connect=(f"{platform}:{account}",))
    sent = delivered_twice(world, ending)
    submission = post(world, key, platform, "once")
    world.run_for(600)
    run = world.run(submission, platform)
    assert (run["status"], len(world.sandbox.ledger)) == ("succeeded", 1), run
    assert run["platformPostId"] == world.sandbox.ledger[0].id
    assert sum(request.method == "POST" and request.url.endswith(ending) for request in sent.sent) == 1


DUPLICATE_ON_X = HttpAnswer(403, {}, json.dumps({"status": 403, "detail": "duplicate content"}).encode())


def test_a_copy_of_an_earlier_post_is_a_duplicate_and_is_sent_once() -> None:
    world = World()
    key = world.user(connect=("x:main",))
    earlier = post(world, key, "x", "the same", imageUrls=[PHOTO])
    world.run_for(600)
    world.documents.commit(*(Delete(path) for path in world.paths("users/ada/idempotency/")))
    sent = answering(world, "/2/tweets", lambda _: DUPLICATE_ON_X)
    later = post(world, key, "x", "the same", imageUrls=[PHOTO])
    world.run_for(600)
    assert world.run(earlier)["status"] == "succeeded"
    assert world.run(later)["error"]["code"] == "duplicate_content"
    assert len(world.sandbox.ledger) == 1
    assert sum(request.method == "POST" and request.url.endswith("/2/tweets") for request in sent.sent) == 1


def test_where_nothing_can_be_asked_a_duplicate_is_believed_at_once() -> None:
    world = World()
    key = world.user(connect=("linkedin:main",))
    delivered_twice(world, "/rest/posts")
    submission = post(world, key, "linkedin", "once")
    world.run_for(5)
    assert world.run(submission, "linkedin")["error"]["code"] == "duplicate_content"


def test_an_account_that_can_no_longer_be_asked_leaves_the_platforms_word() -> None:
    world = World()
    key = world.user(connect=("x:main",))

    def step(request: HttpRequest) -> HttpAnswer | None:
        if request.url.endswith("/2/tweets") and request.method == "POST":
            return DUPLICATE_ON_X
        return HttpAnswer(403, {}, b"{}") if "/tweets" in request.url else None

    between(world, step)
    submission = post(world, key, "x", "once")
    world.run_for(600)
    assert world.run(submission)["error"]["code"] == "duplicate_content"


def test_a_version_that_linkedin_retired_is_waited_out_and_told_to_the_operator(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    key = world.user(connect=("linkedin:main",))
    gone = HttpAnswer(426, {}, json.dumps({"code": "NONEXISTENT_VERSION", "message": "Requested version is not active"}).encode())
    retired = [True]
    between(world, lambda request: gone if retired and "/rest/" in request.url else None)
    submission = post(world, key, "linkedin", "later")
    world.run_for(3600)
    run = world.run(submission, "linkedin")
    assert (run["status"], run["attempts"][-1]["code"]) == ("processing", "platform_version_retired")
    [told] = {record.__dict__["variable"] for record in caplog.records if record.getMessage() == "platform.version_retired"}
    assert told == "SOKU_LINKEDIN_VERSION"
    retired.clear()
    world.run_for(1800)
    assert world.run(submission, "linkedin")["status"] == "succeeded"
    assert world.ledger() == ["later"]


@pytest.mark.parametrize(("account", "notes"), [("main", 0), ("private_channel", 1)])
def test_youtube_says_how_the_video_can_be_seen(account: str, notes: int) -> None:
    world = World()
    key = world.user(connect=(f"youtube:{account}",))
    submission = post(world, key, "youtube", "a film", {"privacy": "unlisted"}, videoUrl=VIDEO)
    world.run_for(600)
    run = world.run(submission, "youtube")
    assert (run["status"], len(run["notes"])) == ("succeeded", notes)
    assert notes == 0 or "private, though unlisted" in run["notes"][0]


@pytest.mark.parametrize(("text", "notes"), [("no link", 0), ("see example.com", 1)])
def test_what_a_link_costs_on_x_is_told(text: str, notes: int) -> None:
    world = World()
    submission = post(world, world.user(connect=("x:main",)), "x", text)
    world.run_for(60)
    assert len(world.run(submission)["notes"]) == notes


def test_a_post_that_somebody_made_a_moment_before_is_not_this_one() -> None:
    """By hand, or with another tool: the platform's word is true then."""
    world = World()
    key = world.user(connect=("x:main",))
    by_hand = HttpRequest(
        "POST",
        f"{SANDBOX_URL}/api.x.com/2/tweets",
        headers={"Authorization": f"Bearer {SandboxAccount('x', 'main').access_token}"},
        json={"text": "the same"},
    )
    assert world.http.send(by_hand).status == 201
    world.clock.advance(20)
    submission = post(world, key, "x", "the same")
    world.run_for(600)
    assert world.run(submission)["error"]["code"] == "duplicate_content"


def test_what_is_otherwise_than_asked_for_is_told_after_a_detour_too() -> None:
    world = World()
    key = world.user(connect=("youtube:private_channel",))
    world.fail("youtube", "thumbnail", "rate_limit")
    submission = post(world, key, "youtube", "a film", {"thumbnailUrl": PHOTO}, videoUrl=VIDEO)
    world.run_for(3600)
    run = world.run(submission, "youtube")
    assert run["status"] == "succeeded"
    assert [note for note in run["notes"] if "private, though public" in note]


def test_a_deleted_posts_thread_goes_no_further() -> None:
    world = World()
    key = world.user(connect=("x:main",))
    submission = post(world, key, "x", "one", {"thread": ["two", "three"]})
    limited = HttpAnswer(429, {"retry-after": "60"}, b"{}")
    between(world, lambda request: limited if request.json and request.json.get("text") == "two" else None)
    world.run_for(10)
    assert world.ledger() == ["one"]
    del world.memory.contents[f"postSubmissions/{submission}"]
    between(world, lambda request: None)
    world.run_for(3600)
    run = world.run(submission)
    assert (world.ledger(), run["status"]) == (["one"], "succeeded")
    assert all("the post was deleted" in note for note in run["notes"])
    assert len(run["notes"]) == 2


def test_a_duplicate_of_an_account_that_died_meanwhile_is_believed() -> None:
    world = World()
    key = world.user(connect=("x:main",))
    answering(world, "/2/tweets", lambda _: DUPLICATE_ON_X)
    submission = post(world, key, "x", "once")
    for _ in range(2):
        task = world.tasks.take()
        assert task is not None
        world.deliver(task)
    assert world.run(submission)["phase"] == "intent"
    world.documents.commit(Update(credentials_path("ada", "x", "main"), {"dead": True}))
    world.run_for(60)
    assert world.run(submission)["error"]["code"] == "duplicate_content"
