"""/v1/webhooks and /v1/events: registered, told, listed; and every event that there is, when it is true and not before."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import pytest
from flask.testing import FlaskClient

from emulator.sandbox.accounts import SandboxAccount
from emulator.users import credentials_of
from shared.accounts.account import AccountKey, open_credentials
from shared.accounts.connect import connect_account
from shared.api_keys.issue import issue_key
from shared.credits.credits import grant
from shared.documents.document import Update
from shared.events.event import EVENT_TYPES, EventType
from tests.api.conftest import error_of
from tests.fakes.world import World

HOOK = "https://hooks.test/soku"
SOUND = "https://example.com/podcast.mp3"
DRAWING = {"type": "template", "input": {"templateSlug": "quote", "config": {"quote": "Told"}}}
Send = Callable[..., Any]


@pytest.fixture
def send(client: FlaskClient, key: str) -> Send:
    def request(method: str, path: str, body: Any = None, **headers: str) -> Any:
        return client.open(path, method=method, json=body, headers={"soku-api-key": key, **headers})

    return request


def register(send: Send, **changes: Any) -> dict[str, Any]:
    answer = send("POST", "/v1/webhooks", {"url": HOOK, **changes})
    assert answer.status_code == 201, answer.get_json()
    return answer.get_json()


def told(world: World) -> list[Any]:
    return [one.event for one in world.receivers.got]


def test_the_secret_is_shown_once(send: Send, world: World) -> None:
    made = register(send, events=["post.completed", "post.completed"], description="Our CMS")
    assert made["secret"].startswith("whsec_")
    assert made["events"] == ["post.completed"]
    [listed] = send("GET", "/v1/webhooks").get_json()["webhooks"]
    assert listed == {name: value for name, value in made.items() if name != "secret"}
    assert send("GET", f"/v1/webhooks/{made['id']}").get_json() == listed
    assert made["secret"] not in str(world.memory.contents)
    rotated = send("POST", f"/v1/webhooks/{made['id']}/rotate")
    assert (rotated.status_code, rotated.get_json()["secret"] != made["secret"]) == (201, True)


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({}, "body.url", "Required"),
        ({"url": "http://hooks.test/x"}, "body.url", "must begin with https://"),
        ({"url": "https://127.0.0.1/x"}, "body.url", "private network"),
        ({"url": "https://hooks.test:8443/x"}, "body.url", "standard port"),
        ({"url": "https://ada:secret@hooks.test/x"}, "body.url", "user name or password"),
        ({"url": "ftp://hooks.test/x"}, "body.url", "not a valid http or https URL"),
        ({"url": HOOK, "events": []}, "body.events", "At least 1"),
        ({"url": HOOK, "events": ["post.done"]}, "body.events.0", "Expected one of"),
        ({"url": HOOK, "payload": "fat"}, "body.payload", "Expected one of"),
        ({"url": HOOK, "secret": "mine"}, "body.secret", "Unrecognized field"),
    ],
)
def test_what_is_no_webhook_is_refused(send: Send, body: Any, field: str, says: str) -> None:
    answer = send("POST", "/v1/webhooks", body)
    assert answer.status_code == 400
    [detail] = error_of(answer)["details"]
    assert detail["field"] == field
    assert says in detail["message"]


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "body"), ({"url": None}, "body"), ({"enabled": "no"}, "body.enabled"), ({"url": "http://x.test/"}, "body.url")],
)
def test_what_is_no_change_is_refused(send: Send, body: Any, field: str) -> None:
    made = register(send)
    answer = send("PATCH", f"/v1/webhooks/{made['id']}", body)
    assert answer.status_code == 400
    assert error_of(answer)["details"][0]["field"] == field


def test_one_that_is_disabled_is_told_nothing_until_it_is_enabled(send: Send, world: World) -> None:
    made = register(send, events=["post.completed"])
    path = f"/v1/webhooks/{made['id']}"
    off = send("PATCH", path, {"enabled": False, "description": None}).get_json()
    assert (off["enabled"], off["disabledReason"], off["description"]) == (False, "Disabled by its owner.", None)
    assert "webhookTypes" not in world.document("users/ada").fields
    _post(send, world)
    for refused in (send("POST", f"{path}/ping"), send("POST", f"{path}/deliveries/evt_1/redeliver")):
        assert (refused.status_code, error_of(refused)["code"]) == (409, "webhook_disabled")
    on = send("PATCH", path, {"enabled": True}).get_json()
    assert (on["enabled"], on["disabledReason"]) == (True, None)
    _post(send, world, "another")
    assert [event["type"] for event in told(world)] == ["post.completed"]


def test_one_that_is_deleted_is_told_nothing_more(send: Send, world: World) -> None:
    made = register(send)
    assert send("DELETE", f"/v1/webhooks/{made['id']}").get_json() == {"deleted": True}
    assert send("DELETE", f"/v1/webhooks/{made['id']}").status_code == 404
    assert send("GET", "/v1/webhooks").get_json() == {"webhooks": []}
    _post(send, world)
    assert told(world) == []


def test_another_users_is_not_found(send: Send, client: FlaskClient, world: World) -> None:
    made = register(send)
    headers = {"soku-api-key": world.user("eve")}
    path = f"/v1/webhooks/{made['id']}"
    for method, address, body in (
        ("GET", path, None),
        ("PATCH", path, {"enabled": False}),
        ("DELETE", path, None),
        ("POST", f"{path}/rotate", None),
        ("POST", f"{path}/ping", None),
        ("GET", f"{path}/deliveries", None),
        ("GET", f"{path}/deliveries/evt_1", None),
        ("POST", f"{path}/deliveries/evt_1/redeliver", None),
    ):
        assert client.open(address, method=method, json=body, headers=headers).status_code == 404


def test_there_are_at_most_ten(send: Send) -> None:
    for _ in range(10):
        register(send)
    answer = send("POST", "/v1/webhooks", {"url": HOOK})
    assert (answer.status_code, error_of(answer)["code"]) == (409, "webhook_limit_reached")


def test_a_key_needs_the_scope(client: FlaskClient, world: World, key: str) -> None:
    scoped = issue_key("ada", "s", documents=world.documents, clock=world.clock, scopes=["posts:read"])
    for path in ("/v1/webhooks", "/v1/events"):
        answer = client.get(path, headers={"soku-api-key": scoped})
        assert (answer.status_code, error_of(answer)["message"]) == (
            403,
            "This API key has no scope webhooks, which this request needs",
        )
    assert client.get("/v1/webhooks", headers={"Authorization": "Bearer token-of-ada"}).status_code == 200


def test_a_ping_is_sent_whatever_it_subscribes_to(send: Send, world: World) -> None:
    made = register(send, events=["credits.low"])
    register(send, url="https://other.test/hook")
    answer = send("POST", f"/v1/webhooks/{made['id']}/ping")
    world.run_for(5)
    [event] = told(world)
    assert (answer.status_code, event["type"], event["id"]) == (202, "ping", answer.get_json()["eventId"])
    assert send("GET", f"/v1/events/{event['id']}").get_json() == event


def test_a_thin_payload_names_and_a_full_one_shows(send: Send, world: World) -> None:
    register(send, events=["post.completed"])
    register(send, events=["post.completed"], payload="full", url="https://full.test/hook")
    post_id = _post(send, world)
    thin, full = sorted(told(world), key=lambda event: "current" in event["data"])
    url = f"https://api.test/api/v1/posts/{post_id}"
    assert thin["data"] == {"id": post_id, "object": "post", "state": "published", "url": url}
    assert full["data"]["current"] == send("GET", f"/v1/posts/{post_id}").get_json()
    assert (thin["id"], thin["timestamp"]) == (full["id"], full["timestamp"])


def test_a_delivery_tells_of_every_attempt_and_of_the_next(send: Send, world: World) -> None:
    made = register(send, events=["post.completed"])
    world.receivers.answers[HOOK] = [500, 302]
    _post(send, world)
    [delivery] = send("GET", f"/v1/webhooks/{made['id']}/deliveries").get_json()["deliveries"]
    assert [(one["status"], one["error"]) for one in delivery["attempts"]] == [
        (500, "It answered 500."),
        (302, "It answered 302: redirects are not followed, register the address that it leads to."),
    ]
    assert (delivery["status"], delivery["answer"]) == ("pending", "said")
    assert delivery["nextAttemptAt"] > delivery["createdAt"]
    path = f"/v1/webhooks/{made['id']}/deliveries/{delivery['eventId']}"
    again = send("POST", f"{path}/redeliver")
    assert (again.status_code, again.get_json()["status"]) == (202, "pending")
    world.run_for(5)
    done = send("GET", path).get_json()
    assert (done["status"], len(done["attempts"]), done["nextAttemptAt"]) == ("delivered", 3, None)
    assert done["deliveredAt"]
    assert send("GET", f"/v1/webhooks/{made['id']}/deliveries?status=pending").get_json()["deliveries"] == []
    assert len(send("GET", f"/v1/webhooks/{made['id']}/deliveries?status=delivered").get_json()["deliveries"]) == 1
    assert send("POST", f"/v1/webhooks/{made['id']}/deliveries/evt_none/redeliver").status_code == 404


def test_events_are_listed_in_pages_by_type_and_time(send: Send, world: World) -> None:
    register(send, events=["run.succeeded", "post.completed"])
    first = _post(send, world, "one")
    middle = _later(world, minutes=30)
    world.clock.advance(3600)
    _post(send, world, "two")
    one = send("GET", "/v1/events?limit=3").get_json()
    two = send("GET", f"/v1/events?limit=3&cursor={one['nextCursor']}").get_json()
    listed = [*one["events"], *two["events"]]
    assert sorted(event["type"] for event in listed[:2]) == ["post.completed", "run.succeeded"]
    assert [event["id"] for event in listed] == [
        event["id"] for event in sorted(listed, key=lambda event: event["timestamp"], reverse=True)
    ]
    assert len({event["id"] for event in listed}) == 4
    assert two["nextCursor"] is None
    by_type = send("GET", "/v1/events?type=post.completed").get_json()["events"]
    assert len(by_type) == 2
    early = send("GET", f"/v1/events?to={middle}&type=post.completed").get_json()["events"]
    assert [event["data"]["id"] for event in early] == [first]
    assert len(send("GET", f"/v1/events?from={middle}").get_json()["events"]) == 2
    assert send("GET", "/v1/events?type=post.done").status_code == 400
    assert send("GET", "/v1/events/evt_none").status_code == 404


# Every event that there is


def _post(send: Send, world: World, text: str = "hello", **more: Any) -> str:
    answer = send("POST", "/v1/posts", {"post": {"content": {"text": text, "platform": "x"}}, **more})
    assert answer.status_code == 201, answer.get_json()
    world.run_for(10)
    return answer.get_json()["postSubmissionId"]


def _later(world: World, **delta: float) -> str:
    return (world.clock.now() + timedelta(**delta)).isoformat().replace("+00:00", "Z")


def published(send: Send, world: World) -> None:
    _post(send, world)


def refused(send: Send, world: World) -> None:
    world.fail("x", "publish", "reject")
    _post(send, world)


def in_part(send: Send, world: World) -> None:
    world.fail("x", "publish", "reject")
    content = {"text": "both", "platform": ["x", {"platform": "instagram", "accountId": "ig_a"}]}
    content["imageUrls"] = ["https://example.com/photo.jpg"]
    assert send("POST", "/v1/posts", {"post": {"content": content}}).status_code == 201
    world.run_for(300)


def unknown(send: Send, world: World) -> str:
    # Nobody can look any more whether it is public.
    world.fail("x", "publish", "hang_after")
    answer = send("POST", "/v1/posts", {"post": {"content": {"text": "hello", "platform": "x"}}})
    world.run_for(1)
    signed_in = {"Authorization": "Bearer token-of-ada"}
    assert send("DELETE", "/v1/integrations/x/accounts/x_main", **signed_in).status_code == 200
    world.run_for(60)
    return answer.get_json()["postSubmissionId"]


def _token(world: World) -> str:
    return open_credentials(world.document("users/ada/credentials/x:x_main"), world.cipher).access_token


def resolved(send: Send, world: World) -> None:
    post_id = unknown(send, world)
    assert send("POST", f"/v1/posts/{post_id}/runs/x/resolve", {"published": True}).status_code == 200


def cancelled(send: Send, world: World) -> None:
    post_id = _post(send, world, scheduledTime=_later(world, hours=2))
    assert send("POST", f"/v1/posts/{post_id}/cancel").status_code == 200


def cancelled_draft(send: Send, world: World) -> None:
    assert send("POST", f"/v1/posts/{_post(send, world, draft=True)}/cancel").status_code == 200


def too_late(send: Send, world: World) -> None:
    world.tasks.enqueue = lambda task: None  # type: ignore[method-assign]
    _post(send, world, publishWithinSeconds=300)
    del world.tasks.enqueue
    world.clock.advance(600)
    world.run_for(180)


def warned(send: Send, world: World) -> None:
    content = {"text": "a picture", "platform": "x", "imageUrls": ["https://example.com/none.jpg"]}
    body = {"post": {"content": content}, "scheduledTime": _later(world, hours=2)}
    assert send("POST", "/v1/posts", body).status_code == 201
    world.run_for(600)


def account_gone(send: Send, world: World) -> None:
    world.tokens.declare_dead(AccountKey("ada", "x", "x_main"), _token(world))


def account_connected(send: Send, world: World) -> None:
    path = "/v1/integrations/threads"
    signed_in = {"Authorization": "Bearer token-of-ada"}
    began = send("POST", f"{path}/connect", **signed_in).get_json()
    given = world.consent(began["authorizationUrl"], "threads_main")
    body = {"code": given["code"], "state": given["state"]}
    assert send("POST", f"{path}/complete", body, **signed_in).status_code == 200


def account_expiring(send: Send, world: World) -> None:
    credentials = replace(credentials_of(SandboxAccount("linkedin", "l_main")), refresh_token=None)
    lives = replace(credentials, issued_at=world.clock.now(), expires_at=world.clock.now() + timedelta(days=60))
    to = {"cipher": world.cipher, "documents": world.documents, "clock": world.clock}
    connect_account("ada", "linkedin", "l_main", lives, **to)
    world.run_for(55 * 24 * 3600, tick=12 * 3600)


def job_done(send: Send, world: World) -> None:
    assert send("POST", "/v1/jobs", DRAWING).status_code == 202
    world.run_for(10)


def job_failed(send: Send, world: World) -> None:
    body = {"type": "media", "input": {"url": "https://example.com/none.jpg"}}
    assert send("POST", "/v1/jobs", body).status_code == 202
    world.run_for(3600)


def job_expired(send: Send, world: World) -> None:
    world.tasks.enqueue = lambda task: None  # type: ignore[method-assign]
    assert send("POST", "/v1/jobs", DRAWING, **{"Cancel-After": "5s"}).status_code == 202
    del world.tasks.enqueue
    world.run_for(3600)


def job_cancelled(send: Send, world: World) -> None:
    job_id = send("POST", "/v1/jobs", DRAWING).get_json()["id"]
    assert send("DELETE", f"/v1/jobs/{job_id}").status_code == 200


def spend(send: Send, world: World, amount: int) -> None:
    grant("ada", 12, "first", documents=world.documents, clock=world.clock)
    media = send("POST", "/v1/media", {"url": SOUND}).get_json()["id"]
    world.documents.commit(Update(f"media/{media}", {"durationSeconds": 60.0 * amount}))
    assert send("POST", "/v1/ai/transcribe", {"mediaId": media}).status_code == 200


def low(send: Send, world: World) -> None:
    spend(send, world, 11)


def depleted(send: Send, world: World) -> None:
    spend(send, world, 12)


def enough(send: Send, world: World) -> None:
    spend(send, world, 10)


def webhook_gone(send: Send, world: World) -> None:
    gone = register(send, url="https://gone.test/hook", events=["credits.low"])
    world.receivers.always["https://gone.test/hook"] = 410
    assert send("POST", f"/v1/webhooks/{gone['id']}/ping").status_code == 202
    world.run_for(5)


HAPPENINGS: Sequence[tuple[Callable[[Send, World], Any], list[tuple[str, str]]]] = [
    (published, [("run.succeeded", "succeeded"), ("post.completed", "published")]),
    (refused, [("run.failed", "failed"), ("post.failed", "failed")]),
    (in_part, [("run.failed", "failed"), ("run.succeeded", "succeeded"), ("post.partial", "partial")]),
    (unknown, [("run.failed", "failed"), ("post.needs_check", "needs_check")]),
    (
        resolved,
        [
            ("run.failed", "failed"),
            ("post.needs_check", "needs_check"),
            ("run.succeeded", "succeeded"),
            ("post.completed", "published"),
        ],
    ),
    (cancelled, [("post.cancelled", "cancelled")]),
    (cancelled_draft, [("post.cancelled", "cancelled")]),
    (too_late, [("run.failed", "failed"), ("post.missed", "missed")]),
    (warned, [("post.warning", "scheduled")]),
    (account_gone, [("account.needs_reauth", "needs_reauth")]),
    (account_connected, [("account.connected", "connected")]),
    (account_expiring, [("account.expiring", "expiring")]),
    (job_done, [("job.succeeded", "succeeded")]),
    (job_failed, [("job.failed", "failed")]),
    (job_expired, [("job.failed", "expired")]),
    (job_cancelled, [("job.cancelled", "cancelled")]),
    (low, [("credits.low", "low"), ("job.succeeded", "succeeded")]),
    (depleted, [("credits.depleted", "depleted"), ("job.succeeded", "succeeded")]),
    (enough, [("job.succeeded", "succeeded")]),
    (webhook_gone, [("webhook.disabled", "disabled")]),
]


@pytest.mark.parametrize(("happen", "events"), HAPPENINGS, ids=[one[0].__name__ for one in HAPPENINGS])
def test_each_thing_that_happens_is_told_once(
    send: Send, world: World, happen: Callable[[Send, World], Any], events: list[tuple[str, str]]
) -> None:
    register(send)
    happen(send, world)
    world.run_for(180)
    got = [(event["type"], event["data"]["state"]) for event in told(world) if event["type"] not in ("ping",)]
    spent = [one for one in got if one[0] == "job.succeeded"] if happen in (low, depleted, enough) else []
    # The file that is transcribed was had by a job as well.
    expected = [*events, *(("job.succeeded", "succeeded") for _ in spent[1:])]
    assert sorted(got) == sorted(expected)
    listed = send("GET", "/v1/events?limit=50").get_json()["events"]
    assert sorted(event["id"] for event in listed) == sorted({event["id"] for event in told(world)})


def test_every_type_of_event_has_happened_here() -> None:
    assert {kind for _, events in HAPPENINGS for kind, _ in events} == set(EVENT_TYPES) == set(get_args(EventType))
