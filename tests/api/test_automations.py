"""/v1/automations, and what follows from posts that ask for it: each once, never in a loop, whoever dies on the way."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.automations import fire
from shared.automations.automation import MAX_AUTOMATIONS
from shared.documents.document import Merge, Update
from shared.posts.run import RunPath
from tests.api.conftest import error_of
from tests.fakes.world import World

SIGNED_IN = {"Authorization": "Bearer token-of-ada"}
REPOST: dict[str, Any] = {"source": {"platform": "x"}, "action": "repost", "targets": ["threads"]}


@pytest.fixture
def key(world: World) -> str:
    return world.user("ada", connect=("x:x_main", "threads:t_main", "linkedin:l_main", "instagram:i_main"))


@pytest.fixture
def automate(client: FlaskClient, key: str) -> Callable[..., Any]:
    def send(**changes: Any) -> Any:
        return client.post("/v1/automations", json={**REPOST, **changes}, headers=SIGNED_IN)

    return send


@pytest.fixture
def publish(client: FlaskClient, world: World, key: str) -> Callable[..., str]:
    """A post that asks for its automations; everything due has been done."""

    def send(text: str = "Hello", *, repurpose: bool = True, **content: Any) -> str:
        world.clock.advance(1)
        body = {"post": {"content": {"text": text, "platform": "x", **content}}, "enableRepurposing": repurpose}
        answer = client.post("/v1/posts", json=body, headers={"soku-api-key": key})
        assert answer.status_code == 201, answer.get_json()
        world.run_for(120)
        return answer.get_json()["postSubmissionId"]

    return send


def made(world: World) -> list[Any]:
    """The submissions that automations made."""
    found = [world.document(path).fields for path in world.paths("postSubmissions/") if path.count("/") == 1]
    return [fields for fields in found if fields["origin"] == "automation"]


def test_one_per_key(client: FlaskClient, world: World, key: str) -> None:
    headers = {**SIGNED_IN, "Idempotency-Key": "mine"}
    first, again = (client.post("/v1/automations", json=REPOST, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code, again.get_json()) == (201, 201, first.get_json())
    assert [("Idempotency-Replayed" in answer.headers) for answer in (first, again)] == [False, True]
    assert len(client.get("/v1/automations", headers=SIGNED_IN).get_json()["automations"]) == 1
    # Whatever has become of its accounts.
    world.memory.commit(Update("users/ada", {"accounts": {}}))
    assert client.post("/v1/automations", json=REPOST, headers=headers).status_code == 201
    client.delete(f"/v1/automations/{first.get_json()['id']}", headers=SIGNED_IN)
    assert client.post("/v1/automations", json=REPOST, headers=headers).status_code == 404


def texts(world: World, platform: str) -> list[str]:
    return world.ledger(platform)


def test_a_post_goes_on_where_an_automation_wants_it(
    automate: Callable[..., Any], publish: Callable[..., str], world: World
) -> None:
    assert automate().status_code == 201
    source = publish("Hello #launch")
    assert (texts(world, "x"), texts(world, "threads")) == (["Hello #launch"], ["Hello #launch"])
    [post] = made(world)
    assert (post["sourceRun"], post["enableRepurposing"]) == (f"postSubmissions/{source}/runs/x", False)
    assert post["post"]["content"] == {"text": "Hello #launch", "platform": [{"platform": "threads"}]}
    run = world.document(f"postSubmissions/{source}/runs/x").fields
    assert ("firesAutomations" in run, "sweepAt" in run) == (False, False)


def test_posts_that_do_not_ask_for_it_make_none(automate: Callable[..., Any], publish: Callable[..., str], world: World) -> None:
    automate()
    source = publish(repurpose=False)
    assert made(world) == []
    assert "firesAutomations" not in world.document(f"postSubmissions/{source}/runs/x").fields


def test_however_many_fire_they_and_their_owner_are_read_once(
    automate: Callable[..., Any], publish: Callable[..., str], world: World
) -> None:
    for _ in range(3):
        automate()
    source = publish()
    run = f"postSubmissions/{source}/runs/x"
    world.documents.commit(Update(run, {"firesAutomations": True, "sweepAt": world.clock.now()}))
    before, reads = world.memory.counts.rpcs, world.memory.counts.reads
    fire.fire(RunPath(source, "x"), world.automating)
    # Run with source, the automations, the owner; a refused commit for each post that is there; the run.
    assert world.memory.counts.rpcs - before == 3 + 3 + 1
    assert world.memory.counts.reads - reads == 2 + 3 + 1
    assert len(made(world)) == 3


def test_no_loop(automate: Callable[..., Any], publish: Callable[..., str], world: World) -> None:
    automate()
    automate(source={"platform": "threads"}, targets=["x", "linkedin"])
    publish()
    world.run_for(3600)
    assert (len(texts(world, "x")), len(texts(world, "threads")), len(texts(world, "linkedin"))) == (1, 1, 0)


def test_a_template_makes_the_text(automate: Callable[..., Any], publish: Callable[..., str], world: World) -> None:
    template = "{text}\n\nFirst on {platform}: {url} {"
    automate(action="repurpose", template=template, targets=["linkedin"])
    publish("Hello")
    [post] = world.sandbox.ledger[:1]
    assert texts(world, "linkedin") == [f"Hello\n\nFirst on X: {post.url} {{"]


@pytest.mark.parametrize(
    ("changes", "fires"),
    [
        ({"source": {"platform": "x", "accountId": "x_main"}}, True),
        ({"source": {"platform": "linkedin"}}, False),
        ({"enabled": False}, False),
        ({"conditions": {"mediaKind": "text"}}, True),
        ({"conditions": {"mediaKind": "video"}}, False),
        ({"conditions": {"hashtag": "#Launch"}}, True),
        ({"conditions": {"hashtag": "launc"}}, False),
        ({"conditions": {"hashtag": "launch", "mediaKind": "image"}}, False),
    ],
)
def test_what_an_automation_looks_at(
    automate: Callable[..., Any], publish: Callable[..., str], world: World, changes: Any, fires: bool
) -> None:
    assert automate(**changes).status_code == 201
    publish("Hello #launch!")
    assert texts(world, "threads") == (["Hello #launch!"] if fires else [])


def test_files_go_along_though_their_address_has_died(
    automate: Callable[..., Any], publish: Callable[..., str], world: World
) -> None:
    photo = "https://example.com/photo.jpg"
    automate(conditions={"mediaKind": "image"}, delaySeconds=3600)
    publish("Look", imageUrls=[photo])
    del world.fetcher.pages[photo]
    assert texts(world, "threads") == []
    world.run_for(3700)
    [post] = [post for post in world.sandbox.ledger if post.platform == "threads"]
    assert len(post.media) == 1
    assert world.fetcher.fetched == [photo]


def test_a_delay_is_counted_from_the_publication(automate: Callable[..., Any], publish: Callable[..., str], world: World) -> None:
    automate(delaySeconds=600)
    source = publish()
    [post] = made(world)
    ended = world.document(f"postSubmissions/{source}/runs/x").fields["completedAt"]
    assert (post["dueAt"] - ended).total_seconds() == 600
    assert post["scheduledTime"] == post["dueAt"]
    world.run_for(700)
    assert texts(world, "threads") == ["Hello"]


def test_one_that_cannot_be_made_is_a_warning_on_its_source(
    automate: Callable[..., Any], publish: Callable[..., str], world: World
) -> None:
    automate(name="To Instagram", targets=["instagram"])
    automate()
    source = publish("no picture")
    assert texts(world, "threads") == ["no picture"]
    [warning] = world.submission(source)["warnings"]
    assert (warning["code"], warning["target"]) == ("automation_failed", "x")
    assert warning["message"].startswith("The automation 'To Instagram' could not make its post: ")


def test_each_fires_once_though_it_is_delivered_and_changed_again(
    automate: Callable[..., Any], publish: Callable[..., str], client: FlaskClient, world: World
) -> None:
    automation = automate().get_json()["id"]
    source = publish()
    run = f"postSubmissions/{source}/runs/x"
    client.patch(f"/v1/automations/{automation}", json={"targets": ["linkedin"]}, headers=SIGNED_IN)
    world.memory.commit(Merge(run, {"firesAutomations": True, "sweepAt": world.clock.now()}))
    path = RunPath.parse(run)
    world.invoke("publisher", {"postSubmissionId": path.submission_id, "runId": path.run_id})
    world.run_for(600)
    assert (len(made(world)), texts(world, "threads"), texts(world, "linkedin")) == (1, ["Hello"], [])


def test_one_that_is_made_later_than_the_post_does_not_fire(
    automate: Callable[..., Any], publish: Callable[..., str], world: World
) -> None:
    source = publish()
    automate()
    world.memory.commit(Merge(f"postSubmissions/{source}/runs/x", {"firesAutomations": True, "sweepAt": world.clock.now()}))
    world.run_for(600)
    assert made(world) == []


def test_each_target_of_a_post_is_a_source(automate: Callable[..., Any], publish: Callable[..., str], world: World) -> None:
    automate(targets=["linkedin"])
    automate(source={"platform": "threads"}, targets=["linkedin"], action="repurpose", template="again: {text}")
    publish("Hello", platform=["x", "threads"])
    assert sorted(texts(world, "linkedin")) == ["Hello", "again: Hello"]


# The resource


def test_an_automation_is_made_shown_changed_and_deleted(automate: Callable[..., Any], client: FlaskClient, world: World) -> None:
    shown = automate(name="A").get_json()
    assert (shown["enabled"], shown["delaySeconds"]) == (True, 0)
    assert shown["conditions"] == {"mediaKind": None, "hashtag": None}
    address = f"/v1/automations/{shown['id']}"
    assert client.get(address, headers=SIGNED_IN).get_json() == shown
    assert client.get("/v1/automations", headers=SIGNED_IN).get_json() == {"automations": [shown]}
    world.clock.advance(5)
    changes = {"enabled": False, "action": "repurpose", "template": "{text}!", "conditions": {"hashtag": "#a"}}
    changed = client.patch(address, json=changes, headers=SIGNED_IN).get_json()
    assert {name: changed[name] for name in ("enabled", "action", "template")} == {
        "enabled": False,
        "action": "repurpose",
        "template": "{text}!",
    }
    assert (changed["name"], changed["conditions"]["hashtag"], changed["createdAt"]) == ("A", "a", shown["createdAt"])
    assert changed["updatedAt"] > shown["updatedAt"]
    assert client.delete(address, headers=SIGNED_IN).get_json() == {"deleted": True}
    assert client.get(address, headers=SIGNED_IN).status_code == 404
    assert client.delete(address, headers=SIGNED_IN).status_code == 404
    assert client.patch(address, json={}, headers=SIGNED_IN).status_code == 404


def test_there_are_twenty_at_most(automate: Callable[..., Any], client: FlaskClient) -> None:
    ids = [automate().get_json()["id"] for _ in range(MAX_AUTOMATIONS)]
    over = automate()
    assert (over.status_code, error_of(over)["code"]) == (409, "automation_limit_reached")
    client.delete(f"/v1/automations/{ids[0]}", headers=SIGNED_IN)
    assert automate().status_code == 201


def test_automations_are_their_users_own_and_need_a_subscription(
    automate: Callable[..., Any], client: FlaskClient, world: World, key: str
) -> None:
    automation = automate().get_json()["id"]
    world.user("bob")
    other = {"Authorization": "Bearer token-of-bob"}
    assert client.get(f"/v1/automations/{automation}", headers=other).status_code == 404
    assert client.get("/v1/automations", headers={"soku-api-key": key}).status_code == 401
    world.memory.contents["users/bob"][0]["subscription"] = None
    refused = client.get("/v1/automations", headers=other)
    assert (refused.status_code, error_of(refused)["message"]) == (403, "Subscription required")


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"source": {"platform": "myspace"}}, "body.source.platform", "invalid_enum_value"),
        ({"source": {"platform": "x", "accountId": "nobody"}}, "body.source.accountId", "custom"),
        ({"source": {}}, "body.source.platform", "invalid_type"),
        ({"action": "delete"}, "body.action", "invalid_enum_value"),
        ({"targets": []}, "body.targets", "too_small"),
        ({"targets": ["threads", "myspace"]}, "body.targets.1", "invalid_enum_value"),
        ({"targets": [{"platform": "threads", "accountId": "nobody"}]}, "body.targets.0.accountId", "custom"),
        ({"targets": ["tiktok"]}, "body.targets.0", "custom"),
        ({"targets": [{"platform": "threads", "options": {"nonsense": 1}}]}, "body.targets.0.options.nonsense", None),
        ({"action": "repurpose"}, "body", "custom"),
        ({"template": "{text}"}, "body", "custom"),
        ({"action": "repurpose", "template": "{title} {text}"}, "body.template", "invalid_string"),
        ({"delaySeconds": 604_801}, "body.delaySeconds", "too_big"),
        ({"conditions": {"hashtag": "two words"}}, "body.conditions.hashtag", "invalid_string"),
        ({"conditions": {"mediaKind": "sound"}}, "body.conditions.mediaKind", "invalid_enum_value"),
        ({"name": ""}, "body.name", "too_small"),
        ({"colour": "red"}, "body.colour", "unrecognized_keys"),
    ],
)
def test_what_makes_no_automation(automate: Callable[..., Any], changes: Any, field: str, code: str | None) -> None:
    answer = automate(**changes)
    assert answer.status_code == 400
    found = [(one["field"], one["code"]) for one in error_of(answer)["details"]]
    assert found == [(field, code or found[0][1])]


def test_a_change_that_does_not_fit_the_rest_is_refused(automate: Callable[..., Any], client: FlaskClient) -> None:
    automation = automate().get_json()["id"]
    answer = client.patch(f"/v1/automations/{automation}", json={"action": "repurpose"}, headers=SIGNED_IN)
    assert (answer.status_code, error_of(answer)["code"]) == (400, "validation_error")


def test_a_template_cannot_make_a_text_of_any_length(
    automate: Callable[..., Any], publish: Callable[..., str], world: World
) -> None:
    automate(action="repurpose", template="{text}" * 1666, targets=[{"platform": "linkedin", "options": {"text": "hi"}}])
    automate()
    source = publish("x" * 270)
    assert texts(world, "threads") == ["x" * 270]
    [warning] = world.submission(source)["warnings"]
    assert "more than 64,000 characters" in warning["message"]


def test_one_that_meets_a_fault_of_ours_does_not_keep_the_others_waiting(
    automate: Callable[..., Any], publish: Callable[..., str], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    automate(targets=["linkedin"], name="broken")
    automate()
    needs = fire.content_bytes
    asked = iter([True])

    def stumble(*given: Any) -> int:
        if next(asked, False):
            raise KeyError("a fault")
        return needs(*given)

    monkeypatch.setattr(fire, "content_bytes", stumble)
    source = publish()
    assert len(made(world)) == 1
    [warning] = world.submission(source)["warnings"]
    assert "a fault of Soku's" in warning["message"]


def test_files_that_posts_share_are_counted_once(automate: Callable[..., Any], publish: Callable[..., str], world: World) -> None:
    for _ in range(3):
        automate(delaySeconds=3600)
    publish("Look", imageUrls=["https://example.com/photo.jpg"])
    assert len(made(world)) == 3
    world.run_for(60)
    assert world.document("users/ada").fields["storageBytes"] == 0
    world.run_for(7200)
    assert (len(texts(world, "threads")), world.document("users/ada").fields["storageBytes"]) == (3, 0)


def test_one_can_be_switched_off_though_its_account_is_gone(
    automate: Callable[..., Any], client: FlaskClient, world: World
) -> None:
    automation = automate().get_json()["id"]
    del world.memory.contents["users/ada"][0]["accounts"]["threads"]
    address = f"/v1/automations/{automation}"
    assert client.patch(address, json={"name": "old"}, headers=SIGNED_IN).status_code == 200
    assert client.patch(address, json={"enabled": False}, headers=SIGNED_IN).get_json()["enabled"] is False
    assert client.patch(address, json={"enabled": True}, headers=SIGNED_IN).status_code == 400
