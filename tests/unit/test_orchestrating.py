"""Who may not publish any more when a post is due: it ends at once, provably unpublished, and nothing of it is left to do."""

from datetime import timedelta
from typing import Any

import pytest

from functions.orchestrator import main as orchestrator
from shared.documents.document import Delete, Update
from tests.fakes.world import World

TWO = {"platform": ["x", "instagram"], "text": "two", "imageUrls": ["https://example.com/photo.jpg"]}


@pytest.fixture
def key(world: World) -> str:
    return world.user(connect=["x:x_main", "instagram:ig_main"])


def scheduled(world: World, key: str) -> str:
    """A post whose files are copied."""
    submission = world.accepted(key, TWO, scheduledTime=(world.clock.now() + timedelta(hours=1)).isoformat())
    world.deliver_due()
    return submission


DISABLED, DELETED = Update("users/ada", {"disabled": True}), Delete("users/ada")
LAPSED = Update("users/ada", {"subscription": {"status": "canceled", "currentPeriodEnd": None}})


@pytest.mark.parametrize(
    ("change", "code"), [(DISABLED, "user_disabled"), (DELETED, "user_disabled"), (LAPSED, "subscription_inactive")]
)
def test_what_was_scheduled_ends_unpublished(world: World, key: str, change: Any, code: str) -> None:
    submission = scheduled(world, key)
    world.documents.commit(change)
    world.run_for(2 * 3600)
    assert not world.sandbox.ledger
    fields = world.submission(submission)
    assert (fields["status"], fields["completedAt"] is not None, "sweepAt" in fields) == ("dispatched", True, False)
    assert fields["runCounts"] == {"total": 2, "succeeded": 0, "failed": 2, "outcomeUnknown": 0}
    for name in ("x", "instagram"):
        run = world.run(submission, name)
        assert (run["status"], run["phase"], run["error"]["code"]) == ("failed", "done", code)
        assert run["error"]["remediation"]
        assert "sweepAt" not in run
    assert world.paths("users/ada/idempotency/") == [], "the same again is a new try"


def test_it_takes_one_read_and_one_commit_and_no_task(world: World, key: str) -> None:
    submission = scheduled(world, key)
    world.documents.commit(DISABLED)
    world.clock.advance(3600)
    world.tasks.clear()
    before = world.memory.counts.rpcs
    world.invoke("orchestrator", {"postSubmissionId": submission, "uid": "ada"})
    # Submission with user, the derived key's record, the user whose copies count no more, and the commit.
    assert world.memory.counts.rpcs - before == 4
    assert world.tasks.take() is None


@pytest.mark.parametrize(("ends_in_hours", "published"), [(0.5, 0), (1.5, 2)])
def test_a_subscription_counts_as_it_was_when_the_post_was_due(
    world: World, key: str, ends_in_hours: float, published: int
) -> None:
    """An outage of ours from before the time until long after."""
    end = world.clock.now() + timedelta(hours=ends_in_hours)
    world.documents.commit(Update("users/ada", {"subscription": {"status": "active", "currentPeriodEnd": end}}))
    scheduled(world, key)
    world.clock.advance(5 * 3600)
    world.run_for(600)
    assert len(world.sandbox.ledger) == published


def test_a_task_of_an_older_version_names_no_user(world: World, key: str) -> None:
    submission = scheduled(world, key)
    world.documents.commit(DISABLED)
    world.clock.advance(3600)
    orchestrator.handle({"postSubmissionId": submission}, world)  # type: ignore[arg-type]
    assert world.submission(submission)["completedAt"] is not None


def test_what_has_begun_goes_on(world: World, key: str) -> None:
    submission = world.accepted(key, TWO)
    world.documents.commit(Update(f"postSubmissions/{submission}", {"status": "orchestrating"}), DISABLED)
    world.run_for(600)
    assert len(world.sandbox.ledger) == 2
