"""Who works on a run: one worker at a time, by a lease that the database guards.

claim ──────── 60 s ────────► lease over: anyone may claim
  └ every write renews it and carries the version of the one before: a worker that was overtaken is refused and stops
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shared.core.clock import Clock
from shared.core.errors import SokuError
from shared.documents.document import REMOVE, Changes, Conflict, Documents, FieldPath, Update, Version, Write
from shared.http.client import CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS
from shared.posts.run import Run
from shared.tasks.task import NotEnqueued, Tasks, publish

_log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
# A call to a platform must end, with a margin for clocks, within the lease under which it is made.
CALL_BUDGET = timedelta(seconds=CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS + 10)
# A delayed task may come a moment before its time by our clock.
EARLY = timedelta(seconds=1)
# The sweeper leaves a waiting run to its own task for this long.
SWEEP_GRACE = timedelta(seconds=60)
# What a run keeps of its past attempts.
MAX_ATTEMPTS_KEPT = 10


class Fenced(SokuError):
    """Another worker took the run over: this one must stop, having written nothing."""


@dataclass
class Worker:
    """Holds a claimed run. `version` is the fence, `lease_until` the time by which another may take over."""

    run: Run
    version: Version
    lease_until: datetime
    documents: Documents
    tasks: Tasks
    clock: Clock

    def write(self, changes: Changes, *more: Write) -> None:
        """Change the run, and other documents with it. Raises Fenced."""
        try:
            self.version = self.documents.commit(
                Update(str(self.run.path), {**changes, "updatedAt": self.clock.now()}, if_version=self.version), *more
            )
        except Conflict as error:
            raise Fenced from error

    def write_and_renew(self, changes: Changes) -> None:
        until = self.clock.now() + LEASE
        self.write({**changes, "leaseUntil": until, "sweepAt": until})
        self.lease_until = until

    def keep_alive(self) -> None:
        if self.lease_until - self.clock.now() < LEASE / 2:
            self.write_and_renew({})

    def wait(self, until: datetime, reason: Mapping[str, Any], changes: Changes | None = None) -> None:
        """Let go of the run until `until`; a delayed task brings it back, or the sweeper a minute later."""
        waiting = {"leaseUntil": REMOVE, "nextAttemptAt": until, "sweepAt": until + SWEEP_GRACE}
        self.write({**(changes or {}), **waiting, "attempts": self.attempts_with(reason)})
        try:
            path = self.run.path
            self.tasks.enqueue(publish(path.submission_id, path.run_id, self.run.platform, not_before=until))
        except NotEnqueued as error:
            _log.warning(
                "a delayed task was not created; the sweeper will", extra={"run": str(self.run.path), "reason": str(error)}
            )

    def attempts_with(self, outcome: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The attempts so far and this one's outcome."""
        this = {"attempt": self.run.attempt, "at": self.clock.now(), **outcome}
        return [*self.run.attempts, this][-MAX_ATTEMPTS_KEPT:]


def claim(run: Run, *, documents: Documents, tasks: Tasks, clock: Clock) -> Worker | None:
    """The run, now ours; None if it is finished, held by a living worker, or not due yet. Raises Conflict if it just changed."""
    now = clock.now()
    if run.is_final:
        return None
    if run.lease_until is not None and run.lease_until > now:
        return None
    if run.next_attempt_at is not None and run.next_attempt_at > now + EARLY:
        return None
    until = now + LEASE
    phase = "preparing" if run.phase == "queued" else run.phase
    changes: dict[FieldPath, Any] = {
        "status": "processing",
        "phase": phase,
        "attempt": run.attempt + 1,
        "leaseUntil": until,
        "sweepAt": until,
        "nextAttemptAt": REMOVE,
        "updatedAt": now,
    }
    version = documents.commit(Update(str(run.path), changes, if_version=run.version))
    claimed = replace(run, status="processing", phase=phase, attempt=run.attempt + 1)
    return Worker(claimed, version, until, documents, tasks, clock)
