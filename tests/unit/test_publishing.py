"""One post's way through all handlers, on the twins: what is published, what fails how, and what it never does twice."""

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.core.encryption import Cipher
from shared.documents.document import REMOVE, Create, Update, Version, Write
from shared.http.client import HttpAnswer, HttpRequest, NotSent
from shared.media.copy import MAX_CLAIMS
from shared.media.fetch import FetchFailed, FetchRefused
from shared.platforms.failure import FailureKind
from shared.platforms.platform import FollowUp
from shared.platforms.rules import Draft
from shared.posts.run import RunPath
from shared.publishing.publish import publish_run
from tests.fakes.world import World

PHOTO = "https://example.com/photo.jpg"
VIDEO = "https://example.com/video.mp4"
X, INSTAGRAM = {"platform": ["x"]}, {"platform": ["instagram"]}


@pytest.fixture
def key(world: World) -> str:
    return world.user(connect=["x:x_main", "instagram:ig_main"])


@pytest.mark.parametrize(
    ("post", "accepted", "why"),
    [
        ({**X, "text": "hello"}, 1, "text"),
        ({**X, "text": "hello", "imageUrls": [PHOTO]}, 1, "one image"),
        (
            {**X, "imageUrls": [PHOTO, "https://example.com/photo.png", "https://example.com/image.jpg", PHOTO + "?4"]},
            0,
            "a missing one",
        ),
        ({**X, "imageUrls": [PHOTO, "https://example.com/photo.png", "https://example.com/image.jpg"]}, 1, "three images, no text"),
        ({**X, "text": "clip", "videoUrl": VIDEO}, 1, "a video"),
        ({**X, "text": "clip", "mediaUrls": [VIDEO]}, 1, "a video by mediaUrls"),
        ({**INSTAGRAM, "text": "photo", "imageUrls": [PHOTO]}, 1, "an image"),
        ({**INSTAGRAM, "text": "both", "imageUrls": [PHOTO, "https://example.com/image.jpg"]}, 1, "a carousel"),
        ({**INSTAGRAM, "text": "mix", "videoUrl": VIDEO, "imageUrls": [PHOTO], "mediaType": "image"}, 1, "a mixed carousel"),
        ({**INSTAGRAM, "text": "reel", "videoUrl": VIDEO, "imageUrls": [PHOTO]}, 1, "a reel with a cover"),
        ({"platform": ["x", "instagram"], "text": "two", "imageUrls": [PHOTO]}, 2, "two platforms"),
    ],
)
def test_kinds_of_posts(world: World, key: str, post: dict[str, Any], accepted: int, why: str) -> None:
    submission = world.accepted(key, post)
    world.run_for(300)
    assert len(world.sandbox.ledger) == accepted, why
    assert world.submission(submission)["completedAt"] is not None
    assert "sweepAt" not in world.submission(submission)
    for entry in world.sandbox.ledger:
        run = world.run(submission, entry.platform)
        assert (run["status"], run["platformPostId"], run["platformPostUrl"]) == ("succeeded", entry.id, entry.url)
        assert not {"handle", "leaseUntil", "sweepAt", "nextAttemptAt"} & set(run)


def test_a_file_is_fetched_once_for_all_platforms_of_a_post(world: World, key: str) -> None:
    world.accepted(key, {"platform": ["x", "instagram"], "text": "t", "imageUrls": [PHOTO]})
    world.run_for(120)
    assert world.fetcher.fetched == [PHOTO]
    assert len(world.sandbox.ledger) == 2


def test_what_a_platform_cannot_show_is_left_out_and_noted(world: World, key: str) -> None:
    submission = world.accepted(key, {**X, "text": "clip", "videoUrl": VIDEO, "imageUrls": [PHOTO]})
    world.run_for(120)
    assert world.run(submission)["status"] == "succeeded"
    assert "left out" in world.run(submission)["notes"][0]


