"""Posts of the same text on one account: whose is the one that the platform shows?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from shared.documents.document import Document, Query, Update
from shared.http.client import HttpAnswer, HttpRequest
from shared.platforms.failure import PlatformFailure
from shared.platforms.x.rules import CAPABILITY
from shared.posts.run import Run
from shared.publishing import look_alikes
from shared.publishing.look_alikes import is_anothers
from tests.fakes.world import World

PHOTO, VIDEO, UPRIGHT = "https://example.com/photo.jpg", "https://example.com/video.mp4", "https://example.com/vertical.mp4"
OTHER = "https://example.com/other.mp4"


class LosingAt:
    """The sandbox, whose answer to a POST at such an address is a 500, whether it acted or not, each as `acts` says in turn."""

    def __init__(self, world: World, ending: str, acts: Sequence[bool]) -> None:
        self._http, self._ending, self._acts = world.http, ending, list(acts)
        world.replace_publishing(http=self)

    def send(self, request: HttpRequest) -> HttpAnswer:
        if not (self._acts and request.method == "POST" and request.url.endswith(self._ending)):
            return self._http.send(request)
        if self._acts.pop(0):
            self._http.send(request)
        return HttpAnswer(500, {}, b'{"error": {"code": 2, "message": "An unexpected error"}}')


def both(world: World, key: str, content: dict[str, Any], **second: Any) -> list[Any]:
    """Two requests, the second one as the first but for `second`, and how their runs ended."""
    contents = {"one": content, "two": {**content, **second}}
    made = [world.accepted(key, wanted, headers={"Idempotency-Key": number}) for number, wanted in contents.items()]
    world.run_for(3 * 3600)
    [platform] = [target["platform"] for target in content["platform"]]
    return [world.run(submission, platform) for submission in made]


@pytest.mark.parametrize("acts", [[True, False], [False, True]])
def test_two_without_files_share_no_post(acts: Sequence[bool]) -> None:
    """Facebook shows one; whichever run takes it, the other one is sent again, and told what Facebook says of a copy."""
    world = World()
    key = world.user(connect=("facebook:page",))
    LosingAt(world, "/feed", acts)
    runs = both(world, key, {"text": "same", "platform": [{"platform": "facebook"}]})
    assert world.ledger() == ["same"]
    assert sorted(run["status"] for run in runs) == ["failed", "succeeded"]
    [failed] = [run for run in runs if run["status"] == "failed"]
    assert failed["error"]["code"] in ("duplicate_content", "outcome_unknown")


@pytest.mark.parametrize(
    ("platform", "content", "options", "ending"),
    [
        ("facebook", {"videoUrl": VIDEO}, {"reel": False}, "/videos"),
        ("snapchat", {"videoUrl": UPRIGHT}, {}, "/spotlights"),
    ],
)
@pytest.mark.parametrize("acts", [[True, False], [False, True]])
def test_of_two_with_files_that_nobody_can_tell_apart_none_takes_the_others(
    platform: str, content: dict[str, Any], options: dict[str, Any], ending: str, acts: Sequence[bool]
) -> None:
    world = World()
    world.sandbox.processing_seconds = 0
    world.fetcher.pages[OTHER] = world.fetcher.pages[content["videoUrl"]]
    key = world.user(connect=(f"{platform}:page",))
    LosingAt(world, ending, acts)
    wanted = {"text": "same", **content, "platform": [{"platform": platform, "options": options}]}
    runs = both(world, key, wanted, videoUrl=OTHER)
    assert world.ledger() == ["same"]
    assert [run["error"]["code"] for run in runs] == ["outcome_unknown", "outcome_unknown"]


@pytest.mark.parametrize(("platform", "content"), [("x", {"imageUrls": ["https://example.com/photo.jpg"]}), ("linkedin", {})])
def test_files_that_a_listing_names_tell_posts_apart(platform: str, content: dict[str, Any]) -> None:
    world = World()
    account = "org_main" if platform == "linkedin" else "main"
    key = world.user(connect=(f"{platform}:{account}",))
    LosingAt(world, "/tweets" if platform == "x" else "/posts", [True, True])
    content = content or {"imageUrls": ["https://example.com/photo.jpg"]}
    runs = both(world, key, {"text": "same", **content, "platform": [{"platform": platform}]})
    assert [run["status"] for run in runs] == ["succeeded", "succeeded"]
    assert {run["platformPostId"] for run in runs} == {entry.id for entry in world.sandbox.ledger}


@pytest.mark.parametrize("lag", [0, 90])
def test_of_two_that_are_there_each_takes_one(lag: float) -> None:
    """The later run may only take what was made since its own request: the earlier one begins with the oldest."""
    world = World()
    world.sandbox.listing_lag_seconds = lag
    key = world.user(connect=("facebook:page",))
    made: list[str] = []
    for text in ("same", "between", "same"):
        if text == "same":
            LosingAt(world, "/feed", [True])
        world.fail("facebook", "list_posts", "server_error_before", times=3)
        made.append(world.accepted(key, {"text": text, "platform": ["facebook"]}, headers={"Idempotency-Key": str(len(made))}))
        world.run_for(35)
    world.run_for(3 * 3600)
    assert world.ledger() == ["same", "between", "same"]
    assert {world.run(one, "facebook")["platformPostId"] for one in made} == {entry.id for entry in world.sandbox.ledger}


@pytest.mark.parametrize("acts", [[True, False], [False, True]])
def test_two_links_with_the_same_words_are_not_taken_for_each_other(acts: Sequence[bool]) -> None:
    world = World()
    key = world.user(connect=("facebook:page",))
    LosingAt(world, "/feed", acts)
    made = []
    for number in ("1", "2"):
        target = {"platform": "facebook", "options": {"link": f"https://e.com/{number}"}}
        made.append(world.accepted(key, {"text": "same", "platform": [target]}, headers={"Idempotency-Key": number}))
    world.run_for(3 * 3600)
    assert [world.run(submission, "facebook")["error"]["code"] for submission in made] == ["outcome_unknown", "outcome_unknown"]


def test_two_of_a_linkedin_members_posts_with_files_are_named_by_linkedin() -> None:
    world = World()
    key = world.user(connect=("linkedin:main",))
    LosingAt(world, "/posts", [True, True])
    runs = both(world, key, {"text": "same", "imageUrls": [PHOTO], "platform": [{"platform": "linkedin"}]})
    assert [run["status"] for run in runs] == ["succeeded", "succeeded"]
    assert {run["platformPostId"] for run in runs} == {entry.id for entry in world.sandbox.ledger}
    assert max(run["completedAt"] for run in runs) < world.clock.now() - timedelta(hours=2, minutes=50)


def test_two_instagram_stories_whose_texts_nobody_sees_keep_their_own_names() -> None:
    """Or none: both are published, by their containers, and nobody can say which of the two listed is which."""
    world = World()
    world.sandbox.listing_lag_seconds = 60
    key = world.user(connect=("instagram:main",))
    LosingAt(world, "/media_publish", [True, True])
    made: list[str] = []
    for text in ("a", "b"):
        target = {"platform": "instagram", "options": {"story": True}}
        content = {"text": text, "imageUrls": [PHOTO], "platform": [target]}
        made.append(world.accepted(key, content, headers={"Idempotency-Key": text}))
        world.run_for(15)
    world.run_for(600)
    runs = [world.run(submission, "instagram") for submission in made]
    assert [(run["status"], run["platformPostId"]) for run in runs] == [("succeeded", None), ("succeeded", None)]


def test_two_users_of_one_account_share_no_post() -> None:
    world = World()
    keys = [world.user(uid, connect=("facebook:page",)) for uid in ("ada", "ben")]
    LosingAt(world, "/feed", [True, False])
    made = [world.accepted(key, {"text": "same", "platform": ["facebook"]}) for key in keys]
    world.run_for(3 * 3600)
    assert sorted(world.run(submission, "facebook")["status"] for submission in made) == ["failed", "succeeded"]
    assert world.ledger() == ["same"]


@dataclass
class Looking:
    world: World
    run: Run


@pytest.fixture
def worker() -> Looking:
    """Whoever looks at the first of two runs of the same text, both in INTENT for a minute."""
    world = World()
    key = world.user()
    paths = []
    for number in ("one", "two"):
        submission = world.accepted(key, {"text": "same", "platform": ["x"]}, headers={"Idempotency-Key": number})
        paths.append(f"postSubmissions/{submission}/runs/x")
    # X takes the same text only once: of the second, it never hears.
    world.fail("x", "publish", "reset_after")
    world.fail("x", "publish", "reset_before")
    world.run_for(1)
    mine, _ = sorted(paths)
    run = Run.from_document(world.document(mine))
    assert run.phase == "intent"
    return Looking(world, run)


def asked(worker: Looking, *, minutes: float = 1) -> bool:
    now = worker.world.clock.now()
    since = now - timedelta(minutes=minutes)
    return is_anothers("1", worker.run, CAPABILITY, since, documents=worker.world.documents, now=now)


def wanting_something_else(worker: Looking) -> None:
    """The other run has the same text, and other options."""
    worker.world.documents.commit(Update(other(worker).path, {"options": {"replySettings": "following"}}))


def other(worker: Looking) -> Document:
    [found] = [one for one in worker.world.documents.query(Query("runs", group=True)) if one.path != str(worker.run.path)]
    return found


def test_the_first_of_two_that_wait_goes_on_and_the_second_waits(worker: Looking) -> None:
    assert asked(worker) is False
    second = Run.from_document(other(worker))
    with pytest.raises(PlatformFailure) as failure:
        asked(Looking(worker.world, second))
    assert failure.value.kind == "transient"


def test_whoever_is_at_work_may_have_made_it(worker: Looking) -> None:
    worker.world.documents.commit(Update(other(worker).path, {"leaseUntil": worker.world.clock.now()}))
    with pytest.raises(PlatformFailure, match="is on its way"):
        asked(worker)


@pytest.mark.parametrize(("minutes", "kind"), [(1, "transient"), (61, "outcome_unknown")])
def test_one_that_wants_something_else_is_waited_for_for_an_hour(worker: Looking, minutes: float, kind: str) -> None:
    wanting_something_else(worker)
    with pytest.raises(PlatformFailure) as failure:
        asked(worker, minutes=minutes)
    assert failure.value.kind == kind


def test_one_that_named_its_post_has_it(worker: Looking) -> None:
    worker.world.documents.commit(
        Update(other(worker).path, {"platformPostId": "1", "phase": "done", "completedAt": worker.world.clock.now()})
    )
    assert asked(worker) is True


UNKNOWN, NAMELESS = {"error": {"code": "outcome_unknown"}, "status": "failed"}, {"status": "succeeded"}


@pytest.mark.parametrize("end", [UNKNOWN, NAMELESS])
@pytest.mark.parametrize(("minutes_ago", "is_open"), [(0, True), (5, False)])
def test_one_that_ended_without_a_name_since_then_may_have_made_it(
    worker: Looking, minutes_ago: float, is_open: bool, end: dict[str, Any]
) -> None:
    wanting_something_else(worker)
    ended = worker.world.clock.now() - timedelta(minutes=minutes_ago)
    worker.world.documents.commit(Update(other(worker).path, {"phase": "done", "completedAt": ended, **end}))
    if is_open:
        with pytest.raises(PlatformFailure, match="nobody knows"):
            asked(worker)
    else:
        assert asked(worker) is False


def test_where_there_are_too_many_to_look_through_none_is_taken(worker: Looking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_alikes, "MOST", 2)
    assert str(worker.run.path) < other(worker).path
    with pytest.raises(PlatformFailure, match="is on its way"):
        asked(worker)
