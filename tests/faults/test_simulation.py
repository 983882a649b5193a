"""Everything goes wrong, by chance: no post twice, none lost, no verdict false. A seed that fails replays exactly."""

import logging

import pytest

from tests.faults.ablation import ABLATIONS, Ablation
from tests.faults.check import Verdict
from tests.faults.simulation import Options, simulate


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    """What goes wrong here is meant to."""
    caplog.set_level(logging.CRITICAL)


@pytest.mark.parametrize("seed", range(12))
def test_posts_survive_everything(seed: int) -> None:
    verdict = simulate(seed, Options(publications=200, fault_rate=0.02, platform_rate=0.05))
    assert verdict.is_clean, f"seed {seed}: {verdict}"
    # Now and then a post's time comes before it is accepted, and it is refused.
    assert verdict.runs >= 190
    assert verdict.reauth <= 0.25 * verdict.runs, "accounts die of refusals and lost answers, and people connect them again"


def test_posts_end_truly_though_their_platform_is_down_for_a_day() -> None:
    options = Options(publications=100, fault_rate=0.02, platform_rate=0.05, outage=True)
    given_up = 0
    for seed in range(12):
        verdict = simulate(seed, options)
        assert verdict.is_clean, f"seed {seed}: {verdict}"
        given_up += verdict.late + verdict.unknown_late
        if given_up and seed >= 3:
            return
    raise AssertionError("nothing had to be given up")


def test_automations_are_in_these_histories() -> None:
    verdict = simulate(1, Options(publications=100, fault_rate=0.02, platform_rate=0.05, platforms=("x", "linkedin")))
    assert verdict.is_clean, verdict
    assert verdict.automated >= 5


def test_cancellations_are_in_these_histories() -> None:
    verdict = simulate(2, Options(publications=100, fault_rate=0.02, platform_rate=0.05, cancelled=0.5))
    assert verdict.is_clean, verdict
    assert verdict.cancelled >= 5


def test_drafts_slots_retries_verdicts_and_missed_posts_are_in_these_histories() -> None:
    options = Options(publications=100, fault_rate=0.02, platform_rate=0.05, second_tries=1.0)
    total = Verdict()
    for seed in range(12):
        verdict = simulate(seed, options)
        assert verdict.is_clean, f"seed {seed}: {verdict}"
        total += verdict
        if seed >= 3 and min(total.retried, total.resolved, total.missed, total.drafted, total.slots) > 0:
            return
    raise AssertionError(total)


def test_a_seed_replays_exactly() -> None:
    options = Options(publications=100, fault_rate=0.02, platform_rate=0.05)
    first, again = (simulate(99, options) for _ in range(2))
    assert first == again


@pytest.mark.parametrize("ablation", [a for a in ABLATIONS if a.harm], ids=lambda ablation: ablation.mechanism)
def test_without_a_mechanism_the_simulation_sees_what_it_prevents(ablation: Ablation) -> None:
    def seen(seed: int) -> int:
        options = Options(150, 0.02, 0.05, without=ablation, platforms=ablation.platforms, listing_lag_seconds=90.0)
        return getattr(simulate(seed, options), ablation.harm)

    assert any(seen(seed) for seed in range(1, 31))


def test_tokens_are_renewed_in_these_histories_and_seldom_lost() -> None:
    verdict = simulate(5, Options(300, 0.001, 0.0, platforms=("x", "snapchat"), token_minutes=10, change_of_mind=0))
    assert verdict.is_clean, verdict
    assert verdict.reauth <= 3
