"""A user's windows across instances, and strangers': never one too many, little lost, few operations."""

import ipaddress
import random
import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from shared.documents.document import Document, Documents, Query, Unavailable, Version, Write
from shared.documents.reliable import ReliableDocuments
from shared.rate_limits.strangers import Strangers
from shared.rate_limits.tiers import DEFAULT, PREMIUM, Allowance
from shared.rate_limits.users import Decision, Read, UserLimits, limits_path
from shared.rate_limits.window import block_size
from tests.bench.costs import costs_of_windows
from tests.fakes.clock import StandingClock
from tests.fakes.documents import MemoryDocuments

POSTS = Allowance("POST /v1/posts", 30)


class Shared:
    """One database for several instances on threads of their own: slow, if asked to be, and losing the answers of some commits."""

    def __init__(self, memory: MemoryDocuments, *, pause: float = 0.0, lost: float = 0.0) -> None:
        self._memory = memory
        self._lock = threading.Lock()
        self._pause = pause
        self._lost = lost
        self._random = random.Random(1)

    def get(self, *paths: str) -> list[Document | None]:
        self._wait()
        with self._lock:
            return self._memory.get(*paths)

    def commit(self, *writes: Write) -> Version:
        self._wait()
        with self._lock:
            version = self._memory.commit(*writes)
            if self._random.random() < self._lost:
                raise Unavailable
            return version

    def query(self, query: Query) -> list[Document]:
        raise NotImplementedError

    def _wait(self) -> None:
        if self._pause:
            time.sleep(self._random.uniform(0, self._pause))


def instance(documents: Documents, clock: StandingClock) -> UserLimits:
    return UserLimits(ReliableDocuments(documents, sleep=lambda _: None), clock)


def ask(limits: UserLimits, documents: Documents, endpoint: Allowance | None = None, uid: str = "ada") -> Decision:
    """As admission does: the document is read along with the user if a block is short."""
    path = limits.path_to_read(uid, endpoint.name if endpoint else None)
    read = Read(documents.get(path)[0]) if path else None
    return limits.take(uid, PREMIUM, endpoint, read, "key")