@pytest.mark.parametrize(
    ("platform", "step", "fault", "status", "code"),
    [
        ("x", "publish", "unauthorized", "succeeded", None),
        ("x", "publish", "reject", "failed", "content_rejected"),
        ("x", "publish", "duplicate", "failed", "duplicate_content"),
        ("x", "publish", "rate_limit", "succeeded", None),
        ("x", "publish", "server_error_before", "succeeded", None),
        ("x", "publish", "server_error_after", "succeeded", None),
        ("x", "publish", "reset_before", "succeeded", None),
        ("x", "publish", "reset_after", "succeeded", None),
        ("x", "publish", "hang_after", "succeeded", None),
        ("x", "upload", "unauthorized", "succeeded", None),
        ("x", "upload", "rate_limit", "succeeded", None),
        ("x", "upload", "server_error_after", "succeeded", None),
        ("x", "upload", "reset_before", "succeeded", None),
        ("instagram", "create_container", "server_error_after", "succeeded", None),
        ("instagram", "create_container", "rate_limit", "succeeded", None),
        ("instagram", "create_container", "unauthorized", "failed", "reauth_required"),
        ("instagram", "create_container", "processing_failed", "failed", "media_invalid"),
        ("instagram", "create_container", "slow_processing", "succeeded", None),
        ("instagram", "container_status", "reset_before", "succeeded", None),
        ("instagram", "publish", "unauthorized", "failed", "reauth_required"),
        ("instagram", "publish", "rate_limit", "succeeded", None),
        ("instagram", "publish", "server_error_before", "succeeded", None),
        ("instagram", "publish", "server_error_after", "succeeded", None),
        ("instagram", "publish", "reset_after", "succeeded", None),
        ("instagram", "permalink", "server_error_before", "succeeded", None),
    ],
)
def test_faults(world: World, key: str, platform: str, step: str, fault: str, status: str, code: str | None) -> None:
    world.fail(platform, step, fault)
    submission = world.accepted(key, {"platform": [platform], "text": "once", "imageUrls": [PHOTO]})
    world.run_for(2 * 3600)
    run = world.run(submission, platform)
    assert run["status"] == status
    assert run.get("error", {}).get("code") == code
    assert world.ledger() == (["once"] if status == "succeeded" else [])
    if code:
        assert run["error"]["remediation"]
        assert run["error"]["attempts"]


@pytest.mark.parametrize(("fault", "expected"), [("processing_failed", "failed"), ("slow_processing", "succeeded")])
def test_processing_of_a_video(world: World, key: str, fault: str, expected: str) -> None:
    world.fail("x", "finalize", fault)
    submission = world.accepted(key, {**X, "text": "clip", "videoUrl": VIDEO})
    world.run_for(600)
    assert world.run(submission)["status"] == expected


def test_an_answer_that_is_lost_while_listings_lag_is_found_in_the_end(world: World, key: str) -> None:
    world.sandbox.listing_lag_seconds = 90
    world.fail("x", "publish", "reset_after")
    submission = world.accepted(key, {**X, "text": "once & <for> all https://example.com/a"})
    world.run_for(600)
    assert world.run(submission)["status"] == "succeeded"
    assert len(world.ledger()) == 1


def test_a_post_whose_outcome_cannot_be_asked_for_is_not_sent_again(world: World, key: str) -> None:
    world.fail("x", "publish", "reset_after")
    world.fail("x", "list_posts", "unauthorized")
    world.fail("x", "token", "unauthorized")
    submission = world.accepted(key, {**X, "text": "once"})
    world.run_for(3600)
    assert world.run(submission)["status"] == "processing", "once the account is connected again, X can be asked"
    world.run_for(24 * 3600, tick=600)
    assert world.run(submission)["error"]["code"] == "outcome_unknown"
    assert world.ledger() == ["once"]
    assert world.submission(submission)["runCounts"] == {"total": 1, "succeeded": 0, "failed": 1, "outcomeUnknown": 1}


def test_an_endless_outage_ends_after_a_day(world: World, key: str) -> None:
    world.fail("x", "publish", "server_error_before", times=10**6)
    world.fail("x", "list_posts", "server_error_before", times=10**6)
    submission = world.accepted(key, {**X, "text": "never"})
    world.run_for(25 * 3600, tick=600)
    assert world.run(submission)["error"]["code"] == "outcome_unknown"
    assert world.ledger() == []


