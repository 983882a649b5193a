"""POST /v1/posts/actions: the same for many posts, and what would come of it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.conftest import error_of
from tests.fakes.world import World

LATER = "2026-01-15T12:00:00Z"
X = {"text": "Hello", "platform": "x"}
Act = Callable[..., Any]


@pytest.fixture
def key(world: World) -> str:
    return world.user("ada")


@pytest.fixture
def act(client: FlaskClient, key: str) -> Act:
    def send(action: str, *ids: str, **more: Any) -> Any:
        body = {"action": action, "ids": list(ids), **more}
        return client.post("/v1/posts/actions", json=body, headers={"soku-api-key": key})

    return send


@pytest.fixture
def posts(world: World, key: str) -> dict[str, str]:
    """One of each kind."""
    world.fail("x", "publish", "reject")
    made = {"failed": world.accepted(key, {**X, "text": "failed"})}
    world.run_for(60)
    made["published"] = world.accepted(key, {**X, "text": "published"})
    world.run_for(60)
    made["scheduled"] = world.accepted(key, {**X, "text": "scheduled"}, scheduledTime=LATER)
    made["draft"] = world.accepted(key, {**X, "text": "draft"}, draft=True)
    made["bobs"] = world.accepted(world.user("bob"), X, scheduledTime=LATER)
    return made


# action → what becomes of each kind: its state then, or why not
OUTCOMES = {
    "cancel": {
        "failed": "already_started", "published": "already_started", "scheduled": "cancelled", "draft": "cancelled",
    },
    "publish": {"failed": "failed", "published": "published", "scheduled": "queued", "draft": "queued"},
    "retry": {"failed": "publishing", "published": "not_retryable", "scheduled": "not_retryable", "draft": "not_retryable"},
    "delete": {"failed": "not_a_draft", "published": "not_a_draft", "scheduled": "not_a_draft", "draft": None},
}  # fmt: skip


@pytest.mark.parametrize("action", OUTCOMES)
def test_each_post_has_its_own_answer(act: Act, posts: dict[str, str], action: str) -> None:
    told = act(action, *posts.values()).get_json()
    assert told["validateOnly"] is False
    assert [result["id"] for result in told["results"]] == list(posts.values())
    results = dict(zip(posts, told["results"], strict=True))
    assert (results["bobs"]["error"]["code"], results["bobs"]["state"]) == ("not_found", None)
    assert {name: result["error"]["code"] if result["error"] else result["state"] for name, result in results.items()} == {
        **OUTCOMES[action],
        "bobs": "not_found",
    }
    assert [result["ok"] for result in told["results"]] == [result["error"] is None for result in told["results"]]


@pytest.mark.parametrize("action", OUTCOMES)
def test_validate_only_refuses_the_same_and_writes_nothing(act: Act, posts: dict[str, str], action: str, world: World) -> None:
    before = {path: version for path, (_, version) in world.memory.contents.items() if path.startswith("postSubmissions")}
    tasks = len(world.tasks)
    looked = act(action, *posts.values(), validateOnly=True).get_json()["results"]
    assert {path: version for path, (_, version) in world.memory.contents.items() if path.startswith("postSubmissions")} == before
    assert len(world.tasks) == tasks
    done = act(action, *posts.values()).get_json()["results"]
    assert [(one["ok"], one["error"]) for one in looked] == [(one["ok"], one["error"]) for one in done]


def test_again_it_is_the_same(act: Act, posts: dict[str, str]) -> None:
    assert act("cancel", posts["scheduled"]).get_json() == act("cancel", posts["scheduled"], posts["scheduled"]).get_json()


def test_what_a_draft_lacks_is_told(act: Act, world: World, key: str) -> None:
    post_id = world.accepted(key, {"platform": "instagram", "text": "t"}, draft=True)
    [result] = act("publish", post_id, validateOnly=True).get_json()["results"]
    assert (result["error"]["code"], result["error"]["details"][0]["field"]) == (
        "missing_integrations",
        "body.post.content.platform",
    )


@pytest.mark.parametrize(
    ("ids", "field"),
    [([], "body.ids"), (["a"] * 51, "body.ids"), (["../users/bob"], "body.ids.0"), (["a", ""], "body.ids.1"), ([7], "body.ids.0")],
)
def test_what_are_no_ids_is_refused(act: Act, ids: list[Any], field: str) -> None:
    answer = act("cancel", *ids)
    assert (answer.status_code, [one["field"] for one in error_of(answer)["details"]]) == (400, [field])


def test_what_is_no_action_is_refused(act: Act) -> None:
    assert error_of(act("explode", "a"))["details"][0]["code"] == "invalid_enum_value"
