"""Who works on a run: one worker at a time, by a lease of 60 s; every write carries the fencing token and the run's new state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.core.clock import Clock
from shared.documents.document import COMMIT_TIME, REMOVE, Changes, Document, Documents, Write
from shared.documents.lease import Lease, Term
from shared.http.client import CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS
from shared.posts.run import Run, claimed, submission_path
from shared.tasks.task import Tasks

TERM = Term(timedelta(seconds=60), ("leaseUntil", "sweepAt"))
# A call to a platform must end, with a margin for clocks, within the lease under which it is made.
CALL_BUDGET = timedelta(seconds=CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS + 10)
# A delayed task may come a moment before its time by our clock.
EARLY = timedelta(seconds=1)
# By how much a worker's clock may have been set, or found to be wrong, while it holds a run.
MAX_JUMP = timedelta(seconds=5)
# What a run keeps of its past attempts.
MAX_ATTEMPTS_KEPT = 10


@dataclass
class RunLease:
    """A run that this worker holds; `run` is the run as of the last write. `is_orphaned`: its submission was deleted."""

    lease: Lease
    tasks: Tasks
    fields: Mapping[str, Any] = field(repr=False)
    is_orphaned: bool = False
    run: Run = field(init=False)
    _offset: timedelta = field(init=False)

    def __post_init__(self) -> None:
        self._offset = self.clock.offset
        self._read()

    def _read(self) -> None:
        self.run = Run.from_document(Document(self.lease.path, self.fields, self.lease.version))

    @property
    def documents(self) -> Documents:
        return self.lease.documents

    @property
    def clock(self) -> Clock:
        return self.lease.clock

    @property
    def is_late(self) -> bool:
        return self.clock.now() >= self.run.ends_by

    @property
    def clock_has_jumped(self) -> bool:
        """Since the run was leased: what was measured before and after does not fit together."""
        return abs(self.clock.offset - self._offset) > MAX_JUMP

    @property
    def remaining(self) -> timedelta:
        """Until another may take over."""
        return self.lease.until - self.clock.now()

    def write(self, changes: Changes, *more: Write) -> None:
        """Change the run, and other documents with it. Raises Fenced."""
        changes = {**changes, "updatedAt": self.clock.now()}
        self.lease.write(changes, *more)
        self._take_over(changes)

    def renew(self, changes: Changes, *more: Write) -> None:
        """The same, and hold the run for another term. Raises Fenced."""
        changes = {**changes, "updatedAt": self.clock.now()}
        self.lease.renew(changes, *more)
        self._take_over({**changes, **TERM.ends(self.lease.until)})

    def keep_alive(self) -> None:
        """Between the parts of something long. Raises Fenced."""
        if self.lease.is_half_over:
            self.renew({})

    def has_lost_its_submission(self) -> bool:
        """Whether that may be why a write was refused: it was deleted since the run was leased."""
        [submission] = self.documents.get(submission_path(self.run.path.submission_id))
        return submission is None and not self.is_orphaned

    def attempts_with(self, outcome: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The attempts so far and this one's outcome."""
        this = {"attempt": self.run.attempt, "at": self.clock.now(), **outcome}
        return [*self.run.attempts, this][-MAX_ATTEMPTS_KEPT:]

    def _take_over(self, changes: Changes) -> None:
        self.fields = _changed(self.fields, changes, self.lease.version)
        self._read()


def claim(document: Document, *, is_orphaned: bool = False, documents: Documents, tasks: Tasks, clock: Clock) -> RunLease | None:
    """The run, now ours; None if it is final, held by a living worker, or not due yet. Raises Conflict if it just changed."""
    run, now = Run.from_document(document), clock.now()
    if run.is_final or TERM.is_held(document.fields, now):
        return None
    if run.next_attempt_at is not None and run.next_attempt_at > now + EARLY:
        return None
    changes = {**claimed(run), "updatedAt": now}
    lease = Lease.claim(document.path, TERM, changes, if_version=run.version, documents=documents, clock=clock)
    return RunLease(lease, tasks, _changed(document.fields, {**changes, **TERM.ends(lease.until)}, lease.version), is_orphaned)


def _changed(fields: Mapping[str, Any], changes: Changes, at: datetime) -> dict[str, Any]:
    """The document after a commit at that time; a run's fields are all of the first level."""
    changed = {**fields, **changes}
    return {name: at if value is COMMIT_TIME else value for name, value in changed.items() if value is not REMOVE}
