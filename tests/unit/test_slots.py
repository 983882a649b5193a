"""A weekly plan's moments: in order, each once, right when clocks are set."""

import itertools
from datetime import UTC, datetime, time

import pytest

from shared.posts.errors import NoFreeSlot
from shared.posts.slots import MAX_LOOKED_AT, Plan, Slot, Weekday, next_free, taken
from tests.fakes.clock import StandingClock
from tests.fakes.documents import MemoryDocuments


def plan(zone: str, *slots: tuple[Weekday, str]) -> Plan:
    return Plan(zone, tuple(Slot(day, time.fromisoformat(at)) for day, at in slots))


def moments(made: Plan, after: str, number: int) -> list[str]:
    found = itertools.islice(made.instants(datetime.fromisoformat(after).replace(tzinfo=UTC)), number)
    return [f"{instant:%Y-%m-%dT%H:%M}" for instant in found]


def test_a_week_has_its_slots_in_order_whatever_order_they_were_given_in() -> None:
    made = plan("UTC", ("friday", "08:00"), ("monday", "18:00"), ("monday", "09:00"))
    # A Thursday.
    assert moments(made, "2026-01-15T09:00", 4) == ["2026-01-16T08:00", "2026-01-19T09:00", "2026-01-19T18:00", "2026-01-23T08:00"]


def test_the_moment_itself_counts_and_an_earlier_one_does_not() -> None:
    made = plan("UTC", ("thursday", "09:00"))
    assert moments(made, "2026-01-15T09:00", 1) == ["2026-01-15T09:00"]
    assert moments(made, "2026-01-15T09:01", 1) == ["2026-01-22T09:00"]


def test_summer_time_keeps_the_clock_on_the_wall() -> None:
    made = plan("Europe/Berlin", ("saturday", "12:00"), ("sunday", "12:00"))
    assert moments(made, "2026-03-28T00:00", 2) == ["2026-03-28T11:00", "2026-03-29T10:00"]


@pytest.mark.parametrize(
    ("zone", "slot", "after", "moment"),
    [
        # 02:30 is skipped: it is 03:30 then.
        ("Europe/Berlin", ("sunday", "02:30"), "2026-03-28T12:00", "2026-03-29T01:30"),
        ("America/New_York", ("sunday", "02:00"), "2026-03-07T12:00", "2026-03-08T07:00"),
        # 02:30 comes twice: the first time.
        ("Europe/Berlin", ("sunday", "02:30"), "2026-10-24T12:00", "2026-10-25T00:30"),
        # Half an hour.
        ("Australia/Lord_Howe", ("sunday", "02:15"), "2026-10-03T00:00", "2026-10-03T15:45"),
        # At midnight.
        ("Africa/Cairo", ("friday", "00:10"), "2026-04-23T12:00", "2026-04-23T22:10"),
        # A day that was left out altogether: Samoa's 30 December 2011.
        ("Pacific/Apia", ("friday", "09:00"), "2011-12-29T12:00", "2011-12-30T19:00"),
    ],
)
def test_a_time_that_is_skipped_moves_forward_and_one_that_comes_twice_counts_once(
    zone: str, slot: tuple[Weekday, str], after: str, moment: str
) -> None:
    [first, second] = moments(plan(zone, slot), after, 2)
    assert first == moment
    assert (datetime.fromisoformat(second) - datetime.fromisoformat(first)).days >= 6


def test_two_slots_that_fall_on_one_moment_are_one() -> None:
    made = plan("Europe/Berlin", ("sunday", "02:30"), ("sunday", "03:30"))
    assert moments(made, "2026-03-28T12:00", 2) == ["2026-03-29T01:30", "2026-04-05T00:30"]


def test_what_is_taken_is_passed_over_and_a_full_plan_says_so() -> None:
    clock = StandingClock()
    documents, made = MemoryDocuments(clock=clock), plan("UTC", ("thursday", "09:00"))
    first, second, *rest = itertools.islice(made.instants(clock.now()), 150)
    documents.commit(taken("ada", second, "other"), taken("ada", first, "another"))
    assert next_free("ada", made, documents, clock.now(), number=2) == rest[:2]
    documents.commit(*(taken("ada", instant, "others") for instant in rest))
    with pytest.raises(NoFreeSlot, match=f"next {MAX_LOOKED_AT} slots"):
        next_free("ada", made, documents, clock.now())


@pytest.mark.parametrize("made", [None, Plan("UTC", ())])
def test_without_a_plan_there_is_no_slot(made: Plan | None) -> None:
    with pytest.raises(NoFreeSlot, match="PUT /v1/queue"):
        next_free("ada", made, MemoryDocuments(clock=StandingClock()), StandingClock().now())
