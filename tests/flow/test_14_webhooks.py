"""Webhooks on the real stack: signed, sent again, never lost with the worker that dies."""

from functools import partial
from typing import Any

import pytest
import requests
from standardwebhooks import Webhook

from shared.documents.document import Query
from tests.conftest import LocalStack
from tests.flow.conftest import Customer, until


def received(stack: LocalStack, name: str) -> list[Any]:
    answer = requests.get(f"{stack.sandboxUrl}/_webhooks/{name}", timeout=10)
    answer.raise_for_status()
    return answer.json()


def register(customer: Customer, name: str, *events: str, query: str = "") -> dict[str, Any]:
    body = {"url": f"{customer.stack.sandboxUrl}/_webhooks/{name}{query}", "events": list(events)}
    return ask(customer, "POST", "/v1/webhooks", body)


def ask(customer: Customer, method: str, path: str, body: Any = None) -> Any:
    headers = {"soku-api-key": customer.key}
    answer = requests.request(method, f"{customer.stack.apiUrl}{path}", json=body, headers=headers, timeout=60)
    assert answer.status_code < 300, answer.text
    return answer.json()


def deliveries(customer: Customer, webhook: dict[str, Any]) -> list[Any]:
    """Past the API, whose limits whoever looks all the time would meet."""
    found = customer.documents.query(Query(f"webhooks/{webhook['id']}/deliveries"))
    return [document.fields for document in found]


def tried(customer: Customer, webhook: dict[str, Any]) -> bool:
    return any(one["tries"] for one in deliveries(customer, webhook))


def test_what_is_not_taken_is_sent_again_and_any_library_verifies_it(customer: Customer) -> None:
    made = register(customer, "again", "post.completed", query="?status=503&times=1")
    post_id = customer.accepted({"text": "told twice"})
    until(lambda: len(received(customer.stack, "again")) == 2, lambda: str(received(customer.stack, "again")))
    first, second = received(customer.stack, "again")
    assert [first["answered"], second["answered"]] == [503, 200]
    assert first["headers"]["webhook-id"] == second["headers"]["webhook-id"]
    event = Webhook(made["secret"]).verify(second["body"], second["headers"])
    assert (event["type"], event["data"]["id"], event["data"]["state"]) == ("post.completed", post_id, "published")
    shown = requests.get(event["data"]["url"], headers={"soku-api-key": customer.key}, timeout=30).json()
    assert (shown["id"], shown["state"]) == (post_id, "published")
    path = f"/v1/webhooks/{made['id']}/deliveries/{event['id']}"
    until(lambda: [one["status"] for one in deliveries(customer, made)] == ["delivered"])
    assert [one["status"] for one in ask(customer, "GET", path)["attempts"]] == [503, 200]
    assert [one["id"] for one in ask(customer, "GET", "/v1/events")["events"]] == [event["id"]]


def test_an_endpoint_that_redirects_or_hangs_is_told_so(customer: Customer) -> None:
    moved = register(customer, "moved", "post.completed", query="?status=301&times=1")
    slow = register(customer, "slow", "post.completed", query="?seconds=12&times=1")
    customer.accepted({"text": "elsewhere"})
    said = {"moved": "redirects are not followed", "slow": "did not answer within 10 seconds"}
    for made, name in ((moved, "moved"), (slow, "slow")):
        until(partial(tried, customer, made))
        [delivery] = ask(customer, "GET", f"/v1/webhooks/{made['id']}/deliveries")["deliveries"]
        assert said[name] in delivery["attempts"][0]["error"]


@pytest.mark.parametrize(
    ("call", "nth", "when"),
    [
        ("documents.commit", 1, "before"),
        ("documents.commit", 1, "after"),
        ("documents.commit", 1, "lost"),
        ("tasks.enqueue", 1, "before"),
        ("sender.send", 1, "before"),
        ("sender.send", 1, "after"),
        ("documents.commit", 2, "before"),
        ("documents.commit", 2, "after"),
        ("documents.commit", 2, "lost"),
        ("documents.commit", 3, "before"),
        ("documents.commit", 3, "after"),
    ],
)
def test_a_worker_killed_anywhere_loses_nothing(customer: Customer, call: str, nth: int, when: str) -> None:
    name = f"{call}-{nth}-{when}".replace(".", "-")
    made = register(customer, name, "post.completed")
    customer.stack.plan_kill("webhooks", call, nth, when)
    post_id = customer.accepted({"text": name})
    until(lambda: received(customer.stack, name), lambda: str(customer.submission(post_id)))
    until(lambda: not (customer.stack.kill_plans / "webhooks").exists())
    until(lambda: [one["status"] for one in deliveries(customer, made)] == ["delivered"])
    heard = received(customer.stack, name)
    assert {one["headers"]["webhook-id"] for one in heard} == {
        event["id"] for event in ask(customer, "GET", "/v1/events")["events"]
    }
    assert len(heard) <= 2
    [event] = ask(customer, "GET", "/v1/events")["events"]
    assert event["data"]["id"] == post_id
