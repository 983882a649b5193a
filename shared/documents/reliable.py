"""Commits that can be trusted when answers get lost.

A commit whose answer was lost and that is simply sent again is answered "already exists" or "failed precondition" about our own
write, and a bare increment is applied twice. So every commit is guarded (a create or a version), its first guarded write carries
a nonce, and a conflict on a later attempt is settled by looking whose nonce is there.
"""

import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from shared.core.clock import DatabaseClock, SystemClock
from shared.core.ids import random_base62
from shared.documents.document import (
    Conflict,
    Create,
    Delete,
    Document,
    Documents,
    Increment,
    Query,
    Unavailable,
    Update,
    Version,
    Write,
)

# Of elapsed time, after which no new attempt begins: shorter than a client's patience (commonly 10-30 s) and a run's lease (60 s).
BUDGET_SECONDS = 8.0
FIRST_PAUSE_SECONDS = 0.1

T = TypeVar("T")
D = TypeVar("D", bound=Document | None)


class ReliableDocuments:
    """A `Documents` that tries again, each commit at most once applied; wraps one whose attempts are single RPCs.

    `clock` is the database's, as its answers tell: what everything that is compared across machines is measured by.
    """

    def __init__(
        self,
        attempts: Documents,
        *,
        clock: DatabaseClock | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = clock or DatabaseClock(SystemClock())
        self._attempts = attempts
        self._sleep = sleep
        self._monotonic = monotonic

    def get(self, *paths: str) -> list[Document | None]:
        return self._until_answered(lambda: self._read(lambda: self._attempts.get(*paths)))

    def query(self, query: Query) -> list[Document]:
        return self._until_answered(lambda: self._read(lambda: self._attempts.query(query)))

    def _read(self, attempt: Callable[[], list[D]]) -> list[D]:
        sent = self.clock.local.now()
        found = attempt()
        at = next((document.read_at for document in found if document is not None and document.read_at is not None), None)
        if at is not None:
            self.clock.observe(at, sent=sent)
        return found

    def commit(self, *writes: Write) -> Version:
        nonce = random_base62(16)
        marked, position = _with_nonce(writes, nonce)
        answer_lost = False

        def attempt() -> Version:
            nonlocal answer_lost
            sent = self.clock.local.now()
            try:
                version = self._attempts.commit(*marked)
                self.clock.observe(version, sent=sent)
                return version
            except Unavailable:
                answer_lost = True
                raise
            except Conflict:
                if not answer_lost:
                    raise
                return self._own_write(marked[position], nonce)

        return self._until_answered(attempt)

    def _own_write(self, write: Write, nonce: str) -> Version:
        """The version that our earlier attempt wrote, or Conflict if somebody else was first."""
        [document] = self._attempts.get(write.path)
        if document is not None and document.fields.get("nonce") == nonce:
            return document.version
        raise Conflict

    def _until_answered(self, attempt: Callable[[], T]) -> T:
        pause_seconds, started = FIRST_PAUSE_SECONDS, self._monotonic()
        while True:
            try:
                return attempt()
            except Unavailable:
                wait_seconds = random.uniform(pause_seconds / 2, pause_seconds)
                if self._monotonic() - started + wait_seconds > BUDGET_SECONDS:
                    raise
                self._sleep(wait_seconds)
                pause_seconds = min(pause_seconds * 2, 2.0)


def _with_nonce(writes: tuple[Write, ...], nonce: str) -> tuple[tuple[Write, ...], int]:
    """The writes with the nonce on the first guarded one, and that one's position."""
    for position, write in enumerate(writes):
        if isinstance(write, Create) or (isinstance(write, Update) and write.if_version is not None):
            marked = replace(write, fields={**write.fields, "nonce": nonce})
        else:
            continue
        return (*writes[:position], marked, *writes[position + 1 :]), position
    if any(isinstance(value, Increment) for write in writes if not isinstance(write, Delete) for value in write.fields.values()):
        raise ValueError("an increment needs a create or a version in the same commit, or a lost answer would apply it twice")
    return writes, 0
