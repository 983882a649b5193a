"""Cloud Tasks in memory, in virtual time: tasks wait in order of their time until somebody delivers them."""

from collections import Counter
from datetime import datetime, timedelta

from shared.core.clock import Clock
from shared.tasks.task import NotEnqueued, Task

MAX_AHEAD = timedelta(days=30)


class MemoryTasks:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[tuple[datetime, int, Task]] = []
        self._made = 0
        self.is_down = False
        # Names of queues that take nothing, and how often they were asked.
        self.refusing: Counter[str] = Counter()

    def enqueue(self, task: Task) -> None:
        now = self._clock.now()
        if task.queue.name in self.refusing:
            self.refusing[task.queue.name] += 1
            raise NotEnqueued(f"{task.queue.name} takes nothing")
        if self.is_down or (task.not_before and task.not_before - now > MAX_AHEAD):
            raise NotEnqueued("down" if self.is_down else "more than 30 days ahead")
        self._made += 1
        self._waiting.append((max(task.not_before or now, now), self._made, task))

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def waiting(self) -> list[Task]:
        return [task for _, _, task in sorted(self._waiting, key=lambda entry: entry[:2])]

    def next_due(self) -> datetime | None:
        return min(self._waiting, key=lambda entry: entry[:2])[0] if self._waiting else None

    def take(self) -> Task | None:
        """The earliest task whose time has come."""
        due = sorted((entry for entry in self._waiting if entry[0] <= self._clock.now()), key=lambda entry: entry[:2])
        if not due:
            return None
        self._waiting.remove(due[0])
        return due[0][2]

    def clear(self) -> None:
        self._waiting.clear()
