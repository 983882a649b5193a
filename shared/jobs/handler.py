"""What a job's type does of it: a handler gets the job in a worker's hands, and answers how it goes on (work.py writes that)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.core.errors import SokuError
from shared.core.wait import Wait
from shared.documents.document import Changes, Write
from shared.documents.lease import Lease
from shared.jobs.job import Job
from shared.jobs.progress import TELL_EVERY, Progress


class JobFailed(SokuError):
    """The job has failed for good; `code` is an error of the API's, the message its customer's; `writes` go along."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.writes: Sequence[Write] = ()
        self.changes: Changes = {}
        # Objects that could not be deleted.
        self.left: Sequence[str] = ()


@dataclass(frozen=True)
class Succeeded:
    """What the job found, and what else is written with it."""

    result: Mapping[str, Any]
    writes: Sequence[Write] = ()
    changes: Changes = field(default_factory=dict)


@dataclass(frozen=True)
class Moved:
    """The next step is another function's: its queue, and what has been found out; `changes` and `writes` go along."""

    queue: str
    state: Mapping[str, Any]
    changes: Changes = field(default_factory=dict)
    writes: Sequence[Write] = ()


@dataclass
class Work:
    """A job in a worker's hands."""

    job: Job
    lease: Lease
    # What is undone if another worker has taken the job over.
    if_lost: list[Callable[[], object]] = field(default_factory=list)
    # What is done when its end has been written.
    once_ended: list[Callable[[], object]] = field(default_factory=list)

    # Whether something was found out that need not be found out again.
    has_advanced: bool = False
    # Which part of the whole this is, of how many alike.
    part: tuple[int, int] = (0, 1)
    _told_at: datetime | None = None

    def save(self, **state: Any) -> None:
        """The recovery point: what the next worker need not do again. Raises Fenced."""
        self.lease.renew({("state", name): value for name, value in state.items()})

    def advance(self, progress: Progress | None = None, **state: Any) -> None:
        """The same, and what stood in the way before counts no more; `progress` is told at most once a second. Raises Fenced."""
        told = self.told(progress) if progress is not None else {}
        self.lease.renew({**{("state", name): value for name, value in state.items()}, **told, "failures": 0})
        self.has_advanced = True

    def told(self, progress: Progress) -> dict[str, Any]:
        """What is written of it: never less than was told before, and at most once a second."""
        now = self.lease.clock.now()
        if self._told_at is not None and now - self._told_at < TELL_EVERY:
            return {}
        self._told_at = now
        before, (number, of) = int(self.job.progress.get("percentage", 0)), self.part
        whole = (100 * number + progress.percentage) // of
        return {"progress": {**vars(progress), "percentage": max(before, whole)}, "updatedAt": now}


Outcome = Succeeded | Moved | Wait
Handler = Callable[[Work], Outcome]