def test_a_platform_that_cannot_be_reached_for_a_day_fails_the_run_with_its_deadline(world: World, key: str) -> None:
    class Unreachable:
        def send(self, request: HttpRequest) -> HttpAnswer:
            raise NotSent("ConnectTimeout")

    world.replace_publishing(http=Unreachable())
    submission = world.accepted(key, {**X, "text": "never"})
    world.run_for(25 * 3600, tick=600)
    error = world.run(submission)["error"]
    assert (error["code"], error["class"]) == ("deadline_exceeded", "transient")
    assert len(error["attempts"]) == 10


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (FetchRefused("the address leads to a private network"), "media_unavailable"),
        (FetchFailed("the address answered 503"), "media_unavailable"),
        (b"<html>not an image</html>", "media_invalid"),
    ],
)
def test_a_file_that_cannot_be_had_fails_every_run_that_needs_it(world: World, key: str, page: Any, code: str) -> None:
    world.fetcher.pages[PHOTO] = page
    submission = world.accepted(key, {"platform": ["x", "instagram"], "text": "t", "imageUrls": [PHOTO]})
    world.run_for(900)
    assert [world.run(submission, run)["error"]["code"] for run in ("x", "instagram")] == [code, code]
    assert world.ledger() == []


def test_a_file_whose_address_lied_is_judged_by_what_it_is(world: World, key: str) -> None:
    world.fetcher.pages["https://example.com/really-a.jpg"] = world.fetcher.pages["https://example.com/photo.png"]
    submission = world.accepted(key, {**INSTAGRAM, "text": "t", "imageUrls": ["https://example.com/really-a.jpg"]})
    world.run_for(120)
    error = world.run(submission, "instagram")["error"]
    assert (error["code"], error["rule"]) == ("media_invalid", "instagram.image_type")


def test_an_account_that_was_disconnected_meanwhile_says_what_to_do(world: World, key: str) -> None:
    submission = world.accepted(key, {**X, "text": "t"})
    del world.memory.contents["users/ada/credentials/x:x_main"]
    world.run_for(120)
    assert world.run(submission)["error"]["code"] == "reauth_required"


def test_a_failed_post_may_be_sent_again_with_the_same_text(world: World, key: str) -> None:
    world.fail("x", "publish", "reject")
    first = world.accepted(key, {**X, "text": "again"})
    world.run_for(120)
    second = world.accepted(key, {**X, "text": "again"})
    world.run_for(120)
    assert first != second
    assert world.ledger() == ["again"]


def test_a_post_of_unknown_outcome_is_not_sent_again_by_repeating_the_request(world: World, key: str) -> None:
    world.fail("x", "publish", "reset_after")
    world.fail("x", "list_posts", "reject")
    first = world.accepted(key, {**X, "text": "again"})
    world.run_for(3600)
    assert world.run(first)["error"]["code"] == "outcome_unknown"
    assert world.accepted(key, {**X, "text": "again"}) == first
    world.run_for(120)
    assert world.ledger() == ["again"]


def test_a_post_is_published_once_however_often_its_tasks_are_delivered(world: World, key: str) -> None:
    submission = world.accepted(key, {**X, "text": "once"})
    [orchestration] = world.tasks.waiting
    for _ in range(5):
        world.deliver(orchestration)
    publications = [task for task in world.tasks.waiting if task.queue.target == "publisher"]
    for task in publications * 3:
        world.deliver(task)
    world.deliver(orchestration)
    world.run_for(300)
    assert world.ledger() == ["once"]
    assert world.submission(submission)["runCounts"]["succeeded"] == 1


def test_what_cloud_tasks_loses_the_sweeper_finds(world: World, key: str) -> None:
    submission = world.accepted(key, {"platform": ["x", "instagram"], "text": "t", "imageUrls": [PHOTO]})
    world.tasks.clear()
    world.run_for(60)
    world.deliver_due()
    world.tasks.clear()
    world.run_for(240)
    assert world.submission(submission)["runCounts"]["succeeded"] == 2


def test_what_cannot_be_enqueued_is_accepted_all_the_same(world: World, key: str) -> None:
    world.tasks.is_down = True
    world.accepted(key, {**X, "text": "t"})
    world.tasks.is_down = False
    world.run_for(120)
    assert world.ledger() == ["t"]


