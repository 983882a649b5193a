"""Every kind of post of every platform, its workers killed or their answers lost at calls chosen by a seed: published once. So are
posts whose platforms fail at other steps than the public call; and the API is killed while accounts are connected and disconnected.

All calls, all faults, all kinds: `make faults-stack`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from tests.conftest import LocalStack
from tests.faults.connections import STEPS, Connections
from tests.faults.disturbances import AGAIN, disturb, disturbances, ended
from tests.faults.kills import KINDS, Range, Shot, sampled

SEED = 20261125
# Each kill costs the restart of a process.
POINTS_OF_EACH_KIND = 2


@pytest.fixture(scope="module")
def shooting(stack: LocalStack) -> Range:
    """One post per kill, made one after the other; they recover while others are struck, and what comes next is tried."""
    range_ = Range.on(stack)
    points = [point for point in range_.points(list(KINDS)) if point.honest != "slow"]
    for point in sampled(points, POINTS_OF_EACH_KIND, SEED):
        range_.strike(point)
    return range_


def test_every_kind_was_struck(shooting: Range) -> None:
    assert {shot.point.kind for shot in shooting.shots if shot.struck} == set(KINDS)
    assert sum(shot.struck for shot in shooting.shots) >= 0.9 * len(shooting.shots)


@dataclass
class Disturbed:
    range_: Range
    shots: Sequence[Shot]


@pytest.fixture(scope="module")
def disturbed(stack: LocalStack, shooting: Range) -> Disturbed:
    """Posts, no longer shot at, whose platforms fail at other steps than the public call; some take minutes to be seen through."""
    assert shooting.shots
    range_ = Range.on(stack)
    found = disturbances(range_, ["x", "threads-image", "linkedin"])
    points = sampled([point for point in found if point.function != AGAIN], 4, SEED)
    points += [point for point in found if point.function == AGAIN and point.way in ("reject", "unauthorized")]
    return Disturbed(range_, disturb(range_, points))


@pytest.mark.usefixtures("disturbed")
def test_accounts_are_connected_and_disconnected_though_the_api_dies(stack: LocalStack) -> None:
    connections = Connections.on(stack)
    for point in sampled(connections.points(["x", "instagram", "linkedin"]), 2, SEED):
        connections.strike(point)
    connections.publish()
    assert connections.wrong == []
    assert set(connections.struck) == set(STEPS)


def test_every_post_is_published_once(shooting: Range) -> None:
    shooting.await_all()
    wrong: list[str] = []
    for shot in shooting.shots:
        wrong += _verified(shooting, shot)
    assert wrong == []


def test_platforms_that_fail_at_any_step_get_every_post_once(disturbed: Disturbed) -> None:
    shots = ended(disturbed.range_, disturbed.shots)
    wrong: list[str] = []
    for shot in shots:
        wrong += _verified(disturbed.range_, shot)
    assert wrong == []
    assert sum(shot.struck for shot in shots) >= 0.9 * len(shots) > 0


def _verified(shooting: Range, shot: Shot) -> list[str]:
    try:
        shooting.verify(shot)
    except AssertionError as error:
        return [str(error)]
    return []
