"""The outside world as it is when everything goes wrong: calls take their time, processes die before or after them, answers are
lost, commits arrive after whoever sent them has given up.
"""

import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.core.clock import Clock, DatabaseClock
from shared.core.errors import SokuError
from shared.documents.document import Conflict, Documents, Unavailable
from shared.http.client import NoAnswer, NotSent
from shared.media.fetch import FetchFailed
from shared.media.storage import StorageUnavailable
from shared.rate_limits.tiers import Allowance
from shared.rate_limits.users import Decision, Read, UserLimits
from shared.tasks.task import NotEnqueued
from shared.transcription.transcribe import ProviderBusy
from tests.faults.scheduler import Killed, Process, Scheduler

# How long calls take, in seconds: as a rule, and now and then. What takes longer than the callers' own limits gets no answer.
LATENCIES = {
    "documents": (0.005, 0.05, 4.0),
    "tasks": (0.01, 0.05, 1.5),
    "http": (0.05, 1.0, 34.0),
    "storage": (0.01, 0.1, 4.0),
    "fetcher": (0.05, 1.0, 60.0),
    "provider": (0.5, 3.0, 110.0),
}
SLOW = 0.01
# A commit that timed out may still arrive.
LATE_COMMIT_SECONDS = 20.0


@dataclass
class Trouble:
    """How likely each fault is at each call; `is_over` once the calm has come. `seen` is told of every process that loses its life
    or an answer, and whether it knows that nothing was done."""

    crash: float = 0.004
    lost: float = 0.004
    unreachable: float = 0.004
    is_over: bool = False
    seen: Callable[[Process, bool], None] = lambda *_: None


class FaultyPort:
    """A port whose calls may fail. `lost` and `unreachable` are what its callers see."""

    def __init__(
        self,
        port: Any,
        name: str,
        scheduler: Scheduler,
        trouble: Trouble,
        *,
        lost: type[SokuError] | None,
        unreachable: type[SokuError] | None,
    ) -> None:
        self._port, self._name = port, name
        self._scheduler, self._trouble = scheduler, trouble
        self._lost, self._unreachable = lost, unreachable

    def __getattr__(self, attribute: str) -> Any:
        method = getattr(self._port, attribute)
        if not callable(method):
            return method

        def call(*arguments: Any, **options: Any) -> Any:
            return self._call(attribute, lambda: method(*arguments, **options))

        return call

    def _call(self, attribute: str, effect: Callable[[], Any]) -> Any:
        chance, trouble = self._scheduler.chance, self._trouble
        process = self._scheduler.current()
        if trouble.is_over or process is None:
            if process is not None:
                self._scheduler.sleep(LATENCIES[self._name][0])
            return effect()
        usual, most, slowest = LATENCIES[self._name]
        seconds = chance.uniform(most, slowest) if chance.random() < SLOW else chance.uniform(usual, most)
        before = seconds * chance.random()
        self._scheduler.sleep(before)
        fate = chance.random()
        if fate < trouble.crash:
            trouble.seen(process, False)
            raise Killed
        fate -= trouble.crash
        if fate < trouble.unreachable and self._unreachable is not None:
            trouble.seen(process, self._name != "documents")
            raise self._unreachable("injected")
        fate -= trouble.unreachable
        if fate < trouble.lost / 4 and attribute == "commit":
            late = self._scheduler.now + timedelta(seconds=chance.uniform(0, LATE_COMMIT_SECONDS))
            self._scheduler.at(late, _quietly(effect, lambda: trouble.seen(process, False)))
            raise Unavailable
        result = effect()
        self._scheduler.sleep(seconds - before)
        fate = chance.random()
        if fate < trouble.crash:
            trouble.seen(process, False)
            raise Killed
        if fate - trouble.crash < trouble.lost and self._lost is not None:
            trouble.seen(process, False)
            raise self._lost("injected")
        return result


def _quietly(effect: Callable[[], Any], seen: Callable[[], None]) -> Callable[[], None]:
    def late() -> None:
        with contextlib.suppress(Conflict):
            effect()
            seen()

    return late


class ProcessClock(DatabaseClock):
    """Each process knows the database's time as far as it has heard from it; whoever is none knows the true time."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._outside = Process("outside")
        super().__init__(SkewedClock(scheduler))

    @property
    def offset(self) -> timedelta:
        return (self._scheduler.current() or self._outside).offset

    @offset.setter
    def offset(self, offset: timedelta) -> None:
        (self._scheduler.current() or self._outside).offset = offset


class TrueClock:
    """For what is outside of every process: the database and the queue."""

    offset = timedelta(0)

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def now(self) -> datetime:
        return self._scheduler.now


class OwnWindows(UserLimits):
    """Each process is an instance of its own, with units of a user's windows that it leased itself."""

    def __init__(self, documents: Documents, clock: Clock, scheduler: Scheduler) -> None:
        self._make = lambda: UserLimits(documents, clock)
        self._scheduler = scheduler
        self._outside = self._make()

    @property
    def _own(self) -> UserLimits:
        process = self._scheduler.current()
        return self._outside if process is None else process.memory.setdefault("windows", self._make())

    def path_to_read(self, uid: str, endpoint: str | None) -> str | None:
        return self._own.path_to_read(uid, endpoint)

    def take(self, uid: str, tier: Allowance, endpoint: Allowance | None, read: Read | None, asked_by: str) -> Decision:
        return self._own.take(uid, tier, endpoint, read, asked_by)


class SkewedClock:
    """What time the process that asks believes it is."""

    offset = timedelta(0)

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def now(self) -> datetime:
        process = self._scheduler.current()
        return self._scheduler.now + timedelta(seconds=process.skew_seconds if process else 0.0)


FAILURES: dict[str, tuple[type[SokuError] | None, type[SokuError] | None]] = {
    "documents": (Unavailable, Unavailable),
    "tasks": (NotEnqueued, NotEnqueued),
    "http": (NoAnswer, NotSent),
    "storage": (StorageUnavailable, StorageUnavailable),
    "fetcher": (FetchFailed, FetchFailed),
    "provider": (ProviderBusy, ProviderBusy),
}


def faulty(port: Any, name: str, scheduler: Scheduler, trouble: Trouble) -> Any:
    lost, unreachable = FAILURES[name]
    return FaultyPort(port, name, scheduler, trouble, lost=lost, unreachable=unreachable)


def seeded(seed: int) -> random.Random:
    """Also for what the product itself leaves to chance (back-off, jitter)."""
    random.seed(seed)
    return random.Random(seed)
