"""The first requests of an instance come all at once; what serves them is built once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.core.once import once

TOGETHER = 8


def test_all_who_come_together_get_the_same_one() -> None:
    built: list[object] = []
    come = threading.Barrier(TOGETHER)

    @once
    def build() -> object:
        # Whoever else would build, too, has the time to begin.
        threading.Event().wait(0.05)
        built.append(object())
        return built[-1]

    def ask(_: int) -> object:
        come.wait()
        return build()

    with ThreadPoolExecutor(TOGETHER) as pool:
        got = list(pool.map(ask, range(TOGETHER)))
    assert [id(one) for one in got] == [id(built[0])] * TOGETHER
    assert len(built) == 1


def test_one_that_could_not_be_built_is_tried_again() -> None:
    outcomes = iter([RuntimeError("not yet"), None])

    @once
    def build() -> str:
        if (failure := next(outcomes)) is not None:
            raise failure
        return "built"

    with pytest.raises(RuntimeError):
        build()
    assert (build(), build()) == ("built", "built")
