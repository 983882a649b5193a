"""What a post names by address is copied before anything is sent: soon, once, within limits, and again while it may be mended."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from functions.ingest import main as ingest
from shared.documents.document import REMOVE, Create, Delete, Update
from shared.media.fetch import FetchFailed, FetchRefused
from shared.media.measure import Measured, Read, Unmeasurable
from shared.media.storage import StorageUnavailable
from shared.posts.copying import WORK_TIME
from shared.tasks.queues import INGEST
from shared.tasks.task import ingest as ingest_task
from tests.fakes.films import photo
from tests.fakes.outside import RememberingMeasurer
from tests.fakes.world import World

PHOTO, PNG, VIDEO, VERTICAL = (f"https://example.com/{name}" for name in ("photo.jpg", "photo.png", "video.mp4", "vertical.mp4"))
OLD_UPLOAD = {
    "url": "https://storage.test/media/old.png",
    "storagePath": "media/old.png",
    "contentType": "image/png",
    "sizeBytes": 1000,
    "sha256": "00",
}
GONE = FetchRefused("the address answered 404")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def key(world: World) -> str:
    accounts = ("x:x_main", "instagram:ig_main", "youtube:yt_main", "linkedin:li_main", "threads:th_main", "snapchat:sc_main")
    return world.user(connect=accounts)


def scheduled(world: World, key: str, *, in_seconds: float = 3600, **content: Any) -> str:
    due = (world.clock.now() + timedelta(seconds=in_seconds)).isoformat()
    return world.accepted(key, {"text": "later", "imageUrls": [PHOTO], **content}, scheduledTime=due)


def copies(world: World, submission: str) -> list[Any]:
    return [world.document(path).fields for path in world.paths(f"postSubmissions/{submission}/media/")]


def test_a_post_with_an_address_is_ingested_before_it_is_orchestrated(world: World, key: str) -> None:
    submission = world.accepted(key, {"text": "t", "imageUrls": [PHOTO]})
    [task] = world.tasks.waiting
    assert (task.queue, task.payload) == (ingest_task("", "ada").queue, {"postSubmissionId": submission, "uid": "ada"})
    assert world.submission(submission)["files"] == "pending"
    world.deliver_due()
    assert world.submission(submission)["files"] == "done"
    assert world.run(submission)["status"] == "succeeded"
    assert world.fetcher.fetched == [PHOTO]


def test_a_post_without_one_is_not(world: World, key: str) -> None:
    submission = world.accepted(key, {"text": "t"})
    assert [task.queue.target for task in world.tasks.waiting] == ["orchestrator"]
    assert "files" not in world.submission(submission)


def test_copies_live_apart_until_a_day_after_their_post(world: World, key: str) -> None:
    submission = scheduled(world, key)
    world.deliver_due()
    [copy] = copies(world, submission)
    assert copy["storagePath"].startswith("copies/")
    due = world.submission(submission)["dueAt"]
    assert world.storage.kept_until == {copy["storagePath"]: due + timedelta(days=1)}
    assert world.paths("media/") == [], "no upload, to be used again"
    assert ("leaseUntil" in copy, "sweepAt" in copy) == (False, False)


def test_files_of_a_scheduled_post_are_the_ones_at_acceptance(world: World, key: str) -> None:
    submission = scheduled(world, key)
    world.run_for(40)
    world.fetcher.pages[PHOTO] = GONE
    world.run_for(3600)
    assert world.run(submission)["status"] == "succeeded"
    assert world.fetcher.fetched == [PHOTO]


# While it can be mended


def test_a_failure_before_the_time_is_a_warning_and_tried_twice_more(world: World, key: str) -> None:
    world.fetcher.pages[PHOTO] = GONE
    submission = scheduled(world, key)
    tried = []
    for seconds, files in ((60, "pending"), (3600 - 370, "pending"), (150, "pending"), (160, "done")):
        world.run_for(seconds)
        tried.append(len(world.fetcher.fetched))
        fields = world.submission(submission)
        assert fields["files"] == files
        [warning] = fields["warnings"]
        field = "body.post.content.imageUrls.0"
        assert (warning["code"], warning["field"]) == ("media_unavailable", field)
        assert warning["message"].startswith(f"{field}: the address answered 404.")
        assert ("tried again" in warning["message"]) == (files == "pending")
    assert tried == [1, 1, 2, 3]
    world.run_for(60)
    assert world.run(submission)["error"]["code"] == "media_unavailable"


@pytest.mark.parametrize(("mended_after", "fetched"), [(1800, 2), (3600 - 120, 3)])
def test_what_was_mended_in_time_is_published_and_no_longer_warned_of(
    world: World, key: str, mended_after: float, fetched: int
) -> None:
    page, world.fetcher.pages[PHOTO] = world.fetcher.pages[PHOTO], GONE
    submission = scheduled(world, key)
    world.run_for(mended_after)
    assert world.submission(submission)["warnings"]
    world.fetcher.pages[PHOTO] = page
    world.run_for(3600 - mended_after + 120)
    assert world.run(submission)["status"] == "succeeded"
    assert world.submission(submission)["warnings"] == []
    assert len(world.fetcher.fetched) == fetched


def test_an_address_that_fails_for_the_moment_is_asked_five_times_each_time(world: World, key: str) -> None:
    world.fetcher.pages[PHOTO] = FetchFailed("the address answered 503")
    submission = scheduled(world, key)
    world.run_for(1800)
    assert len(world.fetcher.fetched) == 5
    world.run_for(1800 - 30)
    assert len(world.fetcher.fetched) == 10
    world.run_for(600)
    assert len(world.fetcher.fetched) == 15
    assert world.run(submission)["error"]["code"] == "media_unavailable"


def test_what_a_platform_will_not_take_is_told_while_it_can_be_mended(world: World, key: str) -> None:
    world.fetcher.pages[PHOTO] = photo(1600, 400)
    submission = scheduled(world, key, platform=["x", "instagram"])
    world.run_for(60)
    fields = world.submission(submission)
    assert fields["files"] == "done"
    [warning] = fields["warnings"]
    assert (warning["code"], warning["rule"], warning["target"]) == ("media_invalid", "instagram.image_ratio", "instagram:ig_main")
    assert "1600 × 400 pixels" in warning["message"]
    world.run_for(3700)
    assert [world.run(submission, name)["status"] for name in ("x", "instagram")] == ["succeeded", "failed"]


def test_one_file_that_is_missing_hides_nothing_of_the_others(world: World, key: str) -> None:
    world.fetcher.pages[PHOTO] = GONE
    submission = scheduled(world, key, platform="instagram", imageUrls=[PHOTO, PNG])
    world.run_for(60)
    told = {warning["field"]: warning["code"] for warning in world.submission(submission)["warnings"]}
    assert told == {"body.post.content.imageUrls.0": "media_unavailable", "body.post.content.imageUrls.1": "media_invalid"}


def test_other_warnings_stay(world: World, key: str) -> None:
    submission = scheduled(world, key)
    other = {"code": "something_else", "message": "…", "at": world.clock.now()}
    world.documents.commit(Update(f"postSubmissions/{submission}", {"warnings": [other]}))
    world.run_for(120)
    assert world.submission(submission)["warnings"] == [other]


# Deaths, and deliveries that meet


def test_a_lost_task_is_found_by_the_sweeper(world: World, key: str) -> None:
    submission = world.accepted(key, {"text": "t", "imageUrls": [PHOTO]})
    world.tasks.clear()
    world.run_for(120)
    assert world.run(submission)["status"] == "succeeded"


class Killed(BaseException):
    """The process is gone: nothing handles this."""


@pytest.mark.parametrize("port", ["fetcher", "storage", "measurer", "tasks"])
def test_a_copier_that_dies_is_replaced(world: World, key: str, port: str) -> None:
    submission = world.accepted(key, {"platform": ["x", "instagram"], "text": "t", "imageUrls": [PHOTO]})
    sound = world.ingesting

    class Deadly:
        def __getattr__(self, name: str) -> Any:
            raise Killed

    world.replace_ingesting(**{port: Deadly()})
    with contextlib.suppress(Killed):
        world.deliver_due()
    world.ingesting = sound
    world.run_for(240)
    assert [world.run(submission, name)["status"] for name in ("x", "instagram")] == ["succeeded", "succeeded"]
    assert len(world.sandbox.ledger) == 2


def test_two_deliveries_at_once_copy_each_address_once(world: World, key: str) -> None:
    submission = world.accepted(key, {"platform": "linkedin", "text": "t", "imageUrls": [PHOTO, PNG]})
    fetch, again = world.fetcher.fetch, [True]

    def meeting(url: str) -> Iterator[bytes]:
        if again:
            again.clear()
            ingest.handle({"postSubmissionId": submission, "uid": "ada"}, world)  # type: ignore[arg-type]
        yield from fetch(url)

    world.fetcher.fetch = meeting  # type: ignore[method-assign]
    world.run_for(30)
    assert sorted(world.fetcher.fetched) == [PHOTO, PNG]
    assert world.submission(submission)["files"] == "done"
    assert world.run(submission, "linkedin")["status"] == "succeeded"
    assert len(world.sandbox.ledger) == 1


def test_other_files_wait_for_another_delivery_once_one_has_worked_for_long(world: World, key: str) -> None:
    submission = world.accepted(key, {"platform": "linkedin", "text": "t", "imageUrls": [PHOTO, PNG]})
    fetch = world.fetcher.fetch

    def slow(url: str) -> Iterator[bytes]:
        world.clock.advance(WORK_TIME.total_seconds() + 1)
        yield from fetch(url)

    world.fetcher.fetch = slow  # type: ignore[method-assign]
    task = world.tasks.take()
    assert task is not None
    world.deliver(task)
    assert world.fetcher.fetched == [PHOTO]
    world.run_for(200)
    assert world.fetcher.fetched == [PHOTO, PNG]
    assert world.run(submission, "linkedin")["status"] == "succeeded"


def test_a_submission_of_an_older_version_is_copied_when_its_run_needs_it(world: World, key: str) -> None:
    submission = world.accepted(key, {"platform": ["x", "instagram"], "text": "t", "imageUrls": [PHOTO]})
    world.documents.commit(Update(f"postSubmissions/{submission}", {"files": REMOVE}))
    world.tasks.clear()
    world.run_for(120)
    assert [world.run(submission, name)["status"] for name in ("x", "instagram")] == ["succeeded", "succeeded"]
    assert world.fetcher.fetched == [PHOTO]
    for name in ("x", "instagram"):
        [attempt] = world.run(submission, name)["attempts"]
        assert attempt["message"] == "a file is still being copied"


def test_a_copy_whose_post_was_deleted_is_left_alone(world: World, key: str) -> None:
    world.fetcher.pages[PHOTO] = FetchFailed("the address answered 503")
    submission = world.accepted(key, {"text": "t", "imageUrls": [PHOTO]})
    world.deliver_due()
    del world.memory.contents[f"postSubmissions/{submission}"]
    world.run_for(600)
    [copy] = copies(world, submission)
    assert "sweepAt" not in copy
    assert len(world.fetcher.fetched) == 1


def test_our_storage_down_for_a_day_ends_the_post_as_missed(world: World, key: str) -> None:
    submission = world.accepted(key, {"text": "t", "imageUrls": [PHOTO]})

    def down(*_: Any, **__: Any) -> None:
        raise StorageUnavailable("503")

    world.storage.write = down  # type: ignore[method-assign]
    world.run_for(24 * 3600 + 600, tick=120)
    assert world.run(submission)["error"]["code"] == "missed"
    assert not world.sandbox.ledger
    world.run_for(1200)
    [copy] = copies(world, submission)
    assert "sweepAt" not in copy, "nothing of it is left to do"


# Limits

MIB = 1 << 20


@pytest.mark.parametrize(
    ("platforms", "mib", "ends"),
    [
        (["instagram"], 7.9, {"instagram": None}),
        (["instagram"], 8.1, {"instagram": "media_invalid"}),
        (["instagram", "linkedin"], 8.1, {"instagram": "media_invalid", "linkedin": None}),
        (["instagram", "linkedin"], 20.1, {"instagram": "media_invalid", "linkedin": "media_invalid"}),
    ],
)
def test_a_file_is_copied_as_far_as_any_of_its_platforms_takes_it(
    world: World, key: str, platforms: list[str], mib: float, ends: dict[str, str | None]
) -> None:
    """Ten images of 30 MiB for a platform that takes 8 MiB would be ours to keep."""
    world.fetcher.pages[PHOTO] = world.fetcher.pages[PHOTO] + bytes(int(mib * MIB) - len(world.fetcher.pages[PHOTO]))  # type: ignore[arg-type,operator]
    submission = world.accepted(key, {"platform": platforms, "text": "t", "imageUrls": [PHOTO]})
    world.run_for(120)
    assert {name: (world.run(submission, name).get("error") or {}).get("code") for name in ends} == ends
    assert len(world.storage.objects) == (None in ends.values())


def test_a_cover_may_be_as_large_as_covers_may_be(world: World, key: str) -> None:
    world.fetcher.pages[PHOTO] = world.fetcher.pages[PHOTO] + bytes(40 * MIB)  # type: ignore[operator]
    options = {"title": "film", "thumbnailUrl": PHOTO}
    target = {"platform": "youtube", "options": options}
    submission = world.accepted(key, {"platform": [target], "text": "t", "videoUrl": VIDEO})
    world.run_for(120)
    run = world.run(submission, "youtube")
    assert (run["status"], run["notes"]) == ("succeeded", [])


def test_an_image_beside_a_video_that_is_too_large_as_a_cover_is_left_out(world: World, key: str) -> None:
    world.fetcher.pages[PHOTO] = world.fetcher.pages[PHOTO] + bytes(9 * MIB)  # type: ignore[operator]
    submission = world.accepted(key, {"platform": "instagram", "text": "t", "videoUrl": VERTICAL, "imageUrls": [PHOTO]})
    world.run_for(120)
    run = world.run(submission, "instagram")
    assert run["status"] == "succeeded"
    assert "left out as a cover: the file is larger than 8 MiB" in run["notes"][0]


@pytest.mark.parametrize(
    ("platform", "url", "says"),
    [
        ("youtube", PHOTO, "the file is image/jpeg, and the platforms of this post take videos"),
        ("x", "https://example.com/podcast.mp3", "the file is audio/mpeg, and the platforms of this post take images and videos"),
    ],
)
def test_what_no_platform_of_the_post_takes_is_not_stored(world: World, key: str, platform: str, url: str, says: str) -> None:
    world.fetcher.pages["https://example.com/file"] = world.fetcher.pages[url]
    submission = world.accepted(key, {"platform": platform, "text": "t", "mediaUrls": ["https://example.com/file"]})
    world.run_for(120)
    error = world.run(submission, platform)["error"]
    assert (error["code"], says in error["message"]) == ("media_invalid", True)
    assert world.storage.objects == {}


def test_what_brings_down_its_measuring_is_deleted_at_once_and_for_good(world: World, key: str) -> None:
    class Falling:
        def measure(self, read: Read, size_bytes: int, content_type: str, hold: Callable[[], None] = lambda: None) -> Measured:
            raise Unmeasurable("the file is broken")

    world.replace_ingesting(measurer=Falling())
    submission = world.accepted(key, {"text": "t", "imageUrls": [PHOTO]})
    world.run_for(120)
    assert world.run(submission)["error"]["code"] == "media_invalid"
    assert (world.storage.objects, world.fetcher.fetched) == ({}, [PHOTO])


def test_what_the_storage_does_not_let_be_measured_is_not_left_behind(world: World, key: str) -> None:
    """It is fetched again later, under another name."""

    class Down:
        def measure(self, read: Read, size_bytes: int, content_type: str, hold: Callable[[], None] = lambda: None) -> Measured:
            raise StorageUnavailable("down")

    world.replace_ingesting(measurer=Down())
    world.accepted(key, {"text": "t", "imageUrls": [PHOTO]})
    world.run_for(3600)
    assert world.storage.objects == {}
    assert 5 < len(world.fetcher.fetched) < 30
    world.replace_ingesting(measurer=RememberingMeasurer())
    world.run_for(600)
    assert (len(world.storage.objects), world.ledger()) == (1, ["t"])


def test_an_outage_while_uploads_are_measured_anew_makes_no_more_tasks_than_the_sweeper(world: World, key: str) -> None:
    """Each delivery and each tick would otherwise add one for ever."""
    world.memory.commit(Create("media/old", {"uid": "ada", **OLD_UPLOAD, "measuredBy": 0}))

    def down(path: str, start: int = 0, length: int | None = None) -> bytes:
        raise StorageUnavailable("down")

    world.storage.read = down  # type: ignore[method-assign]
    world.accepted(key, {"text": "t", "imageUrls": [PNG], "mediaIds": ["old"]})
    world.run_for(600)
    before = world.invocations
    world.run_for(600)
    assert world.invocations - before <= 30


def test_an_upload_that_is_gone_is_measured_as_nothing(world: World, key: str) -> None:
    world.memory.commit(Create("media/old", {"uid": "ada", **OLD_UPLOAD, "measuredBy": 0}))
    submission = world.accepted(key, {"text": "t", "imageUrls": [PNG], "mediaIds": ["old"]})
    world.run_for(120)
    assert world.run(submission)["error"]["rule"] == "x.image_unreadable"


def test_a_server_that_trickles_is_copied_by_one_at_a_time(world: World, key: str) -> None:
    """The lease is renewed from the first byte on, and for bytes that unpack to nothing."""
    overlapping: list[int] = []
    at_once = 0

    class Trickling:
        def fetch(self, url: str) -> Iterator[bytes]:
            nonlocal at_once
            at_once += 1
            overlapping.append(at_once)
            for piece in (b"\x89", b"", b"", b"", b"PNG", b"", b""):
                world.clock.advance(25)
                world.sweep()
                world.deliver_due()
                yield piece
            at_once -= 1
            raise FetchRefused("the file took longer than 290 seconds to fetch")

    world.replace_ingesting(fetcher=Trickling())
    submission = world.accepted(key, {"text": "t", "imageUrls": [PHOTO]})
    world.run_for(600)
    assert overlapping == [1]
    assert "took longer than 290 seconds" in world.run(submission)["error"]["message"]


def test_a_failure_of_before_gets_its_last_try_though_another_file_took_until_then(world: World, key: str) -> None:
    class Slow:
        def fetch(self, url: str) -> Iterator[bytes]:
            if url == VIDEO:
                world.clock.advance(90)
            yield from world.fetcher.fetch(url)
            if url == VIDEO:
                world.fetcher.pages[PHOTO] = page

    page = world.fetcher.pages[PHOTO]
    world.fetcher.pages[PHOTO] = GONE
    world.replace_ingesting(fetcher=Slow())
    both = [PHOTO, VIDEO]
    submission = scheduled(world, key, in_seconds=70, imageUrls=[], mediaUrls=both, platform=["threads"], mediaType="image")
    world.run_for(300)
    assert world.fetcher.fetched == [PHOTO, VIDEO, PHOTO]
    assert world.run(submission, "threads")["status"] == "succeeded"


# Queues


def test_a_customers_copying_goes_through_one_queue_of_sixteen() -> None:
    queues = {uid: ingest_task("s", uid).queue for uid in (f"user-{n}" for n in range(400))}
    assert {queue.name for queue in queues.values()} == {queue.name for queue in INGEST} == {f"ingest-{n:02}" for n in range(16)}
    assert {queue.concurrent_dispatches for queue in INGEST} == {4}
    assert ingest_task("other", "user-7").queue == queues["user-7"]


# The quota


def stored(world: World) -> int:
    return world.document("users/ada").fields.get("storageBytes", 0)


def test_copies_count_until_their_post_is_over(world: World, key: str) -> None:
    submission = scheduled(world, key)
    world.run_for(60)
    [copy] = copies(world, submission)
    assert (stored(world), world.submission(submission)["copiedBytes"]) == (copy["sizeBytes"], copy["sizeBytes"])
    world.run_for(7200)
    assert world.run(submission)["status"] == "succeeded"
    assert (stored(world), "copiedBytes" in world.submission(submission)) == (0, False)


def test_where_storage_is_full_a_post_waits_and_says_so(world: World, key: str) -> None:
    world.replace_ingesting(quota_bytes=1000)
    world.documents.commit(Update("users/ada", {"storageBytes": 1000}))
    submission = world.accepted(key, {"text": "t", "imageUrls": [PHOTO]})
    world.run_for(300)
    assert (world.fetcher.fetched, world.submission(submission)["files"]) == ([], "pending")
    [warning] = world.submission(submission)["warnings"]
    assert warning["code"] == "storage_quota_exceeded"
    assert "DELETE /v1/media" in warning["message"]
    world.documents.commit(Update("users/ada", {"storageBytes": 999}))
    world.run_for(120)
    assert world.run(submission)["status"] == "succeeded"
    assert (world.submission(submission)["warnings"], stored(world)) == ([], 999)


def test_of_many_files_those_beyond_the_quota_wait(world: World, key: str) -> None:
    world.replace_ingesting(quota_bytes=10)
    submission = world.accepted(key, {"text": "t", "imageUrls": [PHOTO, PNG], "platform": "threads"})
    world.run_for(120)
    assert world.fetcher.fetched == [PHOTO]
    assert stored(world) == world.submission(submission)["copiedBytes"] > 10
    world.replace_ingesting(quota_bytes=10_000_000)
    world.run_for(120)
    assert world.run(submission, "threads")["status"] == "succeeded"
    assert stored(world) == 0


def test_a_user_who_is_gone_stays_so(world: World, key: str) -> None:
    submission = scheduled(world, key)
    world.run_for(60)
    world.documents.commit(Delete("users/ada"))
    world.run_for(7200)
    assert world.run(submission)["error"]["code"] == "user_disabled"
    assert "users/ada" not in world.paths()