def test_a_post_forty_days_ahead_is_published_at_its_time(world: World, key: str) -> None:
    due = world.clock.now() + timedelta(days=40)
    submission = world.accepted(key, {**X, "text": "later"}, scheduledTime=due.isoformat())
    world.run_for(39 * 86400, tick=3600)
    assert (world.submission(submission)["status"], world.ledger()) == ("queued", [])
    world.run_for(86400 - 1)
    assert world.ledger() == []
    world.run_for(2)
    assert world.ledger() == ["later"]
    assert world.sandbox.ledger[0].accepted_at - due < timedelta(seconds=1)


def test_an_early_task_of_a_scheduled_post_publishes_nothing(world: World, key: str) -> None:
    due = world.clock.now() + timedelta(minutes=10)
    world.accepted(key, {**X, "text": "later"}, scheduledTime=due.isoformat())
    world.run_for(540)
    [task] = world.tasks.waiting
    world.deliver(task)
    assert world.ledger() == []
    world.run_for(120)
    assert world.ledger() == ["later"]


def test_statuses_of_a_run_only_move_forward(world: World, key: str) -> None:
    order = ["queued", "processing", "succeeded"]
    world.fail("x", "publish", "rate_limit", times=3)
    submission = world.accepted(key, {**X, "text": "t"})
    seen: list[int] = []
    for _ in range(120):
        world.run_for(10)
        paths = world.paths(f"postSubmissions/{submission}/runs/")
        seen += [order.index(world.document(path).fields["status"]) for path in paths]
    assert seen == sorted(seen)
    assert seen[-1] == 2


def test_every_kind_of_failure_has_something_to_tell_the_customer() -> None:
    from typing import get_args

    from shared.platforms.failure import PlatformFailure

    for kind in get_args(FailureKind):
        fields = PlatformFailure(kind, "m").to_fields()
        assert fields["code"]
        assert fields["remediation"].endswith(".")


# What an independent reader of the code found, kept from coming back.


def disconnect(world: World) -> None:
    del world.memory.contents["users/ada/credentials/x:x_main"]


def test_an_account_disconnected_in_doubt_leaves_the_outcome_unknown(world: World, key: str) -> None:
    world.fail("x", "publish", "reset_after")
    first = world.accepted(key, {**X, "text": "once"})
    world.deliver_due()
    disconnect(world)
    world.run_for(600)
    assert world.run(first)["error"]["code"] == "outcome_unknown"
    world.connect("ada", "x", "x_main")
    assert world.accepted(key, {**X, "text": "once"}) == first


@pytest.mark.parametrize("connected", [True, False])
def test_once_the_id_is_safe_neither_a_crash_nor_a_disconnected_account_matters(world: World, key: str, connected: bool) -> None:
    submission = world.accepted(key, {**INSTAGRAM, "text": "t", "imageUrls": [PHOTO]})
    world.deliver_due()
    [entry] = world.sandbox.ledger
    path = f"postSubmissions/{submission}/runs/instagram"
    changes = {"status": "processing", "phase": "published", "leaseUntil": REMOVE, "platformPostUrl": REMOVE}
    world.documents.commit(
        Update(path, changes),
        Update(f"postSubmissions/{submission}", {("runCounts", "succeeded"): 0, "completedAt": REMOVE}),
    )
    if not connected:
        del world.memory.contents["users/ada/credentials/instagram:ig_main"]
    publish_run(RunPath(submission, "instagram"), world.publishing)
    run = world.run(submission, "instagram")
    assert (run["status"], run["platformPostId"]) == ("succeeded", entry.id)
    assert run["platformPostUrl"] == (entry.url if connected else None)


class Rewriting:
    """The sandbox, with some answers replaced."""

    def __init__(self, world: World, rewrite: Callable[[HttpRequest, HttpAnswer], HttpAnswer]) -> None:
        self._http, self._rewrite = world.http, rewrite

    def send(self, request: HttpRequest) -> HttpAnswer:
        return self._rewrite(request, self._http.send(request))


@pytest.mark.parametrize("body", [b'{"errors": [{"detail": "over capacity"}]}', b"<html>", b"{}", b'{"errors": ["bad"]}'])
def test_an_answer_that_is_no_listing_proves_nothing(world: World, key: str, body: bytes) -> None:
    remaining = [6]

    def rewrite(request: HttpRequest, answer: HttpAnswer) -> HttpAnswer:
        if request.method == "GET" and request.url.endswith("/tweets") and remaining[0]:
            remaining[0] -= 1
            return HttpAnswer(200, {}, body)
        return answer

    world.replace_publishing(http=Rewriting(world, rewrite))
    world.fail("x", "publish", "reset_after")
    submission = world.accepted(key, {**X, "text": "once", "imageUrls": [PHOTO]})
    world.run_for(3600)
    assert world.ledger() == ["once"]
    assert world.run(submission)["status"] == "succeeded"


