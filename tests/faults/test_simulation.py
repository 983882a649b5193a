"""Thousands of posts while everything goes wrong: none twice, none lost, no verdict false. A seed that fails replays exactly."""

import pytest

from tests.faults.world import simulate


@pytest.mark.parametrize("seed", range(12))
def test_posts_survive_everything(seed: int) -> None:
    verdict = simulate(seed, posts=60, fault_rate=0.01, platform_fault_rate=0.02)
    assert verdict.is_clean, f"seed {seed}: {verdict}"
    assert verdict.runs >= 60


def test_a_seed_replays_exactly() -> None:
    first, again = (simulate(99, posts=15, fault_rate=0.02, platform_fault_rate=0.02) for _ in range(2))
    assert first == again


@pytest.mark.parametrize(("mechanism", "harm"), [("sweeper", "unfinished"), ("reconciliation", "duplicates")])
def test_without_a_mechanism_the_simulation_sees_what_it_prevents(mechanism: str, harm: str) -> None:
    verdict = simulate(7, posts=40, fault_rate=0.03, platform_fault_rate=0.03, without=mechanism)
    assert getattr(verdict, harm) > 0, verdict
