"""Posts whose platforms fail at other steps than the public call are published once, or truly refused; and the API is killed while
accounts are connected and disconnected.

All steps, all faults, all platforms: `make faults-stack`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from tests.conftest import LocalStack
from tests.faults.connections import STEPS, Connections
from tests.faults.disturbances import AGAIN, disturb, disturbances, ended
from tests.faults.kills import Range, Shot, sampled

SEED = 20261125
KINDS = ["x", "threads-image", "linkedin"]


@dataclass
class Disturbed:
    range_: Range
    shots: Sequence[Shot]


@pytest.fixture(scope="module")
def disturbed(stack: LocalStack) -> Disturbed:
    """They are sent before the accounts are struck, as some take minutes to be seen through, and looked at last."""
    range_ = Range.on(stack)
    found = disturbances(range_, KINDS)
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


def test_platforms_that_fail_at_any_step_get_every_post_once(disturbed: Disturbed) -> None:
    shots = ended(disturbed.range_, disturbed.shots)
    assert [wrong for shot in shots for wrong in disturbed.range_.wrong_with(shot)] == []
    assert sum(shot.struck for shot in shots) >= 0.9 * len(shots) > 0
