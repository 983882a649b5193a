"""Every kind of post of every platform, its workers killed or their answers lost at calls chosen by a seed, on
machines whose clocks differ: published once.

All calls, all kinds: `make faults-stack`.
"""

from collections.abc import Iterator

import pytest

from tests.conftest import LocalStack
from tests.faults.kills import KINDS, Range, sampled

SEED = 20261125
# Each kill costs the restart of a process.
POINTS_OF_EACH_KIND = 2


@pytest.fixture(scope="module", autouse=True)
def clocks(stack: LocalStack) -> Iterator[None]:
    """No two machines agree on the time, by four minutes at most."""
    with stack.skewed(api=-60, ingest=90, orchestrator=45, publisher=120, refresher=-31, sweeper=-120):
        yield


@pytest.fixture(scope="module")
def shooting(stack: LocalStack) -> Range:
    """One post per kill, made one after the other; they recover while others are struck."""
    range_ = Range.on(stack)
    points = [point for point in range_.points(list(KINDS)) if point.honest != "slow"]
    for point in sampled(points, POINTS_OF_EACH_KIND, SEED):
        range_.strike(point)
    return range_


def test_every_kind_was_struck(shooting: Range) -> None:
    assert {shot.point.kind for shot in shooting.shots if shot.struck} == set(KINDS)
    assert sum(shot.struck for shot in shooting.shots) >= 0.9 * len(shooting.shots)


def test_every_post_is_published_once(shooting: Range) -> None:
    shooting.await_all()
    assert [wrong for shot in shooting.shots for wrong in shooting.wrong_with(shot)] == []