@pytest.mark.parametrize(
    "text",
    [
        "go to example.com now",
        "https://e.com/?a=1&copy=2&section=3",
        "a &amp; b <c>",
        "  spaced \n out  ",
        "日本 https://例え.jp/あ",
    ],
)
def test_a_text_is_recognised_however_the_platform_rewrites_it(world: World, key: str, text: str) -> None:
    def rewrite(request: HttpRequest, answer: HttpAnswer) -> HttpAnswer:
        body = answer.json()
        for tweet in body.get("data") or [] if request.url.endswith("/tweets") and request.method == "GET" else []:
            # X links bare domains too, and shows their address with a scheme.
            tweet["text"] = tweet["text"].replace("example.com", "https://t.co/abc")
        return HttpAnswer(answer.status, answer.headers, json.dumps(body).encode())

    world.replace_publishing(http=Rewriting(world, rewrite))
    world.fail("x", "publish", "reset_after")
    submission = world.accepted(key, {**X, "text": text, "imageUrls": [PHOTO]})
    world.run_for(3600)
    assert len(world.ledger()) == 1
    assert world.run(submission)["status"] == "succeeded"


def test_a_timeline_that_knows_its_fields_by_their_old_name_is_read_as_well(world: World, key: str) -> None:
    class OfOld:
        def send(self, request: HttpRequest) -> HttpAnswer:
            if "post.fields" in request.params:
                return HttpAnswer(
                    400, {}, b'{"title": "Invalid Request", "detail": "The query parameter [post.fields] is not one of"}'
                )
            params = {"post.fields" if name == "tweet.fields" else name: value for name, value in request.params.items()}
            return world.http.send(replace(request, params=params))

    world.replace_publishing(http=OfOld())
    world.fail("x", "publish", "reset_after")
    submission = world.accepted(key, {**X, "text": "once", "imageUrls": [PHOTO]})
    world.run_for(600)
    assert (world.run(submission)["status"], world.ledger()) == ("succeeded", ["once"])


def test_a_post_that_may_be_ours_is_never_called_absent(world: World, key: str) -> None:
    def rewrite(request: HttpRequest, answer: HttpAnswer) -> HttpAnswer:
        body = answer.json()
        for tweet in body.get("data") or [] if request.url.endswith("/tweets") and request.method == "GET" else []:
            tweet.pop("attachments", None)
        return HttpAnswer(answer.status, answer.headers, json.dumps(body).encode())

    world.replace_publishing(http=Rewriting(world, rewrite))
    world.fail("x", "publish", "reset_after")
    submission = world.accepted(key, {**X, "text": "once", "imageUrls": [PHOTO]})
    world.run_for(3600)
    assert world.ledger() == ["once"]
    assert world.run(submission)["error"]["code"] == "outcome_unknown"


def test_a_listing_that_lags_for_long_is_searched_from_the_first_intent_on(world: World, key: str) -> None:
    world.sandbox.listing_lag_seconds = 200
    world.fail("x", "publish", "reset_after")
    submission = world.accepted(key, {**X, "text": "once"})
    world.run_for(3600)
    assert world.ledger() == ["once"], "X itself refused the second one as a duplicate"
    assert world.run(submission)["status"] == "succeeded"


@pytest.mark.parametrize("status", ["", "SOMETHING_NEW"])
def test_a_container_status_that_nobody_knows_proves_nothing(world: World, key: str, status: str) -> None:
    remaining = [0]

    def rewrite(request: HttpRequest, answer: HttpAnswer) -> HttpAnswer:
        if remaining[0] and request.params.get("fields") == "status_code,status":
            remaining[0] -= 1
            return HttpAnswer(200, {}, json.dumps({"status_code": status}).encode())
        return answer

    world.replace_publishing(http=Rewriting(world, rewrite))
    world.fail("instagram", "publish", "reset_after")
    submission = world.accepted(key, {**INSTAGRAM, "text": "once", "imageUrls": [PHOTO]})
    world.deliver_due()
    remaining[0] = 3
    world.run_for(3600)
    assert world.ledger() == ["once"]
    assert world.run(submission, "instagram")["status"] == "succeeded"


