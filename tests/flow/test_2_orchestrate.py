"""Step 2: the orchestrator makes one run per target, however its task arrives and whenever it dies."""

import pytest
import requests

from tests.conftest import LocalStack
from tests.flow.conftest import Customer, new_customer, until

BOTH = {"platform": ["x", "instagram"], "imageUrls": ["https://example.com/photo.jpg"]}


def published_once(customer: Customer, submission_id: str) -> bool:
    counts = customer.completed(submission_id)["runCounts"]
    texts = [
        entry["text"] for account in (customer.account("x"), customer.account("instagram")) for entry in customer.ledger(account)
    ]
    return counts["succeeded"] == counts["total"] == len(texts)


MISHAPS = [(queue, kind) for queue in ("orchestrate", "publish-x") for kind in ("duplicate", "late", "lost")]


@pytest.fixture(scope="module")
def mishaps(stack: LocalStack) -> tuple[Customer, dict[tuple[str, str], str]]:
    """A post per mishap; they recover while the other tests of this file run."""
    customer = new_customer(stack)
    submissions: dict[tuple[str, str], str] = {}
    for queue, kind in MISHAPS:
        mischief = [{"queue": queue, "kind": kind, "times": 1, "seconds": 4}]
        requests.put(f"{stack.tasksUrl}/_deliveries", json=mischief, timeout=10).raise_for_status()
        submissions[queue, kind] = customer.accepted({"text": f"{queue} {kind}"})
        until(lambda: all(not queue["mischief"] for queue in requests.get(f"{stack.tasksUrl}/_deliveries", timeout=10).json()))
    return customer, submissions


def test_every_mishap_happens(mishaps: tuple[Customer, dict[tuple[str, str], str]]) -> None:
    assert list(mishaps[1]) == MISHAPS


@pytest.mark.parametrize(
    ("call", "nth", "when"),
    [
        ("documents.get", 1, "before"),
        ("documents.commit", 1, "before"),
        ("documents.commit", 1, "after"),
        ("documents.commit", 1, "lost"),
        ("documents.commit", 2, "before"),
        ("documents.commit", 2, "after"),
        ("documents.commit", 2, "lost"),
        ("tasks.enqueue", 1, "before"),
        ("tasks.enqueue", 1, "after"),
        ("tasks.enqueue", 2, "before"),
        ("tasks.enqueue", 2, "after"),
        ("documents.commit", 3, "before"),
        ("documents.commit", 3, "after"),
        ("documents.commit", 3, "lost"),
    ],
)
def test_an_orchestrator_killed_anywhere(customer: Customer, call: str, nth: int, when: str) -> None:
    customer.stack.plan_kill("orchestrator", call, nth, when)
    submission_id = customer.accepted({**BOTH, "text": f"{call} {nth} {when}"})
    assert published_once(customer, submission_id)
    # All may be published before the orchestrator gets to say that it has dispatched them.
    until(lambda: not (customer.stack.kill_plans / "orchestrator").exists())


def test_several_accounts_of_one_platform_have_a_run_each(customer: Customer) -> None:
    customer.stack.add_user(customer.uid, [("x", f"{customer.account('x')}-second")])
    targets = [{"platform": "x", "accountId": account} for account in (customer.account("x"), f"{customer.account('x')}-second")]
    submission_id = customer.accepted({"text": "to both", "platform": targets})
    assert customer.completed(submission_id)["runCounts"]["succeeded"] == 2
    for account in (customer.account("x"), f"{customer.account('x')}-second"):
        [entry] = customer.ledger(account)
        assert customer.run(submission_id, f"x:{account}")["platformPostUrl"] == entry["url"]


@pytest.mark.parametrize("mishap", MISHAPS, ids=" ".join)
def test_a_task_delivered_twice_late_or_never(
    mishaps: tuple[Customer, dict[tuple[str, str], str]], mishap: tuple[str, str]
) -> None:
    customer, submissions = mishaps
    assert customer.completed(submissions[mishap])["runCounts"]["succeeded"] == 1
    assert [entry["text"] for entry in customer.ledger()].count(" ".join(mishap)) == 1
