"""Uploads, transcripts and images while everything goes wrong: one result per request, charged once, nothing left behind."""

import logging
from collections.abc import Callable
from dataclasses import replace

import pytest

from shared.documents.document import Create, Update, Write
from tests.faults.ablation import Rewriting
from tests.faults.jobs import drawn_cheaply, history_of_jobs, reached


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    caplog.set_level(logging.CRITICAL)
    drawn_cheaply(monkeypatch)


@pytest.mark.parametrize("seed", range(12))
def test_jobs_survive_everything(seed: int) -> None:
    verdict = history_of_jobs(seed)
    assert verdict.harms == [], f"seed {seed}"
    assert sum(verdict.succeeded.values()) >= verdict.asked / 3


def test_these_histories_reach_everything() -> None:
    seen = reached([history_of_jobs(seed) for seed in range(100, 104)])
    assert {"media", "upload", "image", "transcript", "deletion", "job", "cancellation", "retry"} <= set(seen)
    assert {"insufficient_credits", "upload_failed", "job_cancelled", "already_finished"} <= set(seen)


def test_a_seed_replays_exactly() -> None:
    assert history_of_jobs(7) == history_of_jobs(7)


def _without(kind: type[Create] | type[Update], part: str) -> Callable[[Write], Write | None]:
    return lambda write: None if isinstance(write, kind) and part in write.path else write


def _unversioned(part: str) -> Callable[[Write], Write | None]:
    return lambda write: replace(write, if_version=None) if isinstance(write, Update) and part in write.path else write


@pytest.mark.parametrize(
    ("change", "harm"),
    [
        (_without(Create, "/idempotency/"), "done 2 times"),
        (_without(Create, "/mediaByHash/"), "stored twice"),
        (_without(Create, "/ledger/"), "the ledger's sum"),
        (_unversioned("/credits/current"), "the ledger's sum"),
        (_unversioned("jobs/"), "has a result or none"),
    ],
    ids=["records", "hashes", "ledger", "compare-and-set of the balance", "compare-and-set of jobs"],
)
def test_without_a_mechanism_these_histories_see_what_it_prevents(change: Callable[[Write], Write | None], harm: str) -> None:
    def seen(seed: int) -> bool:
        verdict = history_of_jobs(seed, granted=8, documents=lambda documents: Rewriting(documents, write=change))
        return any(harm in one for one in verdict.harms)

    assert any(seen(seed) for seed in range(60))