def test_a_published_container_is_a_success_even_if_its_media_may_not_be_listed(world: World, key: str) -> None:
    world.fail("instagram", "publish", "reset_after")
    world.fail("instagram", "list_media", "unauthorized")
    submission = world.accepted(key, {**INSTAGRAM, "text": "once", "imageUrls": [PHOTO]})
    world.run_for(3600)
    assert world.run(submission, "instagram")["status"] == "succeeded"


def test_media_that_is_processed_for_ever_fails_after_an_hour(world: World, key: str) -> None:
    world.sandbox.slow_processing_seconds = 10**6
    world.fail("instagram", "create_container", "slow_processing")
    submission = world.accepted(key, {**INSTAGRAM, "text": "t", "videoUrl": VIDEO})
    world.run_for(2 * 3600)
    assert world.run(submission, "instagram")["error"]["code"] == "processing_timeout"
    assert len(world.http.sent) < 80


def test_a_platform_that_fails_at_the_public_call_again_and_again_is_asked_less_and_less(world: World, key: str) -> None:
    world.fail("instagram", "publish", "server_error_before", times=10**6)
    world.accepted(key, {**INSTAGRAM, "text": "t", "imageUrls": [PHOTO]})
    world.run_for(3600)
    assert sum(request.url.endswith("media_publish") for request in world.http.sent) < 25


@pytest.mark.parametrize(("phase", "code"), [("preparing", "missed"), ("intent", "outcome_unknown")])
def test_a_fault_of_ours_ends_after_a_day_too(world: World, key: str, phase: str, code: str) -> None:
    if phase == "intent":
        world.fail("x", "publish", "reset_after")
    submission = world.accepted(key, {**X, "text": "t"})
    if phase == "intent":
        world.deliver_due()
    world.replace_publishing(cipher=Cipher({"another": b"\2" * 32}))
    world.run_for(26 * 3600, tick=600)
    assert world.run(submission)["error"]["code"] == code


def test_a_published_post_ends_though_what_follows_it_can_not_be_found_out(world: World, key: str) -> None:
    def broken(draft: Draft) -> Sequence[FollowUp]:
        raise LookupError("a fault of ours")

    world.fail("x", "publish", "rate_limit")
    submission = world.accepted(key, {**X, "text": "t"})
    world.run_for(1)
    world.memory.contents[f"postSubmissions/{submission}/runs/x"][0].update(phase="published", platformPostId="1")
    platforms = world.publishing.platforms
    world.replace_publishing(platforms={**platforms, "x": replace(platforms["x"], follow_ups=broken)})
    world.run_for(26 * 3600, tick=600)
    assert world.run(submission)["status"] == "succeeded"
    assert "fault of Soku" in world.run(submission)["notes"][0]


@pytest.mark.parametrize("dies", ["before settling", "after it"])
def test_an_orchestrator_that_died_before_saying_so_forgets_nothing(world: World, key: str, dies: str) -> None:
    submission = world.accepted(key, {**X, "text": "t"})
    [orchestration] = world.tasks.waiting
    world.deliver_due()
    changes: dict[Any, Any] = {"status": "orchestrating"}
    if dies == "before settling":
        changes |= {"completedAt": REMOVE, "sweepAt": world.clock.now() + timedelta(seconds=60)}
    world.documents.commit(Update(f"postSubmissions/{submission}", changes))
    if dies == "before settling":
        world.deliver(orchestration)
        world.run_for(180)
        assert (world.submission(submission)["status"], bool(world.submission(submission)["completedAt"])) == ("dispatched", True)
    assert world.ledger() == ["t"]


def test_one_document_that_cannot_be_read_does_not_stop_the_sweeper(world: World, key: str) -> None:
    world.documents.commit(Create("postSubmissions/broken", {"sweepAt": world.clock.now() - timedelta(days=1)}))
    submission = world.accepted(key, {**X, "text": "t"})
    world.tasks.clear()
    world.run_for(180)
    assert world.run(submission)["status"] == "succeeded"


