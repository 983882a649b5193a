"""Whose time is it? Machines learn the database's from its answers, and what is compared across machines goes by that."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.core.clock import DatabaseClock
from shared.documents.document import Create, Update, Version, Write
from shared.documents.reliable import ReliableDocuments
from tests.fakes.clock import StandingClock
from tests.fakes.documents import MemoryDocuments
from tests.fakes.world import World

PHOTO, VIDEO = "https://example.com/photo.jpg", "https://example.com/video.mp4"
TRUE = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


@pytest.mark.parametrize("wrong", [-120, -31, -0.5, 0, 0.5, 31, 120])
def test_the_offset_is_learnt_from_one_answer(wrong: float) -> None:
    local = StandingClock(TRUE + seconds(wrong))
    clock = DatabaseClock(local)
    clock.observe(TRUE, sent=local.now())
    assert clock.now() == TRUE
    assert clock.offset == seconds(-wrong)


def test_a_slow_answer_says_less_and_moves_nothing_that_it_does_not_contradict() -> None:
    local = StandingClock(TRUE)
    clock = DatabaseClock(local)
    sent = local.now()
    local.advance(8)
    # Read half a second after it was asked for, or half a second before it arrived: both fit a clock that is right.
    clock.observe(TRUE + seconds(0.5), sent=sent)
    clock.observe(TRUE + seconds(7.5), sent=sent)
    assert clock.offset == timedelta(0)
    clock.observe(TRUE + seconds(20), sent=sent)
    assert clock.offset == seconds(12), "no more than the answer proves"


@pytest.mark.parametrize(("wrong", "told"), [(9, 0), (-9, 0), (11, 1), (-11, 1)])
def test_a_large_offset_is_told_once(wrong: float, told: int, caplog: pytest.LogCaptureFixture) -> None:
    local = StandingClock(TRUE + seconds(wrong))
    clock = DatabaseClock(local)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            clock.observe(local.now() - seconds(wrong), sent=local.now())
            local.advance(1)
    assert [record.getMessage() for record in caplog.records] == ["clock.skewed"] * told


def test_reads_queries_and_commits_all_tell_the_time() -> None:
    def fresh() -> tuple[MemoryDocuments, ReliableDocuments]:
        memory = MemoryDocuments(clock=StandingClock(TRUE))
        memory.commit(Create("a/1", {}))
        return memory, ReliableDocuments(memory, clock=DatabaseClock(StandingClock(TRUE + seconds(60))))

    calls: list[Callable[[ReliableDocuments], Any]] = [
        lambda documents: documents.get("a/1"),
        lambda documents: documents.get("a/none", "a/1"),
        lambda documents: documents.commit(Create("a/2", {})),
    ]
    for call in calls:
        _, documents = fresh()
        call(documents)
        assert abs(documents.clock.offset + seconds(60)) < seconds(0.01)


# Forwards it looks as if the database had taken long.
@pytest.mark.parametrize(("by", "why"), [(-20, "clock was set"), (20, "too slow")])
def test_a_worker_whose_clock_is_set_before_the_public_call_does_not_make_it(world: World, by: float, why: str) -> None:
    key = world.user(connect=["x:x_main"])
    submission = world.accepted(key, {"platform": ["x"], "text": "hello"})
    machine = off(world, 0)
    commit = world.memory.commit

    def set_meanwhile(*writes: Write) -> Version:
        if any(isinstance(write, Update) and write.fields.get("phase") == "intent" for write in writes):
            machine.by = by
        return commit(*writes)

    world.memory.commit = set_meanwhile  # type: ignore[method-assign]
    world.deliver_due()
    run = world.run(submission)
    assert not world.sandbox.ledger
    assert why in run["attempts"][-1]["message"]
    assert "intentAt" not in run
    world.memory.commit = commit  # type: ignore[method-assign]
    world.run_for(600)
    assert world.ledger() == ["hello"]


@pytest.mark.parametrize("ahead", [-120, -31, 31, 120])
@pytest.mark.parametrize(
    ("platform", "content"),
    [("x", {"imageUrls": [PHOTO]}), ("facebook", {"videoUrl": VIDEO}), ("facebook", {"imageUrls": [PHOTO]})],
)
def test_a_publisher_whose_clock_is_wrong_finds_what_it_published(ahead: float, platform: str, content: dict[str, Any]) -> None:
    world = World()
    off(world, ahead)
    key = world.user(connect=[f"{platform}:main"])
    world.fail(platform, "publish", "reset_after")
    submission = world.accepted(key, {"platform": [platform], "text": "hello", **content})
    world.run_for(2 * 3600)
    assert len(world.sandbox.ledger) == 1
    assert world.run(submission, platform)["status"] == "succeeded"


class Machine:
    """A machine's clock: `by` seconds off the true time."""

    offset = timedelta(0)

    def __init__(self, true: StandingClock, by: float) -> None:
        self._true, self.by = true, by

    def now(self) -> datetime:
        return self._true.now() + seconds(self.by)


def off(world: World, by: float) -> Machine:
    """The publisher's machine goes wrong by so many seconds."""
    machine = Machine(world.clock, by)
    world.documents.clock.local = machine
    world.replace_publishing(clock=world.documents.clock)
    return machine
