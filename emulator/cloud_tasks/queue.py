"""One queue: holds tasks until they are due, and delivers them within its rate and concurrency limits."""

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from emulator.cloud_tasks.oidc import TokenSigner
from emulator.cloud_tasks.task import RetryConfig, Task

# Cloud Tasks keeps the name of a finished or deleted task reserved; its pages say one hour in one place, 24 h in another.
NAME_RESERVED = timedelta(hours=1)
KINDS = ("duplicate", "late", "lost")


@dataclass(frozen=True)
class Limits:
    dispatches_per_second: float = 500.0
    concurrent_dispatches: int = 1000


@dataclass
class Mischief:
    """A delivery that goes wrong on request: `duplicate` (twice), `late` (after `seconds`), `lost` (never)."""

    kind: str
    times: int
    seconds: float = 5.0

    @staticmethod
    def from_json(given: Mapping[str, Any]) -> "Mischief":
        """Raises ValueError with what is wrong; `queue`, which tells where, is for the caller."""
        if unknown := set(given) - {"queue", "kind", "times", "seconds"}:
            raise ValueError(f"a prank has no {', '.join(sorted(unknown))}")
        if given.get("kind") not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        times, seconds = given.get("times", 1), given.get("seconds", 5)
        if not isinstance(times, int) or times < 1:
            raise ValueError("times is a whole number from 1 on")
        if not isinstance(seconds, int | float) or not 0 <= seconds < float("inf"):
            raise ValueError("seconds is a number from 0 on")
        return Mischief(given["kind"], times, float(seconds))


@dataclass
class Queue:
    """`name` is the full resource name. Runs its dispatching as one asyncio task, started by `start`."""

    name: str
    signer: TokenSigner
    report: Callable[[str], None]
    limits: Limits = field(default_factory=Limits)
    retry: RetryConfig = field(default_factory=RetryConfig)
    state: str = "RUNNING"
    tasks: dict[str, Task] = field(default_factory=dict)
    mischief: list[Mischief] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._heap: list[tuple[datetime, int, str]] = []
        self._sequence = itertools.count()
        self._reserved: dict[str, datetime] = {}
        self._wake = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._in_flight: set[str] = set()
        self._session: aiohttp.ClientSession | None = None
        self._next_dispatch_at = 0.0

    @property
    def short_name(self) -> str:
        return self.name.rpartition("/")[2]

    def start(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._spawn(self._dispatch_forever())

    async def stop(self) -> None:
        for running in list(self._running):
            running.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def add(self, task: Task) -> bool:
        """False if the name is taken, or was until lately."""
        reserved_until = self._reserved.get(task.name)
        if task.name in self.tasks or (reserved_until and reserved_until > task.created_at):
            return False
        self.tasks[task.name] = task
        prank = self._take_mischief()
        if prank is None:
            self._schedule(task)
        elif prank.kind == "late":
            task.due_at += timedelta(seconds=prank.seconds)
            self._schedule(task)
        elif prank.kind == "duplicate":
            self._schedule(task)
            twin = replace(task, name=f"{task.name}-again")
            self.tasks[twin.name] = twin
            self._schedule(twin)
        else:
            del self.tasks[task.name]
        return True

    def remove(self, name: str, now: datetime) -> bool:
        self._reserved[name] = now + NAME_RESERVED
        return self.tasks.pop(name, None) is not None

    def purge(self) -> None:
        self.tasks.clear()
        self._heap.clear()

    def set_state(self, state: str) -> None:
        self.state = state
        self._wake.set()

    def run_now(self, task: Task) -> None:
        task.due_at = datetime.now(UTC)
        self._begin(task)

    def _take_mischief(self) -> Mischief | None:
        for prank in self.mischief:
            if prank.times > 0:
                prank.times -= 1
                return prank
        return None

    def _schedule(self, task: Task) -> None:
        heapq.heappush(self._heap, (task.due_at, next(self._sequence), task.name))
        self._wake.set()

    async def _dispatch_forever(self) -> None:
        while True:
            self._wake.clear()
            pause = self._dispatch_due()
            # Not wait_for: before Python 3.12 it may swallow the cancellation that is to end this.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    def _dispatch_due(self) -> float | None:
        """Start every delivery that may start now; seconds until the next may, None if only news can change that."""
        loop_now = asyncio.get_running_loop().time()
        while self._heap and self.state == "RUNNING":
            due_at, _, name = self._heap[0]
            task = self.tasks.get(name)
            if task is None or task.due_at != due_at or name in self._in_flight:
                heapq.heappop(self._heap)
                continue
            until_due = (due_at - datetime.now(UTC)).total_seconds()
            if until_due > 0:
                return until_due
            if len(self._in_flight) >= self.limits.concurrent_dispatches:
                return None
            if self._next_dispatch_at > loop_now:
                return self._next_dispatch_at - loop_now
            heapq.heappop(self._heap)
            self._next_dispatch_at = max(self._next_dispatch_at, loop_now - 1) + 1 / self.limits.dispatches_per_second
            self._begin(task)
        return None

    def _begin(self, task: Task) -> None:
        self._in_flight.add(task.name)
        self._spawn(self._deliver(task))

    async def _deliver(self, task: Task) -> None:
        task.begin_attempt(datetime.now(UTC))
        try:
            status = await self._send(task)
        finally:
            self._in_flight.discard(task.name)
        now = datetime.now(UTC)
        if status is None or not 200 <= status < 300:
            self.report(f"{self.short_name}: delivery {task.dispatches} answered {status or 'nothing'}")
        if task.end_attempt(status, now, self.retry):
            self.remove(task.name, now)
        elif task.name in self.tasks:
            self._schedule(task)
        self._wake.set()

    async def _send(self, task: Task) -> int | None:
        headers = task.delivery_headers(self.short_name)
        if task.oidc:
            email = task.oidc.get("serviceAccountEmail", "")
            headers["Authorization"] = f"Bearer {self.signer.token(email, task.oidc.get('audience') or task.url)}"
        if self._session is None:
            return None
        timeout = aiohttp.ClientTimeout(total=task.deadline_seconds)
        try:
            async with self._session.request(task.method, task.url, data=task.body, headers=headers, timeout=timeout) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return None

    def _spawn(self, work: "asyncio._CoroutineLike[None]") -> None:
        running = asyncio.get_running_loop().create_task(work)
        self._running.add(running)
        running.add_done_callback(self._running.discard)
