"""Reads at one time: all their answers in order, or the error of one of them."""

import threading

import pytest

from shared.core.together import one_by_one, together


@pytest.mark.parametrize("way", [together, one_by_one])
def test_answers_come_in_order(way: object) -> None:
    assert callable(way)
    assert list(way(lambda: 1, lambda: 2, lambda: 3)) == [1, 2, 3]
    with pytest.raises(ValueError, match="second"):
        way(lambda: 1, lambda: int("second"))


def test_they_are_under_way_at_one_time() -> None:
    """Each waits for the other: one after the other, neither would end."""
    here, there = threading.Event(), threading.Event()

    def meet(mine: threading.Event, others: threading.Event) -> bool:
        mine.set()
        return others.wait(5)

    assert list(together(lambda: meet(here, there), lambda: meet(there, here))) == [True, True]
