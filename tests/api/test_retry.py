"""POST /v1/posts/{id}/retry and …/runs/{runId}/resolve: what is not public is sent again, once, and never what may be."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.documents.document import Create, Update
from shared.posts.made_by import MOST, other_makers
from shared.publishing import resolve
from tests.api.conftest import error_of
from tests.fakes.world import World

BOTH = {"text": "Hello", "platform": ["x", "threads"]}
PHOTO = "https://example.com/photo.jpg"
STORY = {"platform": {"platform": "snapchat", "options": {"story": True}}, "imageUrls": [PHOTO]}
Ask = Callable[..., Any]


@pytest.fixture
def key(world: World) -> str:
    return world.user("ada", connect=("x:x_main", "threads:t_main", "snapchat:s_main"))


@pytest.fixture
def ask(client: FlaskClient, key: str) -> Ask:
    def send(method: str, path: str, body: Any = None, **headers: str) -> Any:
        return client.open(f"/v1/posts{path}", method=method, json=body, headers={"soku-api-key": key, **headers})

    return send


@pytest.fixture
def failed(world: World, key: str) -> str:
    """Published on Threads, refused by X."""
    world.fail("x", "publish", "reject")
    post_id = world.accepted(key, BOTH)
    world.run_for(60)
    return post_id


@pytest.fixture
def unknown(world: World, key: str) -> str:
    """Sent to Snapchat, which tells nobody whether it is there."""
    world.fail("snapchat", "publish", "reset_after")
    post_id = world.accepted(key, STORY)
    world.run_for(600)
    assert world.run(post_id, "snapchat")["error"]["code"] == "outcome_unknown"
    return post_id


def reasons(answer: Any) -> dict[str, str]:
    return {detail["target"]: detail["message"] for detail in error_of(answer)["details"]}


def test_what_failed_is_sent_again_and_what_is_published_is_not(failed: str, ask: Ask, world: World) -> None:
    assert ask("GET", f"/{failed}").get_json()["state"] == "partial"
    world.clock.advance(3600)
    told = ask("POST", f"/{failed}/retry").get_json()
    assert (told["state"], told["done"], told["version"], told["counts"]["failed"], told["completedAt"]) == (
        "publishing", False, 2, 0, None,
    )  # fmt: skip
    [x, threads] = told["targets"]
    assert (x["state"], x["error"], threads["state"]) == ("queued", None, "published")
    assert [one["code"] for one in x["attempts"]] == ["content_rejected"]
    [action] = x["actions"]
    assert (action["action"], len(action["apiKeyId"])) == ("retry", 64)
    world.run_for(60)
    told = ask("GET", f"/{failed}").get_json()
    assert (told["state"], told["counts"]["succeeded"], world.ledger()) == ("published", 2, ["Hello", "Hello"])
    run = world.run(failed)
    assert (run["round"], run["intents"], run["dueAt"]) == (1, 2, world.submission(failed)["retriedAt"])


def test_the_same_request_again_does_no_harm(failed: str, ask: Ask, world: World) -> None:
    first, again = (ask("POST", f"/{failed}/retry").get_json() for _ in range(2))
    assert again == first
    assert ask("POST", f"/{failed}/retry", {"targets": ["x:x_main"]}).get_json() == first
    world.run_for(60)
    assert world.ledger("x") == ["Hello"]


def test_each_that_cannot_be_is_named_with_its_reason(failed: str, unknown: str, ask: Ask, key: str, world: World) -> None:
    assert reasons(ask("POST", f"/{failed}/retry", {"targets": ["threads:t_main", "x:x_main"]})) == {
        "threads:t_main": "It is published."
    }
    assert world.run(failed)["status"] == "failed"
    refused = ask("POST", f"/{unknown}/retry")
    assert (refused.status_code, error_of(refused)["code"]) == (409, "not_retryable")
    assert "resolve it" in reasons(refused)["snapchat:s_main"]
    under_way = world.accepted(key, {**BOTH, "text": "new"})
    assert reasons(ask("POST", f"/{under_way}/retry")) == dict.fromkeys(("x:x_main", "threads:t_main"), "It was not begun yet.")
    answer = ask("POST", f"/{failed}/retry", {"targets": ["x:other"]})
    assert (answer.status_code, error_of(answer)["details"][0]["choices"]) == (400, ["x:x_main", "threads:t_main"])


def test_cancelled_targets_can_be_and_cancelled_posts_cannot(ask: Ask, key: str, world: World) -> None:
    world.fail("x", "publish", "rate_limit", times=100)
    post_id = world.accepted(key, {**BOTH, "platform": "x"})
    world.deliver_due()
    told = ask("POST", f"/{post_id}/cancel").get_json()
    assert (told["state"], told["version"]) == ("cancelled", 2)
    world.sandbox.faults.due = []
    told = ask("POST", f"/{post_id}/retry").get_json()
    assert (told["state"], world.submission(post_id)["runCounts"]["cancelled"]) == ("publishing", 0)
    world.run_for(60)
    assert world.ledger("x") == ["Hello"]
    scheduled = world.accepted(key, BOTH, scheduledTime="2026-01-15T12:00:00Z")
    ask("POST", f"/{scheduled}/cancel")
    assert error_of(ask("POST", f"/{scheduled}/retry"))["code"] == "already_cancelled"


def test_missed_posts_have_their_time_anew(ask: Ask, key: str, world: World) -> None:
    post_id = world.accepted(key, {**BOTH, "imageUrls": [PHOTO]}, scheduledTime="2026-01-15T10:00:00Z", publishWithinSeconds=300)
    world.run_for(600)
    world.clock.advance(48 * 3600)
    world.run_for(120)
    assert ask("GET", f"/{post_id}").get_json()["state"] == "missed"
    assert ask("POST", f"/{post_id}/retry").get_json()["state"] == "publishing"
    world.run_for(120)
    assert (ask("GET", f"/{post_id}").get_json()["state"], len(world.ledger())) == ("published", 2)
    assert world.document("users/ada").fields["storageBytes"] == 0


def test_its_derived_key_is_its_own_again(world: World, key: str, ask: Ask) -> None:
    world.fail("x", "publish", "reject")
    post_id = world.accepted(key, {**BOTH, "platform": "x"})
    world.run_for(60)
    ask("POST", f"/{post_id}/retry")
    assert world.accepted(key, {**BOTH, "platform": "x"}) == post_id
    world.run_for(60)
    assert world.ledger("x") == ["Hello"]


def test_one_that_was_sent_again_as_a_new_post_is_superseded(world: World, key: str, ask: Ask) -> None:
    world.fail("x", "publish", "reject")
    post_id = world.accepted(key, {**BOTH, "platform": "x"})
    world.run_for(60)
    newer = world.accepted(key, {**BOTH, "platform": "x"})
    refused = ask("POST", f"/{post_id}/retry")
    assert (refused.status_code, error_of(refused)["code"], error_of(refused)["details"]) == (
        409, "superseded", {"postSubmissionId": newer},
    )  # fmt: skip
    world.run_for(60)
    assert world.ledger("x") == ["Hello"]
    # The key's day is over: the older post may be sent again, and has the key then.
    world.clock.advance(25 * 3600)
    assert ask("POST", f"/{post_id}/retry").status_code == 200
    assert world.accepted(key, {**BOTH, "platform": "x"}) == post_id


def test_files_that_could_not_be_had_are_fetched_again(world: World, key: str, ask: Ask) -> None:
    page = world.fetcher.pages.pop(PHOTO)
    post_id = world.accepted(key, {**BOTH, "platform": "x", "imageUrls": [PHOTO]})
    world.run_for(60)
    assert world.run(post_id)["error"]["code"] == "media_unavailable"
    world.fetcher.pages[PHOTO] = page
    ask("POST", f"/{post_id}/retry")
    # What is not over counts.
    world.run_for(5)
    world.run_for(115)
    [entry] = world.sandbox.ledger
    assert len(entry.media) == 1
    assert world.document("users/ada").fields["storageBytes"] == 0


def test_files_that_have_lapsed_are_fetched_again_and_others_are_not(world: World, key: str, ask: Ask) -> None:
    world.fail("x", "publish", "reject", times=2)
    post_id = world.accepted(key, {**BOTH, "platform": "x", "imageUrls": [PHOTO]})
    world.run_for(60)
    assert world.document("users/ada").fields["storageBytes"] == 0
    ask("POST", f"/{post_id}/retry")
    assert world.document("users/ada").fields["storageBytes"] == 26683
    world.run_for(60)
    assert (world.fetcher.fetched, world.document("users/ada").fields["storageBytes"]) == ([PHOTO], 0)
    world.clock.advance(timedelta(days=40).total_seconds())
    world.storage.objects.clear()
    ask("POST", f"/{post_id}/retry")
    world.run_for(120)
    assert (world.ledger("x"), world.fetcher.fetched) == (["Hello"], [PHOTO, PHOTO])


def test_a_run_that_is_taken_up_meanwhile_is_not_retried_twice(failed: str, ask: Ask, world: World, monkeypatch: Any) -> None:
    commit, path = world.memory.commit, f"postSubmissions/{failed}/runs/x"

    def overtaken(*writes: Any) -> Any:
        if any(write.path == path and write.fields.get("status") == "queued" for write in writes if isinstance(write, Update)):
            monkeypatch.setattr(world.memory, "commit", commit)
            assert ask("POST", f"/{failed}/retry").status_code == 200
            world.run_for(10)
        return commit(*writes)

    monkeypatch.setattr(world.memory, "commit", overtaken)
    assert ask("POST", f"/{failed}/retry").get_json()["state"] == "published"
    assert (world.ledger("x"), world.run(failed)["round"]) == (["Hello"], 1)


def test_a_retry_whose_tasks_are_lost_is_found_by_the_sweeper(failed: str, ask: Ask, world: World) -> None:
    ask("POST", f"/{failed}/retry")
    world.tasks.clear()
    world.run_for(300)
    assert world.ledger("x") == ["Hello"]


def test_somebody_says_that_it_is_published(unknown: str, ask: Ask, world: World) -> None:
    path = f"/{unknown}/runs/snapchat/resolve"
    told = ask("POST", path, {"published": True, "platformPostId": "s1"}).get_json()
    assert (told["state"], told["counts"]["succeeded"], told["counts"]["outcomeUnknown"], told["version"]) == ("published", 1, 0, 2)
    [target] = told["targets"]
    assert (target["state"], target["platformPostId"], target["error"]) == ("published", "s1", None)
    assert [(one["action"], one["published"]) for one in target["actions"]] == [("resolve", True)]
    assert ask("POST", path, {"published": True, "platformPostId": "s1"}).get_json() == told
    refused = ask("POST", path, {"published": False})
    assert (refused.status_code, error_of(refused)["code"], error_of(refused)["details"]) == (
        409,
        "already_resolved",
        {"published": True, "platformPostId": "s1"},
    )
    assert reasons(ask("POST", f"/{unknown}/retry")) == {"snapchat:s_main": "It is published."}
    world.run_for(3600)
    assert len(world.sandbox.ledger) == 1


def test_which_post_it_is_can_be_said_later_and_once(unknown: str, ask: Ask, world: World) -> None:
    path = f"/{unknown}/runs/snapchat/resolve"
    assert ask("POST", path, {"published": True}).get_json()["targets"][0]["platformPostId"] is None
    named = ask("POST", path, {"published": True, "platformPostId": "s1"}).get_json()
    assert (named["state"], named["targets"][0]["platformPostId"], named["counts"]["succeeded"]) == ("published", "s1", 1)
    assert ask("POST", path, {"published": True}).status_code == 200
    other = ask("POST", path, {"published": True, "platformPostId": "s2"})
    assert (other.status_code, error_of(other)["details"]) == (409, {"published": True, "platformPostId": "s1"})


def test_somebody_says_that_it_is_not_and_has_it_sent_again(world: World, key: str, ask: Ask) -> None:
    world.fail("snapchat", "publish", "reset_before")
    post_id = world.accepted(key, STORY)
    world.run_for(600)
    path = f"/{post_id}/runs/snapchat/resolve"
    told = ask("POST", path, {"published": False}).get_json()
    assert (told["state"], told["targets"][0]["state"], told["targets"][0]["error"]["code"]) == (
        "failed",
        "failed",
        "not_published",
    )
    world.run_for(3600)
    assert world.sandbox.ledger == []
    assert ask("POST", path, {"published": False}).get_json()["version"] == 2
    assert ask("POST", f"/{post_id}/retry").get_json()["state"] == "publishing"
    world.run_for(120)
    told = ask("GET", f"/{post_id}").get_json()
    assert (told["state"], len(world.sandbox.ledger)) == ("published", 1)
    assert [one["action"] for one in told["targets"][0]["actions"]] == ["resolve", "retry"]


def test_its_automations_fire(client: FlaskClient, world: World, ask: Ask, key: str) -> None:
    body = {"source": {"platform": "snapchat"}, "action": "repost", "targets": ["x"]}
    client.post("/v1/automations", json=body, headers={"Authorization": "Bearer token-of-ada"})
    world.fail("snapchat", "publish", "reset_after")
    post_id = world.accepted(key, {**STORY, "text": "said"}, enableRepurposing=True)
    world.run_for(600)
    assert world.ledger("x") == []
    ask("POST", f"/{post_id}/runs/snapchat/resolve", {"published": True})
    world.run_for(120)
    assert world.ledger("x") == ["said"]


def test_a_post_that_another_run_has_made_is_no_other_ones(unknown: str, ask: Ask, world: World, key: str) -> None:
    other = world.accepted(key, {**STORY, "text": "other"})
    world.run_for(60)
    made = world.run(other, "snapchat")["platformPostId"] or "s2"
    world.memory.contents[f"postSubmissions/{other}/runs/snapchat"][0]["platformPostId"] = made
    refused = ask("POST", f"/{unknown}/runs/snapchat/resolve", {"published": True, "platformPostId": made})
    assert (refused.status_code, error_of(refused)["code"]) == (409, "platform_post_taken")
    assert error_of(refused)["details"] == {"postSubmissionId": other, "runId": "snapchat"}
    assert world.run(unknown, "snapchat")["status"] == "failed"


def test_of_two_verdicts_at_one_moment_one_gets_the_post(
    unknown: str, ask: Ask, world: World, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.fail("snapchat", "publish", "reset_after")
    other = world.accepted(key, {**STORY, "text": "other"})
    world.run_for(600)
    verdict, answers = {"published": True, "platformPostId": "s1"}, list[Any]()

    def asks(*arguments: Any) -> Any:
        found = other_makers(*arguments)
        monkeypatch.setattr(resolve, "other_makers", other_makers)
        # Between the look and the commit, somebody else says the same of the other one.
        answers.append(ask("POST", f"/{other}/runs/snapchat/resolve", verdict))
        return found

    monkeypatch.setattr(resolve, "other_makers", asks)
    late = ask("POST", f"/{unknown}/runs/snapchat/resolve", verdict)
    assert [answers[0].status_code, late.status_code, error_of(late)["code"]] == [200, 409, "platform_post_taken"]


def test_how_many_others_have_posts_of_this_id_does_not_matter(
    unknown: str, ask: Ask, client: FlaskClient, world: World, key: str
) -> None:
    ask("POST", f"/{unknown}/runs/snapchat/resolve", {"published": True, "platformPostId": "s1"})
    mine = world.memory.contents[f"postSubmissions/{unknown}/runs/snapchat"][0]
    for number in range(MOST):
        strangers = {**mine, "uid": "eve", "accountId": f"eve_{number}"}
        world.memory.commit(Create(f"postSubmissions/0{number}/runs/snapchat", strangers))
    world.fail("snapchat", "publish", "reset_after")
    other = world.accepted(key, {**STORY, "text": "other"})
    world.run_for(600)
    assert ask("POST", f"/{other}/runs/snapchat/resolve", {"published": True, "platformPostId": "s1"}).status_code == 409


def test_what_is_known_is_not_resolved(failed: str, ask: Ask, client: FlaskClient, world: World) -> None:
    for run_id in ("x", "threads"):
        assert error_of(ask("POST", f"/{failed}/runs/{run_id}/resolve", {"published": False}))["code"] == "nothing_to_resolve"
    assert ask("POST", f"/{failed}/runs/youtube/resolve", {"published": False}).status_code == 404
    other = {"soku-api-key": world.user("bob")}
    assert client.post(f"/v1/posts/{failed}/runs/x/resolve", json={"published": False}, headers=other).status_code == 404
    assert client.post(f"/v1/posts/{failed}/retry", headers=other).status_code == 404
    bad = ask("POST", f"/{failed}/runs/x/resolve", {"published": False, "platformPostId": "1"})
    assert bad.status_code == 400


def test_what_was_to_follow_a_post_that_is_there_after_all_is_said_to_be_missing(world: World, ask: Ask) -> None:
    key = world.user("ada", connect=["linkedin:person_main"])
    target = {"platform": "linkedin", "options": {"firstComment": "First!"}}
    world.fail("linkedin", "publish", "reset_after")
    post_id = world.accepted(key, {"text": "t", "platform": target}, publishWithinSeconds=300)
    world.deliver_due()
    world.clock.advance(301)
    world.run_for(1200)
    [found] = ask("POST", f"/{post_id}/runs/linkedin/resolve", {"published": True}).get_json()["targets"]
    assert any("first comment" in note and "not known in time" in note for note in found["notes"])


def test_a_persons_word_does_not_set_the_derived_key_free(world: World, key: str, ask: Ask, unknown: str) -> None:
    """Who is wrong, and sends the same once more, is not to publish it twice by that."""
    ask("POST", f"/{unknown}/runs/snapchat/resolve", {"published": False})
    world.fail("snapchat", "publish", "reject")
    ask("POST", f"/{unknown}/retry")
    world.run_for(120)
    assert ask("GET", f"/{unknown}").get_json()["state"] == "failed"
    assert world.accepted(key, STORY) == unknown
    assert len(world.sandbox.ledger) == 1


def test_doubt_outlives_every_round(world: World, ask: Ask, unknown: str) -> None:
    ask("POST", f"/{unknown}/runs/snapchat/resolve", {"published": False})
    for _ in range(2):
        world.fail("snapchat", "publish", "reject")
        ask("POST", f"/{unknown}/retry")
        world.run_for(120)
        run = world.run(unknown, "snapchat")
        assert (run["status"], run["doubted"], "firstIntentAt" in run) == ("failed", True, True)
