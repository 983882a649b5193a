"""Uploads, images and transcripts on the real stack, their workers killed or their answers lost at calls chosen by a seed: one
result for each, charged once.

All calls, all kinds: `make faults-stack ARGS="--what jobs"`.
"""

import pytest

from tests.conftest import LocalStack
from tests.faults.job_kills import FUNCTIONS, JobRange, wrong_with
from tests.faults.kills import sampled

SEED = 20261127
POINTS_OF_EACH_KIND = 2


@pytest.fixture(scope="module")
def shooting(stack: LocalStack) -> JobRange:
    """One request per kill, made one after the other; they recover while others are struck."""
    range_ = JobRange(stack)
    for point in sampled(range_.points(), POINTS_OF_EACH_KIND, SEED):
        range_.strike(point)
    return range_


def test_every_function_was_struck(shooting: JobRange) -> None:
    struck = {shot.point.group for shot in shooting.shots if shot.struck}
    assert struck == {(kind, function) for kind, functions in FUNCTIONS.items() for function in functions}
    missed = [str(shot.point) for shot in shooting.shots if not shot.struck]
    assert len(missed) <= 0.1 * len(shooting.shots), missed


def test_each_has_one_result_and_is_charged_once(shooting: JobRange) -> None:
    shooting.await_all()
    assert [wrong for shot in shooting.shots for wrong in wrong_with(shooting.stack, shot)] == []