@pytest.mark.parametrize(("pause", "lost"), [(0.0, 0.0), (0.01, 0.0), (0.002, 0.1)])
def test_a_thousand_at_once_over_four_instances_get_exactly_what_the_windows_admit(pause: float, lost: float) -> None:
    clock, memory = StandingClock(), MemoryDocuments()
    shared = Shared(memory, pause=pause, lost=lost)
    instances = [instance(shared, clock) for _ in range(4)]
    refused: list[str | None] = []

    def many(limits: UserLimits) -> None:
        for _ in range(50):
            decision = ask(limits, shared, POSTS)
            refused.append(decision.refused.name if decision.refused else None)

    threads = [threading.Thread(target=many, args=(limits,)) for limits in instances for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1000
    assert memory.contents[limits_path("ada")][0]["leased"] == {"premium": 200, "POST /v1/posts": 30}
    if lost:
        # A block whose commit's answer was lost is its instance's only if nobody has written since.
        assert refused.count("premium") >= 800
        assert refused.count(None) <= 30
    else:
        assert refused.count("premium") == 800
        assert refused.count("POST /v1/posts") == 170
        assert refused.count(None) == 30


@pytest.mark.parametrize("seed", range(20))
def test_two_hundred_spread_over_four_instances_lose_few_to_blocks(seed: int) -> None:
    clock, memory = StandingClock(), MemoryDocuments()
    instances = [instance(memory, clock) for _ in range(4)]
    chooser = random.Random(seed)
    order = [limits for limits in instances for _ in range(50)]
    chooser.shuffle(order)
    admitted = sum(ask(limits, memory).refused is None for limits in order)
    assert 180 <= admitted <= 200


@pytest.mark.parametrize("requests", [50, 100, 150])
@pytest.mark.parametrize(("processes", "most"), [(1, 0.2), (4, 0.5)])
def test_what_the_windows_cost(requests: int, processes: int, most: float) -> None:
    """In document operations a request, the window's first included."""
    assert costs_of_windows(requests, processes) <= most


def test_refusals_cost_nothing_once_the_window_is_spent() -> None:
    clock, memory = StandingClock(), MemoryDocuments()
    limits = instance(memory, clock)
    while ask(limits, memory).refused is None:
        pass
    before = memory.counts.rpcs
    assert all(ask(limits, memory).refused is PREMIUM for _ in range(100))
    assert memory.counts.rpcs == before


def test_an_instance_with_an_empty_block_asks_before_it_refuses() -> None:
    clock, memory = StandingClock(), MemoryDocuments()
    first, second = instance(memory, clock), instance(memory, clock)
    while ask(first, memory).refused is None:
        pass
    assert ask(second, memory).refused is PREMIUM
    clock.advance(60)
    assert ask(second, memory).refused is None
    assert ask(first, memory).refused is None


def test_an_endpoint_that_is_spent_leaves_the_tier_to_others() -> None:
    clock, memory = StandingClock(), MemoryDocuments()
    limits = instance(memory, clock)
    decisions = [ask(limits, memory, POSTS) for _ in range(40)]
    assert [decision.refused for decision in decisions] == [None] * 30 + [POSTS] * 10
    assert [decision.is_first for decision in decisions] == [True] * 31 + [False] * 9
    assert (decisions[0].shown.limit, decisions[0].shown.remaining) == (30, 29)
    assert (decisions[-1].shown.limit, decisions[-1].shown.remaining, decisions[-1].shown.tier) == (30, 0, "premium")
    other = ask(limits, memory)
    assert other.refused is None
    assert (other.shown.limit, other.shown.remaining) == (100, 59)


def test_remaining_is_without_the_burst() -> None:
    clock, memory = StandingClock(), MemoryDocuments()
    limits = instance(memory, clock)
    shown = [ask(limits, memory).shown for _ in range(120)]
    assert [one.remaining for one in shown] == [*range(99, -1, -1), *[0] * 20]
    assert shown[0].resets_at == clock.now() + timedelta(minutes=1)


def test_a_clock_behind_stays_in_the_window_that_the_document_has_seen() -> None:
    ahead, behind, memory = StandingClock(), StandingClock(), MemoryDocuments()
    behind.advance(-5)
    early, late = instance(memory, ahead), instance(memory, behind)
    answers = [ask(limits, memory).refused for _ in range(150) for limits in (early, late)]
    assert answers.count(None) == 200


class Broken:
    def __init__(self, memory: MemoryDocuments) -> None:
        self.memory = memory
        self.is_broken = True
        self.asked = 0

    def get(self, *paths: str) -> list[Document | None]:
        self.asked += 1
        if self.is_broken:
            raise RuntimeError("down")
        return self.memory.get(*paths)

    def commit(self, *writes: Write) -> Version:
        if self.is_broken:
            raise RuntimeError("down")
        return self.memory.commit(*writes)

    def query(self, query: Query) -> list[Document]:
        raise NotImplementedError


def test_a_limiter_that_fails_lets_through_at_a_quarter_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    clock, broken = StandingClock(), Broken(MemoryDocuments())
    limits = UserLimits(broken, clock)
    answers = [limits.take("ada", PREMIUM, POSTS, None, "key").refused for _ in range(40)]
    assert answers.count(None) == 7
    assert [record.message for record in caplog.records] == ["limiter.unavailable"]
    # It is asked once in ten seconds, not by each request.
    assert broken.asked == 1
    clock.advance(10)
    broken.is_broken = False
    assert limits.take("ada", PREMIUM, POSTS, None, "key").refused is None


def test_a_document_that_was_deleted_is_made_again() -> None:
    clock, memory = StandingClock(), MemoryDocuments()
    limits = instance(memory, clock)
    assert ask(limits, memory).refused is None
    del memory.contents[limits_path("ada")]
    assert all(ask(limits, memory).refused is None for _ in range(30))


@pytest.mark.parametrize(
    ("left", "before", "size"),
    [(200, 0, 2), (198, 1, 5), (193, 2, 10), (183, 3, 20), (163, 4, 20), (163, 9, 20), (40, 9, 5), (7, 0, 1), (1, 0, 1), (0, 0, 0)],
)
def test_blocks_grow_and_shrink(left: int, before: int, size: int) -> None:
    assert block_size(left, before) == size


def test_strangers_are_counted_by_address() -> None:
    strangers = Strangers(StandingClock())
    answers = [strangers.take("203.0.113.7") for _ in range(40)]
    assert [admitted for _, admitted in answers] == [True] * 35 + [False] * 5
    assert answers[0][0].remaining == 24
    assert strangers.is_spent("203.0.113.7")
    assert not strangers.is_spent("203.0.113.8")


def test_one_ipv6_network_is_one_stranger() -> None:
    strangers = Strangers(StandingClock())
    for number in range(DEFAULT.admits):
        assert strangers.take(f"2001:db8::{number + 1:x}")[1]
    assert not strangers.take("2001:db8::ffff")[1]
    assert strangers.take("2001:db8:0:1::1")[1]


def test_strangers_are_forgotten_in_time_and_number(monkeypatch: pytest.MonkeyPatch) -> None:
    import shared.rate_limits.strangers as module

    monkeypatch.setattr(module, "MAX_REMEMBERED", 10)
    clock = StandingClock()
    strangers = Strangers(clock)
    for number in range(100):
        strangers.take(f"203.0.113.{number}")
        strangers.was_valid(str(number))
    remembered: Any = vars(strangers)
    assert max(len(remembered["_counts"]), len(remembered["_valid"])) <= 10
    assert strangers.trusts("99")
    clock.advance(301)
    assert not strangers.trusts("99")


def test_addresses_of_the_operators_own_have_their_tier() -> None:
    strangers = Strangers(StandingClock(), [ipaddress.ip_network("203.0.113.0/24")])
    assert strangers.take("203.0.113.9")[0].tier == "admin"
    assert strangers.take("198.51.100.1")[0].tier == "default"
    assert strangers.take("unknown")[0].tier == "default"
