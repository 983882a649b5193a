"""What comes after a post: sent in order, once, and what goes wrong with it is a note, for the post itself is public."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.documents.document import REMOVE, Update
from shared.http.client import HttpAnswer, HttpRequest, NoAnswer, NotSent
from shared.posts.run import RunPath
from shared.publishing.publish import publish_run
from tests.fakes.world import World

PHOTO, VIDEO = "https://example.com/photo.jpg", "https://example.com/video.mp4"
# platform → (content, options, the step at the platform, what the ledger then has after the post)
AFTER: dict[str, tuple[dict[str, Any], dict[str, Any], str, list[tuple[str, str]]]] = {
    "x": ({}, {"thread": ["two", "three"]}, "reply", [("reply", "two"), ("reply", "three")]),
    "instagram": ({"imageUrls": [PHOTO]}, {"firstComment": "first"}, "comment", [("comment", "first")]),
    "linkedin": ({}, {"firstComment": "first"}, "comment", [("comment", "first")]),
    "youtube": ({"videoUrl": VIDEO}, {"thumbnailUrl": PHOTO}, "thumbnail", [("thumbnail", "")]),
}


def publish(platform: str, *faults: tuple[str, str, int]) -> tuple[World, str]:
    world = World()
    key = world.user(connect=(f"{platform}:main",))
    content, options, _, _ = AFTER[platform]
    for step, kind, times in faults:
        world.fail(platform, step, kind, times)
    target = {"platform": platform, "options": options}
    submission = world.accepted(key, {"text": "one", **content, "platform": [target]})
    world.run_for(3 * 3600)
    return world, submission


def after_the_post(world: World) -> list[tuple[str, str]]:
    first, *rest = world.sandbox.ledger
    assert first.kind == "post"
    return [(entry.kind, entry.text) for entry in rest]


@pytest.mark.parametrize("platform", AFTER)
def test_they_follow_the_post_in_order(platform: str) -> None:
    world, submission = publish(platform)
    assert after_the_post(world) == AFTER[platform][3]
    run = world.run(submission, platform)
    assert (run["status"], run.get("notes") or []) == ("succeeded", [])


@pytest.mark.parametrize("kind", ["rate_limit", "reset_before", "server_error_before"])
@pytest.mark.parametrize("platform", AFTER)
def test_trouble_that_passes_leaves_at_most_one_of_each(platform: str, kind: str) -> None:
    world, submission = publish(platform, (AFTER[platform][2], kind, 1))
    run = world.run(submission, platform)
    assert run["status"] == "succeeded"
    sent, wanted = after_the_post(world), AFTER[platform][3]
    if kind == "rate_limit" or platform != "linkedin":
        # Provably not sent, or looked for and not found, or harmless to send again.
        assert (sent, run.get("notes") or []) == (wanted, [])
    else:
        assert sent == []
        assert "may or may not be public" in run["notes"][0]


@pytest.mark.parametrize("platform", ["x", "instagram", "linkedin"])
def test_one_that_was_perhaps_sent_is_looked_for_and_not_sent_again(platform: str) -> None:
    """LinkedIn shows a member's comments to nobody."""
    world, submission = publish(platform, (AFTER[platform][2], "reset_after", 1))
    run = world.run(submission, platform)
    assert run["status"] == "succeeded"
    if platform == "linkedin":
        assert after_the_post(world) == AFTER[platform][3][:1]
        assert "may or may not be public" in run["notes"][0]
    else:
        assert (after_the_post(world), run["notes"]) == (AFTER[platform][3], [])


@pytest.mark.parametrize("kind", ["reset_after", "server_error_before"])
def test_an_organisations_comment_can_be_looked_for(kind: str) -> None:
    world = World()
    key = world.user(connect=("linkedin:org_acme",))
    world.fail("linkedin", "comment", kind)
    target = {"platform": "linkedin", "options": {"firstComment": "first"}}
    submission = world.accepted(key, {"text": "one", "platform": [target]})
    world.run_for(3600)
    assert after_the_post(world) == [("comment", "first")]
    assert world.run(submission, "linkedin")["notes"] == []


class Tidied:
    """A platform that shows comments as it likes them."""

    def __init__(self, world: World, change: Callable[[str], str]) -> None:
        self._http, self._change = world.http, change

    def send(self, request: HttpRequest) -> HttpAnswer:
        answer = self._http.send(request)
        if request.method != "GET" or not request.url.endswith("/comments"):
            return answer
        body = answer.json()
        for one in body.get("data", ()):
            one["text"] = self._change(one["text"])
        for one in body.get("elements", ()):
            one["message"]["text"] = self._change(one["message"]["text"])
        return replace(answer, body=json.dumps(body).encode())


@pytest.mark.parametrize(("change", "notes"), [(str.strip, 0), (lambda text: "something else", 1)], ids=["tidied", "changed"])
@pytest.mark.parametrize("account", ["instagram:main", "linkedin:org_acme"])
def test_a_comment_that_the_platform_shows_otherwise_is_not_sent_again(
    account: str, change: Callable[[str], str], notes: int
) -> None:
    world = World()
    platform = account.partition(":")[0]
    key = world.user(connect=(account,))
    world.replace_publishing(http=Tidied(world, change))
    world.fail(platform, "comment", "reset_after")
    target = {"platform": platform, "options": {"firstComment": "first  of all\n"}}
    submission = world.accepted(key, {"text": "one", "imageUrls": [PHOTO], "platform": [target]})
    world.run_for(3600)
    assert [entry.kind for entry in world.sandbox.ledger] == ["post", "comment"]
    assert len(world.run(submission, platform)["notes"]) == notes