def test_a_file_that_kills_its_copiers_is_given_up(world: World, key: str) -> None:
    submission = world.accepted(key, {**X, "text": "t", "imageUrls": [PHOTO]})

    class Deadly:
        fetched = 0

        def fetch(self, url: str) -> Any:
            self.fetched += 1
            raise Killed

    world.replace_ingesting(fetcher=(deadly := Deadly()))
    for _ in range(60):
        with contextlib.suppress(Killed):
            world.run_for(120)
    assert deadly.fetched == MAX_CLAIMS == 8
    assert world.run(submission)["error"]["code"] == "media_unavailable"


class Killed(BaseException):
    """The process is gone: nothing handles this."""


DELETED_AT = {"before its task": "queued", "while it waits": "preparing"}


@pytest.mark.parametrize("when", DELETED_AT)
def test_a_post_that_was_deleted_by_hand_is_not_published_and_ends(world: World, key: str, when: str) -> None:
    if when == "while it waits":
        world.fail("x", "publish", "rate_limit", times=1)
    submission = world.accepted(key, {**X, "text": "hello"})
    orchestrate_only(world, deliver_first=when == "while it waits")
    assert world.run(submission)["phase"] == DELETED_AT[when]
    del world.memory.contents[f"postSubmissions/{submission}"]
    world.run_for(3600)
    assert not world.sandbox.ledger
    run = world.run(submission)
    assert (run["status"], run["error"]["code"], "sweepAt" in run) == ("failed", "post_deleted", False)


def test_a_post_that_was_deleted_during_its_public_call_ends_alone_and_truly(world: World, key: str) -> None:
    submission = world.accepted(key, {**X, "text": "hello"})
    orchestrate_only(world)
    delete_at(world, f"postSubmissions/{submission}", "intent")
    world.deliver_due()
    run = world.run(submission)
    assert (run["status"], run["phase"], "sweepAt" in run) == ("succeeded", "done", False)
    assert world.ledger() == ["hello"]


def test_a_post_that_was_deleted_before_a_lost_answer_is_found_and_ends_alone(world: World, key: str) -> None:
    world.fail("x", "publish", "reset_after")
    submission = world.accepted(key, {**X, "text": "hello"})
    orchestrate_only(world, deliver_first=True)
    assert world.run(submission)["phase"] == "intent"
    del world.memory.contents[f"postSubmissions/{submission}"]
    world.run_for(3600)
    assert world.run(submission)["status"] == "succeeded"
    assert world.ledger() == ["hello"]


def test_who_was_overtaken_does_not_end_a_run_whose_submission_is_gone(world: World, key: str) -> None:
    submission = world.accepted(key, {**X, "text": "hello"})
    orchestrate_only(world)
    delete_at(world, f"postSubmissions/{submission}", "intent", and_overtake=True)
    world.deliver_due()
    assert world.run(submission)["status"] == "processing"


def orchestrate_only(world: World, *, deliver_first: bool = False) -> None:
    """And, if wanted, the first delivery of the run's task."""
    for _ in range(2 if deliver_first else 1):
        task = world.tasks.take()
        assert task is not None
        world.deliver(task)


def delete_at(world: World, path: str, phase: str, *, and_overtake: bool = False) -> None:
    """Somebody deletes the document right after a run has come so far."""
    commit = world.memory.commit

    def deleting(*writes: Write) -> Version:
        version = commit(*writes)
        if any(isinstance(write, Update) and write.fields.get("phase") == phase for write in writes):
            world.memory.contents.pop(path, None)
            if and_overtake:
                commit(Update(f"{path}/runs/x", {"attempt": 99}))
        return version

    world.memory.commit = deleting  # type: ignore[method-assign]


def test_a_worker_that_stumbles_when_it_was_overtaken_lets_go(world: World, key: str) -> None:
    submission = world.accepted(key, {**X, "text": "hello"})
    orchestrate_only(world)

    def stumble(_: Any) -> Any:
        world.memory.commit(Update(f"postSubmissions/{submission}/runs/x", {"attempt": 99}))
        raise KeyError("a fault of ours")

    platforms = world.publishing.platforms
    world.replace_publishing(platforms={**platforms, "x": replace(platforms["x"], prepare=stumble)})
    world.deliver_due()
    assert world.run(submission)["attempt"] == 99
    assert "attempts" not in world.run(submission)
