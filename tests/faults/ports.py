"""The outside world as it is when everything goes wrong: calls take their time, processes die before or after them, answers are
lost, commits arrive after whoever sent them has given up.
"""

import contextlib
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from emulator.sandbox.accounts import read_token
from shared.accounts.encryption import Cipher
from shared.core.errors import SokuError
from shared.documents.document import Conflict, Delete, Unavailable, Version, Write
from shared.media.storage import StorageUnavailable
from shared.platforms.http import HttpAnswer, HttpRequest, NoAnswer, NotSent
from shared.tasks.task import NotEnqueued
from tests.fakes.documents import MemoryDocuments
from tests.faults.scheduler import Killed, Scheduler

# How long calls take, in seconds: as a rule, and now and then. What takes longer than the callers' own limits gets no answer.
LATENCIES = {"documents": (0.005, 0.05, 4.0), "tasks": (0.01, 0.05, 1.5), "http": (0.05, 1.0, 34.0), "storage": (0.01, 0.1, 4.0)}
SLOW = 0.01
# A commit that timed out may still arrive.
LATE_COMMIT_SECONDS = 20.0


@dataclass
class Trouble:
    """How likely each fault is at each call; `is_over` once the calm has come."""

    crash: float = 0.004
    lost: float = 0.004
    unreachable: float = 0.004
    is_over: bool = False


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
            raise Killed
        fate -= trouble.crash
        if fate < trouble.unreachable and self._unreachable is not None:
            raise self._unreachable("injected")
        fate -= trouble.unreachable
        if fate < trouble.lost / 4 and attribute == "commit":
            self._scheduler.at(self._scheduler.now + timedelta(seconds=chance.uniform(0, LATE_COMMIT_SECONDS)), _quietly(effect))
            raise Unavailable
        result = effect()
        self._scheduler.sleep(seconds - before)
        fate = chance.random()
        if fate < trouble.crash:
            raise Killed
        if fate - trouble.crash < trouble.lost and self._lost is not None:
            raise self._lost("injected")
        return result


class Renewals:
    """The platforms, and how often the same refresh token was on its way to one twice at once.

    LinkedIn's do not count: a person and their organisations, who are accounts of their own, begin with the same one.
    """

    def __init__(self, http: Any) -> None:
        self._http = http
        self._under_way: Counter[str] = Counter()
        self.at_once = 0

    def send(self, request: HttpRequest) -> HttpAnswer:
        token = (request.form or {}).get("refresh_token")
        if token is None or "linkedin" in request.url:
            return self._http.send(request)
        self.at_once += self._under_way[token] > 0
        self._under_way[token] += 1
        try:
            return self._http.send(request)
        finally:
            self._under_way[token] -= 1


class StoredTokens:
    """The database, where it was given older tokens of a consent than it had, and which (platform, account) were given up."""

    def __init__(self, documents: MemoryDocuments, cipher: Cipher) -> None:
        self._documents, self._cipher = documents, cipher
        self.went_back: list[str] = []
        self.died: set[tuple[str, str]] = set()
        self.get, self.query = documents.get, documents.query
        self._newest: dict[str, tuple[str, int]] = {}
        # Consents that others replaced.
        self._replaced: set[tuple[str, str]] = set()

    def commit(self, *writes: Write) -> Version:
        version = self._documents.commit(*writes)
        for write in writes:
            if "/credentials/" in write.path:
                self._note(write)
        return version

    def _note(self, write: Write) -> None:
        if isinstance(write, Delete):
            self._newest.pop(write.path, None)
            return
        if write.fields.get("dead"):
            platform, _, account_id = write.path.rpartition("/")[2].partition(":")
            self.died.add((platform, account_id))
        if "ciphertext" in write.fields:
            secret, platform = self._cipher.open(write.fields, path=write.path), str(write.fields["platform"])
            token = read_token(secret["accessToken"], platform)
            generation, connection = (token.generation if token else None) or 0, str(write.fields["connection"])
            before, newest = self._newest.get(write.path, ("", 0))
            if connection != before:
                self._replaced.add((write.path, before))
            if (write.path, connection) in self._replaced or (connection == before and generation < newest):
                self.went_back.append(f"{write.path}: generation {generation} over {newest}")
            self._newest[write.path] = connection, generation


def _quietly(effect: Callable[[], Any]) -> Callable[[], None]:
    def late() -> None:
        with contextlib.suppress(Conflict):
            effect()

    return late


class SkewedClock:
    """What time the process that asks believes it is."""

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
}


def faulty(port: Any, name: str, scheduler: Scheduler, trouble: Trouble) -> Any:
    lost, unreachable = FAILURES[name]
    return FaultyPort(port, name, scheduler, trouble, lost=lost, unreachable=unreachable)


def seeded(seed: int) -> random.Random:
    """Also for what the product itself leaves to chance (back-off, jitter)."""
    random.seed(seed)
    return random.Random(seed)