def test_what_was_left_out_is_told_by_whoever_ends_the_run() -> None:
    """The cover turns out to be none only once its file is there; another worker sends the comment."""
    world = World()
    key = world.user(connect=("instagram:main",))
    large = "https://example.com/large.jpg"
    world.fetcher.pages[large] = world.fetcher.pages[PHOTO] + bytes(9 << 20)
    world.fail("instagram", "comment", "rate_limit")
    target = {"platform": "instagram", "options": {"firstComment": "first"}}
    content = {"text": "one", "videoUrl": "https://example.com/vertical.mp4", "imageUrls": [large], "platform": [target]}
    submission = world.accepted(key, content)
    world.run_for(3600)
    [note] = world.run(submission, "instagram")["notes"]
    assert "left out" in note
    assert [entry.kind for entry in world.sandbox.ledger] == ["post", "comment"]


@pytest.mark.parametrize("platform", AFTER)
def test_a_refusal_is_a_note_with_the_platforms_reason(platform: str) -> None:
    world, submission = publish(platform, (AFTER[platform][2], "reject", 1))
    run = world.run(submission, platform)
    assert (run["status"], after_the_post(world)) == ("succeeded", [])
    assert "was refused" in run["notes"][0]
    assert len(run["notes"][0]) > len("The first comment was refused.")


class Unreachable:
    """The sandbox, which cannot be reached for the first request that says `text`."""

    def __init__(self, world: World, text: str) -> None:
        self._http, self._text = world.http, text

    def send(self, request: HttpRequest) -> HttpAnswer:
        if request.json and request.json.get("text") == self._text:
            self._text = ""
            raise NotSent("ConnectTimeout")
        return self._http.send(request)


def test_a_thread_goes_on_where_it_stopped() -> None:
    world = World()
    key = world.user()
    world.replace_publishing(http=Unreachable(world, "three"))
    target = {"platform": "x", "options": {"thread": ["two", "three", "four"]}}
    submission = world.accepted(key, {"text": "one", "platform": [target]})
    world.deliver_due()
    assert [entry.text for entry in world.sandbox.ledger] == ["one", "two"]
    assert [state["state"] for state in world.run(submission)["followUps"]] == ["sent"]
    world.run_for(120)
    assert [entry.text for entry in world.sandbox.ledger] == ["one", "two", "three", "four"]
    assert world.run(submission)["status"] == "succeeded"


@pytest.mark.parametrize("knows_when", [True, False])
def test_one_that_was_begun_by_a_worker_that_died_is_found_or_left_alone(knows_when: bool) -> None:
    """An older version did not say when."""
    world = World()
    key = world.user()
    target = {"platform": "x", "options": {"thread": ["two"]}}
    submission = world.accepted(key, {"text": "one", "platform": [target]})
    world.run_for(60)
    path = f"postSubmissions/{submission}/runs/x"
    begun = [
        {"name": "thread", "state": "intent", "id": ""} | ({"at": world.clock.now() - timedelta(minutes=1)} if knows_when else {})
    ]
    world.documents.commit(
        Update(path, {"status": "processing", "phase": "published", "leaseUntil": REMOVE, "followUps": begun}),
        Update(f"postSubmissions/{submission}", {("runCounts", "succeeded"): 0, "completedAt": REMOVE}),
    )
    publish_run(RunPath(submission, "x"), world.publishing)
    assert [entry.text for entry in world.sandbox.ledger] == ["one", "two"]
    run = world.run(submission)
    assert run["status"] == "succeeded"
    assert any("may or may not be public" in note for note in run["notes"]) != knows_when


@pytest.mark.parametrize(("failing", "told"), [(1, "5 more were not sent; 0 of 6"), (5, "1 more was not sent; 4 of 6"), (6, "")])
def test_a_thread_that_is_cut_off_says_how_much_of_it_is_public(failing: int, told: str) -> None:
    world = World()
    key = world.user()
    parts = [str(number) for number in range(1, 7)]
    target = {"platform": "x", "options": {"thread": parts}}
    world.replace_publishing(http=Unanswered(world, str(failing)))
    submission = world.accepted(key, {"text": "0", "platform": [target]})
    world.run_for(3600)
    run = world.run(submission)
    assert [entry.text for entry in world.sandbox.ledger] == ["0", *parts[: failing - 1]]
    assert "was not sent: 3 requests got no answer, and did nothing" in run["notes"][0]
    assert len(run["notes"]) == 1 + bool(told)
    assert told in run["notes"][-1]


class Unanswered:
    """The sandbox, which never gets the request that says `text`, and nobody knows that."""

    def __init__(self, world: World, text: str) -> None:
        self._http, self._text = world.http, text

    def send(self, request: HttpRequest) -> HttpAnswer:
        if request.json and request.json.get("text") == self._text:
            raise NoAnswer("ReadTimeout")
        return self._http.send(request)
