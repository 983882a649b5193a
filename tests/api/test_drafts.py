"""Drafts: nothing of them is judged but their form until they are published; and posts that are published before their time."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.documents.document import Update
from tests.api.conftest import error_of
from tests.fakes.world import World

LATER = "2026-01-15T12:00:00Z"
Ask = Callable[..., Any]


@pytest.fixture
def key(world: World) -> str:
    return world.user("ada", connect=("x:x_main", "threads:t_main"))


@pytest.fixture
def ask(client: FlaskClient, key: str) -> Ask:
    def send(method: str, path: str, body: Any = None, **headers: str) -> Any:
        return client.open(f"/v1/posts{path}", method=method, json=body, headers={"soku-api-key": key, **headers})

    return send


@pytest.fixture
def draft(ask: Ask) -> Callable[..., str]:
    def make(content: Any = None, **more: Any) -> str:
        post = {} if content is None else {"post": {"content": content}}
        answer = ask("POST", "", {**post, "draft": True, **more})
        assert answer.status_code == 201, answer.get_json()
        return answer.get_json()["postSubmissionId"]

    return make


X = {"text": "Hello", "platform": "x"}


@pytest.mark.parametrize(
    "content",
    [
        None,
        {},
        {"text": "no platform"},
        {"platform": "x"},
        {"platform": {"platform": "x", "accountId": "nobody"}, "text": "t" * 9999},
    ],
)
def test_a_draft_may_lack_anything_and_nothing_happens_to_it(
    draft: Callable[..., str], ask: Ask, world: World, content: Any
) -> None:
    post_id = draft(content)
    world.run_for(48 * 3600, tick=600)
    answer = ask("GET", f"/{post_id}")
    told = answer.get_json()
    assert (told["state"], told["done"], told["targets"], told["dueAt"], told["version"]) == ("draft", False, [], None, 1)
    assert told["post"] == {"content": content or {}}
    assert answer.headers["Retry-After"] == "60"
    assert {"dueAt", "sweepAt"} & set(world.submission(post_id)) == set()
    assert world.sandbox.ledger == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"post": {"content": {"platform": "orkut"}}}, "body.post.content.platform"),
        ({"post": {"content": {"txt": "misspelt"}}}, "body.post.content.txt"),
        ({"post": {"content": {"text": 7}}}, "body.post.content.text"),
        ({"scheduledTime": "tomorrow"}, "body.scheduledTime"),
        ({"publishWithinSeconds": 299}, "body.publishWithinSeconds"),
        ({"tags": ["a" * 51]}, "body.tags.0"),
    ],
)
def test_its_form_is_judged_at_once(ask: Ask, world: World, body: Any, field: str) -> None:
    before = world.paths()
    answer = ask("POST", "", {**body, "draft": True})
    assert (answer.status_code, [one["field"] for one in error_of(answer)["details"]]) == (400, [field])
    assert [path for path in world.paths() if path not in before and "apiRequests" not in path and "rateLimits" not in path] == []


def test_the_same_draft_again_is_a_replay_and_no_post(ask: Ask) -> None:
    body = {"post": {"content": X}, "draft": True}
    first, again = ask("POST", "", body), ask("POST", "", body)
    assert (again.get_json(), again.headers["Idempotency-Replayed"]) == (first.get_json(), "true")
    assert ask("POST", "", {"post": {"content": X}}).get_json() != first.get_json()


def test_publishing_it_judges_it_as_a_new_post_and_says_what_it_lacks(draft: Callable[..., str], ask: Ask, world: World) -> None:
    post_id = draft({"text": "no platform"}, scheduledTime="2026-01-15T09:30:00Z")
    answer = ask("POST", f"/{post_id}/publish")
    assert [one["field"] for one in error_of(answer)["details"]] == ["body.post.content.platform"]
    changed = ask("PATCH", f"/{post_id}", {"post": {"content": {"platform": "x", "text": "t" * 281}}}, **{"If-Match": '"1"'})
    assert (changed.status_code, changed.get_json()["version"], changed.get_json()["state"]) == (200, 2, "draft")
    assert [one["rule"] for one in error_of(ask("POST", f"/{post_id}/publish"))["details"]] == ["x.text_too_long"]
    ask("PATCH", f"/{post_id}", {"post": {"content": X}}, **{"If-Match": "*"})
    world.run_for(3600)
    assert "at least 1 minute in the future" in error_of(ask("POST", f"/{post_id}/publish"))["message"]
    assert ask("PATCH", f"/{post_id}", {"scheduledTime": None}, **{"If-Match": "*"}).get_json()["scheduledTime"] is None
    assert ask("POST", f"/{post_id}/publish").get_json()["state"] == "queued"
    world.run_for(60)
    assert world.ledger("x") == ["Hello"]
    assert ask("GET", f"/{post_id}").get_json()["state"] == "published"


def test_one_with_a_time_is_scheduled_and_the_same_request_again_does_not_publish_it_sooner(
    draft: Callable[..., str], ask: Ask, world: World
) -> None:
    post_id = draft(X, scheduledTime=LATER, tags=["a"], metadata={"k": "v"}, publishWithinSeconds=600)
    first, again = (ask("POST", f"/{post_id}/publish").get_json() for _ in range(2))
    assert (first["state"], first["dueAt"], first["tags"], first["metadata"], first["version"]) == (
        "scheduled", "2026-01-15T12:00:00.000Z", ["a"], {"k": "v"}, 2,
    )  # fmt: skip
    assert again == first
    assert ask("GET", "?tag=a&state=scheduled").get_json()["posts"][0]["id"] == post_id
    record = world.document(world.submission(post_id)["recordPath"]).fields
    assert f"{record['expireAt']:%d %H}" == "16 12"
    world.run_for(4 * 3600)
    assert world.ledger("x") == ["Hello"]


def test_nor_once_it_was_changed_in_between(draft: Callable[..., str], ask: Ask, world: World) -> None:
    post_id = draft(X, scheduledTime=LATER)
    ask("POST", f"/{post_id}/publish")
    ask("PATCH", f"/{post_id}", {"tags": ["b"]}, **{"If-Match": "*"})
    assert ask("POST", f"/{post_id}/publish").get_json()["dueAt"] == "2026-01-15T12:00:00.000Z"
    assert world.sandbox.ledger == []


def test_now_is_now(draft: Callable[..., str], ask: Ask, world: World) -> None:
    post_id = draft(X, scheduledTime=LATER)
    ask("POST", f"/{post_id}/publish")
    assert ask("POST", f"/{post_id}/publish", {"now": True}).get_json()["state"] == "queued"
    world.run_for(60)
    assert world.ledger("x") == ["Hello"]


def test_a_scheduled_post_is_published_before_its_time(ask: Ask, world: World, key: str) -> None:
    post_id = world.accepted(key, {**X, "imageUrls": ["https://example.com/photo.jpg"]}, scheduledTime=LATER)
    assert ask("POST", f"/{post_id}/publish", {"now": False}).get_json()["state"] == "scheduled"
    told = ask("POST", f"/{post_id}/publish").get_json()
    assert (told["state"], told["scheduledTime"], told["dueAt"], told["version"]) == ("queued", None, "2026-01-15T09:00:00.000Z", 2)
    assert ask("POST", f"/{post_id}/publish").get_json()["version"] == 2
    world.run_for(120)
    assert ask("POST", f"/{post_id}/publish").get_json()["state"] == "published"
    world.run_for(5 * 3600)
    assert world.ledger("x") == ["Hello"]


@pytest.mark.parametrize(("method", "path"), [("POST", "/cancel"), ("POST", "/publish"), ("DELETE", "")])
def test_a_version_that_is_named_is_the_only_one_that_is_meant(draft: Callable[..., str], ask: Ask, method: str, path: str) -> None:
    post_id = draft(X)
    stale = ask(method, f"/{post_id}{path}", **{"If-Match": '"7"'})
    assert (stale.status_code, error_of(stale)["details"]) == (412, {"version": 1})
    assert ask("GET", f"/{post_id}").get_json()["state"] == "draft"
    assert ask(method, f"/{post_id}{path}", **{"If-Match": "1"}).status_code == 412
    assert ask(method, f"/{post_id}{path}", **{"If-Match": '"1"'}).status_code == 200


def test_what_is_cancelled_stays_so(draft: Callable[..., str], ask: Ask, world: World) -> None:
    post_id = draft(X)
    told = ask("POST", f"/{post_id}/cancel").get_json()
    assert (told["state"], told["version"]) == ("cancelled", 2)
    refused = ask("POST", f"/{post_id}/publish")
    assert (refused.status_code, error_of(refused)["code"]) == (409, "already_cancelled")
    assert ask("POST", "", {"post": {"content": X}, "draft": True}).get_json()["postSubmissionId"] != post_id
    world.run_for(60)
    assert world.sandbox.ledger == []


def test_of_publishing_and_changing_at_once_one_wins(
    draft: Callable[..., str], ask: Ask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_id = draft(X)
    commit, path = world.memory.commit, f"postSubmissions/{post_id}"

    def overtaken(*writes: Any) -> Any:
        if any(write.path == path and write.fields.get("status") == "queued" for write in writes if isinstance(write, Update)):
            monkeypatch.setattr(world.memory, "commit", commit)
            assert (
                ask("PATCH", f"/{post_id}", {"post": {"content": {**X, "text": "Newer"}}}, **{"If-Match": "*"}).status_code == 200
            )
        return commit(*writes)

    monkeypatch.setattr(world.memory, "commit", overtaken)
    assert ask("POST", f"/{post_id}/publish").status_code == 200
    world.run_for(60)
    assert world.ledger("x") == ["Newer"]


def test_a_draft_is_deleted_with_the_memory_of_its_request_and_nothing_else_is(
    draft: Callable[..., str], ask: Ask, world: World, key: str
) -> None:
    post_id = draft(X)
    assert ask("DELETE", f"/{post_id}").get_json() == {"deleted": True}
    assert ask("GET", f"/{post_id}").status_code == ask("DELETE", f"/{post_id}").status_code == 404
    assert draft(X) != post_id
    scheduled = world.accepted(key, X, scheduledTime=LATER)
    refused = ask("DELETE", f"/{scheduled}")
    assert (refused.status_code, error_of(refused)["code"]) == (409, "not_a_draft")
    assert ask("GET", f"/{scheduled}").status_code == 200


def test_a_draft_keeps_its_files_from_being_deleted(client: FlaskClient, draft: Callable[..., str], key: str) -> None:
    headers = {"soku-api-key": key}
    media_id = client.post("/v1/media", json={"url": "https://example.com/photo.jpg"}, headers=headers).get_json()["id"]
    post_id = draft({"mediaIds": [media_id]})
    refused = client.delete(f"/v1/media/{media_id}", headers=headers)
    assert error_of(refused)["details"] == {"postSubmissionIds": [post_id]}
    client.delete(f"/v1/posts/{post_id}", headers=headers)
    assert client.delete(f"/v1/media/{media_id}", headers=headers).status_code == 200


def test_drafts_are_found_by_what_they_name(draft: Callable[..., str], ask: Ask) -> None:
    post_id = draft({"platform": [{"platform": "facebook_pages", "accountId": "1"}]}, tags=["t"])
    for query in ("platform=facebook", "platform=facebook_pages&accountId=1", "tag=t", "state=draft"):
        assert [one["id"] for one in ask("GET", f"?{query}").get_json()["posts"]] == [post_id], query
    ask("PATCH", f"/{post_id}", {"tags": ["u"]}, **{"If-Match": "*"})
    ask("PATCH", f"/{post_id}", {"post": {"content": {"platform": "x"}}}, **{"If-Match": "*"})
    found = {
        query: len(ask("GET", f"?{query}").get_json()["posts"]) for query in ("tag=u", "tag=t", "platform=x", "platform=facebook")
    }
    assert found == {"tag=u": 1, "tag=t": 0, "platform=x": 1, "platform=facebook": 0}


def test_of_another_user_there_is_nothing(draft: Callable[..., str], world: World, client: FlaskClient) -> None:
    post_id, other = draft(X), {"soku-api-key": world.user("bob")}
    assert client.post(f"/v1/posts/{post_id}/publish", headers=other).status_code == 404
    assert client.delete(f"/v1/posts/{post_id}", headers=other).status_code == 404
