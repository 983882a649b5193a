"""PATCH /v1/posts/{id}: a post that waits says something else, goes elsewhere or later; whoever was faster wins."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.documents.document import Update
from shared.media.storage import StorageUnavailable
from shared.posts import change as change_module
from shared.posts.facets import facets_of
from tests.api.conftest import error_of
from tests.fakes.world import World

LATER = "2026-01-15T12:00:00Z"
PHOTO, PNG = "https://example.com/photo.jpg", "https://example.com/photo.png"


@pytest.fixture
def key(world: World) -> str:
    return world.user("ada", connect=("x:x_main", "threads:t_main"))


@pytest.fixture
def post(world: World, key: str) -> Callable[..., str]:
    return lambda text="Hello", **more: world.accepted(key, {"text": text, "platform": "x", **more}, scheduledTime=LATER)


@pytest.fixture
def change(client: FlaskClient, key: str) -> Callable[..., Any]:
    def send(post_id: str, if_match: str | None = '"1"', **body: Any) -> Any:
        headers = {"soku-api-key": key, **({"If-Match": if_match} if if_match else {})}
        return client.patch(f"/v1/posts/{post_id}", json=body, headers=headers)

    return send


def content(text: str = "Other", **more: Any) -> Any:
    return {"content": {"text": text, "platform": "x", **more}}


def test_another_text_on_other_platforms(post: Callable[..., str], change: Callable[..., Any], world: World) -> None:
    post_id = post()
    answer = change(post_id, post=content("Other", platform=["x", "threads"]), tags=["new"], metadata={"a": "b"})
    assert answer.status_code == 200
    told = answer.get_json()
    assert (told["version"], told["state"], told["post"]["content"]["text"]) == (2, "scheduled", "Other")
    assert ([target["platform"] for target in told["targets"]], told["tags"], told["metadata"]) == (
        ["x", "threads"],
        ["new"],
        {"a": "b"},
    )
    assert answer.headers["ETag"].startswith('"2.')
    world.run_for(4 * 3600)
    assert (world.ledger("x"), world.ledger("threads")) == (["Other"], ["Other"])
    assert world.submission(post_id)["runCounts"]["succeeded"] == 2


def test_a_change_that_is_sent_again_by_its_key_is_done_once(
    post: Callable[..., str], client: FlaskClient, key: str, world: World
) -> None:
    post_id = post()
    headers = {"soku-api-key": key, "If-Match": '"1"', "Idempotency-Key": "change 1"}
    first, again = (client.patch(f"/v1/posts/{post_id}", json={"post": content()}, headers=headers) for _ in range(2))
    assert (first.status_code, first.get_json()["version"], "Idempotency-Replayed" in first.headers) == (200, 2, False)
    assert (again.status_code, again.get_json(), again.headers["Idempotency-Replayed"]) == (200, first.get_json(), "true")
    other = client.patch(f"/v1/posts/{post_id}", json={"tags": ["t"]}, headers=headers)
    assert (other.status_code, error_of(other)["code"]) == (409, "idempotency_conflict")
    world.run_for(4 * 3600)
    # Though by then it could not be changed any more.
    late = client.patch(f"/v1/posts/{post_id}", json={"post": content()}, headers=headers)
    assert (late.status_code, late.get_json()["state"], world.ledger("x")) == (200, "published", ["Other"])
    without = client.patch(f"/v1/posts/{post_id}", json={"post": content()}, headers={**headers, "Idempotency-Key": "2"})
    assert error_of(without)["code"] == "already_started"


def test_a_change_with_an_expired_key_is_a_new_one(post: Callable[..., str], client: FlaskClient, key: str, world: World) -> None:
    headers = {"soku-api-key": key, "Idempotency-Key": "change 1", "If-Match": "*"}
    post_id = world.accepted(key, {"text": "draft", "platform": "x"}, draft=True)
    for version in (2, 3):
        told = client.patch(f"/v1/posts/{post_id}", json={"tags": ["a"]}, headers=headers)
        assert (told.get_json()["version"], "Idempotency-Replayed" in told.headers) == (version, False)
        world.clock.advance(31 * 86_400)


def test_of_a_change_sent_twice_at_once_one_is_made(
    post: Callable[..., str], client: FlaskClient, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_id = post()
    headers = {"soku-api-key": key, "If-Match": "*", "Idempotency-Key": "change 1"}
    twins = list[Any]()

    def between(*arguments: Any) -> Any:
        monkeypatch.setattr(change_module, "facets_of", facets_of)
        twins.append(client.patch(f"/v1/posts/{post_id}", json={"tags": ["a"]}, headers=headers))
        return facets_of(*arguments)

    monkeypatch.setattr(change_module, "facets_of", between)
    late = client.patch(f"/v1/posts/{post_id}", json={"tags": ["a"]}, headers=headers)
    assert [answer.get_json()["version"] for answer in (twins[0], late)] == [2, 2]
    assert late.headers["Idempotency-Replayed"] == "true"


def test_another_time_and_nothing_happens_at_the_old_one(
    post: Callable[..., str], change: Callable[..., Any], world: World
) -> None:
    post_id = post()
    told = change(post_id, scheduledTime="2026-01-15T14:00:00Z").get_json()
    assert (told["dueAt"], told["post"]["content"]["text"]) == ("2026-01-15T14:00:00.000Z", "Hello")
    world.run_for(4 * 3600)
    assert world.ledger("x") == []
    world.run_for(2 * 3600)
    assert world.ledger("x") == ["Hello"]


def test_sooner_is_as_soon_as_that(post: Callable[..., str], change: Callable[..., Any], world: World) -> None:
    post_id = post()
    assert change(post_id, scheduledTime="2026-01-15T09:02:00Z").status_code == 200
    world.run_for(125)
    assert world.ledger("x") == ["Hello"]


def test_other_files_in_place_of_those_that_were_copied(post: Callable[..., str], change: Callable[..., Any], world: World) -> None:
    post_id = post(imageUrls=[PHOTO])
    world.run_for(60)
    before = world.document("users/ada").fields["storageBytes"]
    change(post_id, post=content("Other", imageUrls=[PNG]))
    world.run_for(60)
    after = world.document("users/ada").fields["storageBytes"]
    assert (before, after) == (26683, 22404)
    world.run_for(4 * 3600)
    [entry] = world.sandbox.ledger
    assert (entry.text, len(entry.media)) == ("Other", 1)
    assert world.document("users/ada").fields["storageBytes"] == 0


def test_who_copied_for_the_older_content_does_not_say_that_all_is_there(
    post: Callable[..., str], change: Callable[..., Any], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_id = post(imageUrls=[PHOTO])
    fetch = world.fetcher.fetch

    def fetch_and_change(url: str) -> Any:
        if url == PHOTO:
            assert change(post_id, post=content("Other", imageUrls=[PHOTO, PNG])).status_code == 200
        return fetch(url)

    monkeypatch.setattr(world.fetcher, "fetch", fetch_and_change)
    world.deliver_due()
    world.run_for(120)
    assert world.submission(post_id)["files"] == "done"
    world.run_for(4 * 3600)
    assert [len(entry.media) for entry in world.sandbox.ledger] == [2]


def test_the_version_has_to_be_said_and_to_be_the_present_one(
    post: Callable[..., str], change: Callable[..., Any], client: FlaskClient, key: str
) -> None:
    post_id = post()
    missing = change(post_id, None, tags=["a"])
    assert (missing.status_code, error_of(missing)["code"]) == (428, "precondition_required")
    etag = client.get(f"/v1/posts/{post_id}", headers={"soku-api-key": key}).headers["ETag"]
    assert change(post_id, etag, tags=["a"]).status_code == 200
    stale = change(post_id, etag, tags=["b"])
    assert (stale.status_code, error_of(stale)["code"], error_of(stale)["details"]) == (412, "precondition_failed", {"version": 2})
    assert change(post_id, "nonsense", tags=["b"]).status_code == 412
    assert change(post_id, "*", tags=["b"]).status_code == 200


def test_progress_is_no_other_version(post: Callable[..., str], change: Callable[..., Any], world: World) -> None:
    post_id = post(imageUrls=[PHOTO])
    world.run_for(60)
    assert change(post_id, '"1"', tags=["a"]).status_code == 200


def test_what_was_begun_cannot_be_changed(post: Callable[..., str], change: Callable[..., Any], world: World) -> None:
    post_id = post()
    world.run_for(4 * 3600)
    answer = change(post_id, tags=["a"])
    assert (answer.status_code, error_of(answer)["code"]) == (409, "already_started")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scheduledTime": None}, "body.scheduledTime"),
        ({"scheduledTime": "2026-01-15T09:00:10Z"}, "body.scheduledTime"),
        ({"scheduledTime": "soon"}, "body.scheduledTime"),
        ({"post": None}, "body.post"),
        ({"post": {"content": {"platform": "x"}}}, "body.post.content"),
        ({"post": {"content": {"text": "t" * 300, "platform": "x"}}}, "body.post.content.text"),
        ({"post": {"content": {"text": "t", "platform": "tiktok"}}}, "body.post.content.platform"),
        ({"tags": ["t" * 51]}, "body.tags.0"),
        ({"draft": True}, "body.draft"),
    ],
)
def test_changes_are_judged_as_new_posts_are(
    post: Callable[..., str], change: Callable[..., Any], world: World, body: Any, field: str
) -> None:
    post_id = post()
    before = world.submission(post_id)
    answer = change(post_id, **body)
    assert (answer.status_code, [one["field"] for one in error_of(answer)["details"]]) == (400, [field])
    assert world.submission(post_id) == before


def test_the_key_lives_on_with_the_post(post: Callable[..., str], change: Callable[..., Any], world: World) -> None:
    post_id = post()
    change(post_id, scheduledTime="2026-03-15T12:00:00Z")
    record = world.document(world.submission(post_id)["recordPath"]).fields
    assert record["expireAt"] == world.submission(post_id)["dueAt"] + timedelta(hours=24)


def test_whoever_is_faster_wins(
    post: Callable[..., str], change: Callable[..., Any], client: FlaskClient, world: World, key: str
) -> None:
    post_id = post()
    client.post(f"/v1/posts/{post_id}/cancel", headers={"soku-api-key": key})
    assert error_of(change(post_id, tags=["a"]))["code"] == "already_cancelled"
    world.documents.commit(Update(f"postSubmissions/{post_id}", {"uid": "bob"}))
    assert change(post_id, tags=["a"]).status_code == 404


def test_copies_are_kept_for_as_long_as_a_post_that_is_put_off_needs_them(
    post: Callable[..., str], change: Callable[..., Any], world: World
) -> None:
    post_id = post(imageUrls=[PHOTO])
    world.run_for(60)
    [path] = world.storage.kept_until
    assert f"{world.storage.kept_until[path]:%m-%d}" == "01-16"
    change(post_id, scheduledTime="2026-06-15T12:00:00Z")
    assert world.submission(post_id)["files"] == "pending"
    world.run_for(60)
    assert (f"{world.storage.kept_until[path]:%m-%d}", world.submission(post_id)["files"]) == ("06-16", "done")
    # Sooner is nothing that the storage has to know.
    change(post_id, '"2"', scheduledTime="2026-01-15T12:00:00Z")
    assert world.submission(post_id)["files"] == "done"
    world.run_for(4 * 3600)
    assert (world.ledger("x"), world.fetcher.fetched) == (["Hello"], [PHOTO])


def test_a_copy_that_is_gone_all_the_same_is_made_again(post: Callable[..., str], change: Callable[..., Any], world: World) -> None:
    post_id = post(imageUrls=[PHOTO])
    world.run_for(60)
    world.storage.objects.clear()
    change(post_id, scheduledTime="2026-01-15T14:00:00Z")
    world.run_for(6 * 3600)
    [entry] = world.sandbox.ledger
    assert (len(entry.media), world.fetcher.fetched) == (1, [PHOTO, PHOTO])


def test_how_late_it_may_be_begun(post: Callable[..., str], change: Callable[..., Any], world: World) -> None:
    post_id = post()
    assert change(post_id, publishWithinSeconds=300).get_json()["publishWithinSeconds"] == 300
    world.clock.advance(3 * 3600 + 300)
    world.run_for(60)
    assert world.submission(post_id)["state"] == "missed"


def test_a_storage_that_cannot_be_told_to_keep_a_copy_is_asked_seldom_and_holds_nothing_up(
    post: Callable[..., str], change: Callable[..., Any], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_id = post(imageUrls=[PHOTO])
    world.run_for(60)
    asked: list[str] = []

    def refuse(path: str, until: Any) -> None:
        asked.append(path)
        raise StorageUnavailable("403")

    monkeypatch.setattr(world.storage, "keep", refuse)
    change(post_id, scheduledTime="2026-01-16T12:00:00Z")
    before = world.invocations
    world.run_for(26 * 3600)
    assert len(asked) <= 30
    assert world.invocations - before <= 35
    world.run_for(2 * 3600)
    assert (world.ledger("x"), world.fetcher.fetched) == (["Hello"], [PHOTO])
