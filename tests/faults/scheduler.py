"""Many processes in one, in virtual time: each call that leaves a process takes its time, and meanwhile the others go on.

A process is a greenlet. Whatever it asks of the outside world first sleeps here, so that every order of calls that could happen may
happen; which one does, follows from the seed alone.
"""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from greenlet import getcurrent, greenlet


class Killed(BaseException):
    """The process is gone: no handler sees this."""


@dataclass
class Process:
    """`skew_seconds` is how far its clock is off, `offset` what it knows of that; `run` the path of the run that it works on;
    `memory` is what dies with it."""

    name: str
    skew_seconds: float = 0.0
    run: str = ""
    offset: timedelta = timedelta(0)
    memory: dict[str, Any] = field(default_factory=dict)


@dataclass
class Scheduler:
    """`now` is the true time; nothing else moves it."""

    chance: random.Random
    now: datetime
    _heap: list[tuple[datetime, float, int, Callable[[], Any]]] = field(default_factory=list)
    _made: int = 0
    _processes: dict[int, Process] = field(default_factory=dict)
    _hub: greenlet = field(default_factory=getcurrent)

    def at(self, moment: datetime, action: Callable[[], Any]) -> None:
        """Do this then; of what is due at one moment, chance says which comes first."""
        self._made += 1
        heapq.heappush(self._heap, (max(moment, self.now), self.chance.random(), self._made, action))

    def spawn(self, process: Process, work: Callable[[], None], moment: datetime) -> None:
        """Start a process then. If it is killed, that is all; whatever else it raises goes to whoever runs the scheduler."""

        def body() -> None:
            self._processes[id(getcurrent())] = process
            try:
                work()
            except Killed:
                pass
            finally:
                del self._processes[id(getcurrent())]

        self.at(moment, lambda: greenlet(body, self._hub).switch())

    def current(self) -> Process | None:
        return self._processes.get(id(getcurrent()))

    def sleep(self, seconds: float) -> None:
        """Called by a process: the others go on meanwhile. Outside of one, time just passes."""
        here = getcurrent()
        if here is self._hub:
            self.now += timedelta(seconds=seconds)
            return
        self.at(self.now + timedelta(seconds=seconds), here.switch)
        self._hub.switch()

    def run_until(self, moment: datetime) -> None:
        while self._heap and self._heap[0][0] <= moment:
            due, _, _, action = heapq.heappop(self._heap)
            self.now = max(self.now, due)
            action()
        self.now = max(self.now, moment)

    @property
    def is_idle(self) -> bool:
        return not self._heap
