"""The sweeper's side of the outbox: whatever is accepted and not final carries the time at which it is to be looked at again.

Each kind of document registers as an `Outbox`. A tick looks at what is due and nothing else, moves it, and puts it off: moving
twice is harmless, forgetting is not.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shared.core.clock import Clock
from shared.documents.document import REMOVE, Condition, Conflict, Document, Documents, Query, Unavailable, Update, Version
from shared.tasks.task import NotEnqueued, QueueSkipped, Task, Tasks

_log = logging.getLogger(__name__)

# Per query; a tick takes as many as are due, in such portions, within its time.
BATCH = 300
# Of each kind of document; the next tick comes after a minute, and the other kinds are to be moved, too.
PORTION_SECONDS = 20.0
# What was moved and is still due comes up again after this long.
PUSH = timedelta(seconds=60)
# What nobody can read comes up again after this long at most.
LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True)
class SweepPorts:
    """What moving a document touches."""

    documents: Documents
    tasks: Tasks
    clock: Clock


@dataclass(frozen=True)
class Outbox:
    """One kind of document that the sweeper moves: its collection (all collections of that name, if `group`), the field that holds
    its time, and what is done with one whose time has come."""

    collection: str
    group: bool
    field: str
    move: Callable[[Document, SweepPorts], None]


def sweep(outboxes: Sequence[Outbox], ports: SweepPorts) -> Mapping[str, int]:
    """One tick: how many of each collection were looked at. Raises Unavailable; the next tick goes on where this one stopped."""
    ports = replace(ports, tasks=_Sparing(ports.tasks))
    return {outbox.collection: _sweep(outbox, ports) for outbox in outboxes}


def _sweep(outbox: Outbox, ports: SweepPorts) -> int:
    clock = ports.clock
    count, until = 0, None
    after: tuple[Any, str] | None = None
    while until is None or clock.now() < until:
        due: Condition = (outbox.field, "<=", clock.now())
        query = Query(outbox.collection, where=(due,), order_by=outbox.field, limit=BATCH, group=outbox.group, after=after)
        found = ports.documents.query(query)
        # The first answer may have corrected the clock.
        until = until or clock.now() + timedelta(seconds=PORTION_SECONDS)
        for document in found:
            if clock.now() >= until:
                return count
            count += 1
            try:
                outbox.move(document, ports)
            except Unavailable:
                raise
            except Exception:
                # One document that nobody can read must not keep all the others waiting.
                _log.exception("sweep.unreadable", extra={"document": document.path})
                _put_off_for_longer(document, outbox, ports)
        if len(found) < BATCH:
            break
        # What could not be put off is not met again in this tick.
        after = found[-1].fields[outbox.field], found[-1].path
    return count


class _Sparing:
    """Tasks as a tick creates them: a queue that refused one is left alone until the next tick, as each refusal takes its time."""

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks
        self._refused: set[str] = set()

    def enqueue(self, task: Task) -> None:
        if task.queue.name in self._refused:
            raise QueueSkipped(task.queue.name)
        try:
            self._tasks.enqueue(task)
        except NotEnqueued:
            self._refused.add(task.queue.name)
            raise


def _put_off_for_longer(document: Document, outbox: Outbox, ports: SweepPorts) -> None:
    """Each time for twice as long, from a minute to an hour."""
    pause = min(max(PUSH, 2 * timedelta(seconds=document.fields.get("sweepPauseSeconds", 0))), LONGEST_PAUSE)
    changes = {outbox.field: ports.clock.now() + pause, "sweepPauseSeconds": int(pause.total_seconds())}
    try:
        ports.documents.commit(Update(document.path, changes, if_version=document.version))
    except Conflict:
        _log.info("sweep.skipped", extra={"document": document.path})


def put_off(path: str, version: Version, until: datetime | None, ports: SweepPorts, *, field: str = "sweepAt") -> None:
    """`until` None: nothing is left to sweep. Refused if the document moved on meanwhile, which is all that is wanted."""
    try:
        ports.documents.commit(Update(path, {field: REMOVE if until is None else until}, if_version=version))
    except Conflict:
        _log.info("sweep.skipped", extra={"document": path})
