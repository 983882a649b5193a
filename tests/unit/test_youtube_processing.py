"""What becomes of videos once YouTube has them: waited for, for a while."""

import json
from datetime import timedelta

import pytest

from shared.http.client import HttpAnswer, HttpRequest
from tests.fakes.between import between
from tests.fakes.films import film
from tests.fakes.world import World
from tests.platforms import PHOTO, VIDEO


@pytest.fixture
def world() -> World:
    return World()


def test_a_video_that_takes_youtube_long_is_published_and_a_short_gets_its_thumbnail_after_that(world: World) -> None:
    key = world.user(connect=("youtube:yt_main",))
    world.sandbox.slow_processing_seconds = 1200
    world.fail("youtube", "publish", "slow_processing")
    world.fetcher.pages["https://example.com/short.mp4"] = film(1080, 1920, seconds=60)
    content = {"platform": "youtube", "text": "t", "videoUrl": "https://example.com/short.mp4", "imageUrls": [PHOTO]}
    submission = world.accepted(key, content)
    world.run_for(timedelta(minutes=16).total_seconds())
    run = world.run(submission, "youtube")
    assert (run["phase"], run["status"], len(run["attempts"]) < 50) == ("published", "processing", True)
    world.run_for(timedelta(minutes=10).total_seconds())
    run = world.run(submission, "youtube")
    assert (run["status"], run["notes"]) == (
        "succeeded",
        ["YouTube was still processing the video after 15 minutes: look at it there."],
    )
    assert [entry.kind for entry in world.sandbox.ledger] == ["post", "thumbnail"]


@pytest.mark.parametrize(
    ("status", "code", "remedy"),
    [
        ({"uploadStatus": "failed", "failureReason": "codec"}, "media_invalid", ""),
        ({"uploadStatus": "rejected", "rejectionReason": "length"}, "media_invalid", "youtube.com/verify"),
        ({"uploadStatus": "rejected", "rejectionReason": "copyright"}, "rejected", ""),
        ({"uploadStatus": "rejected", "rejectionReason": "uploaderAccountSuspended"}, "permission", ""),
    ],
)
def test_a_video_that_youtube_gives_up_or_turns_down_is_not_published(
    world: World, status: dict[str, str], code: str, remedy: str
) -> None:
    key = world.user(connect=("youtube:yt_main",))
    details = {"items": [{"id": "v", "status": {"privacyStatus": "public", **status}}]}

    def judged(request: HttpRequest) -> HttpAnswer | None:
        if request.method != "GET" or not request.url.endswith("/videos"):
            return None
        return HttpAnswer(200, {}, json.dumps(details).encode())

    between(world, judged)
    submission = world.accepted(key, {"platform": "youtube", "text": "t", "videoUrl": VIDEO})
    world.run_for(60)
    run = world.run(submission, "youtube")
    reason = status.get("failureReason") or status["rejectionReason"]
    assert (run["status"], run["error"]["platformCode"]) == ("failed", reason)
    assert (code in run["error"]["code"], remedy in run["error"]["remediation"]) == (True, True), run["error"]
    assert world.submission(submission)["runCounts"]["outcomeUnknown"] == 0


def test_a_video_whose_processing_fails_was_never_there(world: World) -> None:
    key = world.user(connect=("youtube:yt_main",))
    world.fail("youtube", "publish", "processing_failed")
    submission = world.accepted(key, {"platform": "youtube", "text": "t", "videoUrl": VIDEO})
    world.run_for(120)
    assert (world.run(submission, "youtube")["error"]["platformCode"], world.sandbox.ledger) == ("conversion", [])


@pytest.mark.parametrize("kind", ["reject", "rate_limit", "reset_before"])
def test_a_video_of_which_youtube_says_nothing_more_is_published_with_a_note(world: World, kind: str) -> None:
    key = world.user(connect=("youtube:yt_main",))
    world.fail("youtube", "video_details", kind, times=10_000)
    submission = world.accepted(key, {"platform": "youtube", "text": "t", "videoUrl": VIDEO})
    world.run_for(timedelta(hours=2).total_seconds())
    run = world.run(submission, "youtube")
    assert (run["status"], len(world.sandbox.ledger), run["platformPostId"] is not None) == ("succeeded", 1, True)
    assert run["notes"] == ["YouTube did not say whether it could process the video: look at it there."]
