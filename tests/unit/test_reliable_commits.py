"""What happens to a commit whose answer is lost."""

from datetime import datetime

import pytest

from shared.documents.document import Conflict, Create, Documents, Increment, Merge, Unavailable, Update, Version, Write
from shared.documents.reliable import ReliableDocuments
from tests.fakes.clock import StandingClock
from tests.fakes.documents import MemoryDocuments


class LosingAnswers(MemoryDocuments):
    """Applies a commit, but does not say so, as many times as told; then may be silent altogether."""

    lost = 0
    silent = False

    def commit(self, *writes: Write) -> Version:
        if self.silent:
            raise Unavailable
        version = super().commit(*writes)
        if self.lost:
            self.lost -= 1
            raise Unavailable
        return version


@pytest.fixture
def losing() -> LosingAnswers:
    return LosingAnswers()


@pytest.fixture
def documents(losing: LosingAnswers) -> Documents:
    return ReliableDocuments(losing, sleep=lambda seconds: None)


def test_a_create_whose_answer_was_lost_succeeds_once(losing: LosingAnswers, documents: Documents) -> None:
    losing.lost = 1
    version = documents.commit(Create("a/1", {"n": 1}))
    [document] = documents.get("a/1")
    assert document is not None
    assert document.version == version


def test_an_increment_whose_answer_was_lost_is_applied_once(losing: LosingAnswers, documents: Documents) -> None:
    documents.commit(Create("a/1", {"n": 0}))
    losing.lost = 1
    documents.commit(Create("ledger/1", {}), Update("a/1", {"n": Increment(1)}))
    [document] = documents.get("a/1")
    assert document is not None
    assert document.fields["n"] == 1


def test_an_update_whose_answer_was_lost_gives_the_version_to_go_on_with(losing: LosingAnswers, documents: Documents) -> None:
    version = documents.commit(Create("a/1", {"n": 0}))
    losing.lost = 2
    version = documents.commit(Update("a/1", {"n": 1}, if_version=version))
    documents.commit(Update("a/1", {"n": 2}, if_version=version))
    [document] = documents.get("a/1")
    assert document is not None
    assert document.fields["n"] == 2


def test_a_lost_answer_to_somebody_elses_document_is_a_conflict(losing: LosingAnswers, documents: Documents) -> None:
    documents.commit(Create("a/1", {"n": 0}))
    losing.silent = True
    attempts = iter([False])

    def become_audible(seconds: float) -> None:
        losing.silent = next(attempts, False)

    with pytest.raises(Conflict):
        ReliableDocuments(losing, sleep=become_audible).commit(Create("a/1", {"n": 5}))


def test_silence_ends_as_unavailable_after_the_budget(losing: LosingAnswers) -> None:
    losing.silent = True
    clock = StandingClock()
    started = clock.now()
    documents = ReliableDocuments(losing, sleep=clock.advance, monotonic=lambda: clock.now().timestamp())
    with pytest.raises(Unavailable):
        documents.commit(Create("a/1", {}))
    assert 3 < (clock.now() - started).total_seconds() <= 8


def test_attempts_that_are_slow_to_fail_count_towards_the_budget(losing: LosingAnswers) -> None:
    clock = StandingClock()
    attempts: list[float] = []

    class Slow(MemoryDocuments):
        def commit(self, *writes: Write) -> Version:
            attempts.append(clock.now().timestamp())
            clock.advance(5)
            raise Unavailable

    documents = ReliableDocuments(Slow(), sleep=clock.advance, monotonic=lambda: clock.now().timestamp())
    with pytest.raises(Unavailable):
        documents.commit(Create("a/1", {}))
    assert len(attempts) == 2


def test_an_increment_without_a_guard_is_refused(documents: Documents) -> None:
    with pytest.raises(ValueError, match="lost answer"):
        documents.commit(Merge("a/1", {"n": Increment(1)}))


def test_the_twin_moves_versions_forward(losing: LosingAnswers, documents: Documents) -> None:
    first: datetime = documents.commit(Create("a/1", {}))
    assert documents.commit(Create("a/2", {})) > first
