"""/v1/queue and "next-free-slot": each slot has one post at most, and is free again when that post will not need it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.documents.document import Create
from shared.posts.slots import MAX_TRIES
from tests.api.conftest import error_of
from tests.fakes.world import World

# Thursdays: the world begins on one, at nine.
SLOTS = [{"day": "thursday", "time": "12:00"}, {"day": "thursday", "time": "18:00"}, {"day": "friday", "time": "12:00"}]
NOON, EVENING, FRIDAY = "2026-01-15T12:00:00.000Z", "2026-01-15T18:00:00.000Z", "2026-01-16T12:00:00.000Z"
X = {"text": "Hello", "platform": "x"}
NEXT = "next-free-slot"
Ask = Callable[..., Any]


@pytest.fixture
def key(world: World) -> str:
    return world.user("ada")


@pytest.fixture
def ask(client: FlaskClient, key: str) -> Ask:
    def send(method: str, path: str, body: Any = None, **headers: str) -> Any:
        return client.open(f"/v1{path}", method=method, json=body, headers={"soku-api-key": key, **headers})

    return send


@pytest.fixture
def plan(ask: Ask) -> Any:
    return ask("PUT", "/queue", {"timezone": "UTC", "slots": SLOTS}).get_json()


def post(ask: Ask, number: int, **more: Any) -> Any:
    return ask("POST", "/posts", {"post": {"content": {**X, "text": f"post {number}"}}, "scheduledTime": NEXT, **more})


def test_a_plan_is_shown_with_what_is_free(ask: Ask) -> None:
    assert ask("GET", "/queue").get_json() == {"timezone": None, "slots": [], "nextFree": []}
    told = ask("PUT", "/queue", {"timezone": "Europe/Berlin", "slots": [*SLOTS[:2], SLOTS[0]]}).get_json()
    assert (told["timezone"], told["slots"]) == ("Europe/Berlin", SLOTS[:2])
    assert told["nextFree"][:3] == ["2026-01-15T11:00:00.000Z", "2026-01-15T17:00:00.000Z", "2026-01-22T11:00:00.000Z"]
    assert ask("GET", "/queue").get_json() == told


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"timezone": "Mars/Olympus", "slots": []}, "body.timezone"),
        ({"timezone": "../../etc/passwd", "slots": []}, "body.timezone"),
        ({"timezone": "UTC", "slots": [{"day": "Monday", "time": "09:00"}]}, "body.slots.0.day"),
        ({"timezone": "UTC", "slots": [{"day": "monday", "time": "24:00"}]}, "body.slots.0.time"),
        ({"timezone": "UTC", "slots": [{"day": "monday", "time": "9:00"}]}, "body.slots.0.time"),
        ({"timezone": "UTC", "slots": [{"day": "monday", "time": "0\u0663:0\u0665"}]}, "body.slots.0.time"),
        ({"timezone": "UTC", "slots": SLOTS * 100}, "body.slots"),
        ({"slots": []}, "body.timezone"),
    ],
)
def test_what_is_no_plan_is_refused(ask: Ask, body: Any, field: str) -> None:
    answer = ask("PUT", "/queue", body)
    assert (answer.status_code, [one["field"] for one in error_of(answer)["details"]]) == (400, [field])


@pytest.mark.usefixtures("plan")
def test_posts_take_one_slot_after_the_other(ask: Ask, world: World) -> None:
    answers = [post(ask, number) for number in range(3)]
    assert [answer.headers["Soku-Scheduled-Time"] for answer in answers] == [NOON, EVENING, FRIDAY]
    shown = ask("GET", f"/posts/{answers[0].get_json()['postSubmissionId']}").get_json()
    assert (shown["state"], shown["scheduledTime"], shown["dueAt"]) == ("scheduled", NOON, NOON)
    replay = post(ask, 0)
    assert (replay.get_json(), replay.headers["Soku-Scheduled-Time"]) == (answers[0].get_json(), NOON)
    world.run_for(28 * 3600, tick=300)
    assert world.ledger() == ["post 0", "post 1", "post 2"]


def test_without_a_plan_there_is_none(ask: Ask, world: World) -> None:
    before = [path for path in world.paths() if path.startswith("postSubmissions")]
    answer = post(ask, 0)
    assert (answer.status_code, error_of(answer)["code"]) == (400, "no_free_slot")
    assert [path for path in world.paths() if path.startswith("postSubmissions")] == before


@pytest.mark.usefixtures("plan")
@pytest.mark.parametrize("times", [1, MAX_TRIES])
def test_a_slot_that_somebody_else_takes_meanwhile_is_passed_over(
    ask: Ask, world: World, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    left, commit = [times], world.memory.commit

    def overtaken(*writes: Any) -> Any:
        slots = [write for write in writes if isinstance(write, Create) and "/slots/" in write.path]
        if slots and left[0]:
            left[0] -= 1
            commit(Create(slots[0].path, {**slots[0].fields, "submissionId": "another's"}))
        return commit(*writes)

    monkeypatch.setattr(world.memory, "commit", overtaken)
    answer = post(ask, 0)
    if times == 1:
        assert answer.headers["Soku-Scheduled-Time"] == EVENING
    else:
        assert (answer.status_code, error_of(answer)["code"]) == (503, "service_unavailable")
        assert not [path for path in world.paths() if path.startswith("postSubmissions")]


@pytest.mark.usefixtures("plan")
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/cancel", None),
        ("POST", "/publish", None),
        ("PATCH", "", {"scheduledTime": "2026-01-20T12:00:00Z"}),
    ],
)
def test_what_is_not_needed_any_more_is_free(ask: Ask, method: str, path: str, body: Any) -> None:
    post_id = post(ask, 0).get_json()["postSubmissionId"]
    ask(method, f"/posts/{post_id}{path}", body, **{"If-Match": "*"})
    assert post(ask, 1).headers["Soku-Scheduled-Time"] == NOON


@pytest.mark.usefixtures("plan")
def test_who_asks_again_keeps_the_slot_unless_an_earlier_one_is_free(ask: Ask) -> None:
    first, second = (post(ask, number).get_json()["postSubmissionId"] for number in range(2))
    asked = {"scheduledTime": NEXT}
    for _ in range(2):
        assert ask("PATCH", f"/posts/{second}", asked, **{"If-Match": "*"}).get_json()["dueAt"] == EVENING
    ask("POST", f"/posts/{first}/cancel")
    assert ask("PATCH", f"/posts/{second}", asked, **{"If-Match": "*"}).get_json()["dueAt"] == NOON
    assert post(ask, 2).headers["Soku-Scheduled-Time"] == EVENING


@pytest.mark.usefixtures("plan")
def test_a_slot_of_another_post_is_not_freed(ask: Ask, world: World) -> None:
    post_id = post(ask, 0).get_json()["postSubmissionId"]
    world.memory.contents["users/ada/slots/2026-01-15T12:00:00Z"][0]["submissionId"] = "another's"
    ask("POST", f"/posts/{post_id}/cancel")
    assert post(ask, 1).headers["Soku-Scheduled-Time"] == EVENING


@pytest.mark.usefixtures("plan")
def test_a_post_that_was_missed_gives_its_slot_back(ask: Ask, world: World) -> None:
    post_id = post(ask, 0, publishWithinSeconds=300).get_json()["postSubmissionId"]
    world.clock.advance(6 * 3600)
    world.run_for(120)
    assert ask("GET", f"/posts/{post_id}").get_json()["state"] == "missed"
    assert not world.paths("users/ada/slots/")


@pytest.mark.usefixtures("plan")
def test_a_draft_takes_its_slot_when_it_is_published(ask: Ask, world: World) -> None:
    draft = post(ask, 0, draft=True)
    assert "Soku-Scheduled-Time" not in draft.headers
    post_id = draft.get_json()["postSubmissionId"]
    assert ask("GET", f"/posts/{post_id}").get_json()["scheduledTime"] == NEXT
    post(ask, 1)
    assert ask("POST", f"/posts/{post_id}/publish").get_json()["dueAt"] == EVENING


@pytest.mark.usefixtures("plan")
def test_a_new_plan_leaves_posts_where_they_are(ask: Ask) -> None:
    post_id = post(ask, 0).get_json()["postSubmissionId"]
    ask("PUT", "/queue", {"timezone": "UTC", "slots": []})
    assert ask("GET", f"/posts/{post_id}").get_json()["dueAt"] == NOON
    assert error_of(post(ask, 1))["code"] == "no_free_slot"


@pytest.mark.usefixtures("plan")
def test_validating_names_a_slot_and_takes_none(ask: Ask) -> None:
    answer = ask("POST", "/posts/validate", {"post": {"content": X}, "scheduledTime": NEXT})
    assert answer.get_json()["scheduledTime"] == NOON
    assert post(ask, 0).headers["Soku-Scheduled-Time"] == NOON
