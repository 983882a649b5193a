"""A lease: one worker at a time holds a document, until a time that it renews; the document's version is the fencing token.

claim ──────── term ────────► over: anyone may claim
  └ every write carries the version of the one before: a worker that was overtaken is refused, and stops
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.core.clock import Clock
from shared.core.errors import SokuError
from shared.documents.document import REMOVE, Changes, Conflict, Create, Documents, Update, Version, Write


class Fenced(SokuError):
    """The lease on `path` was lost to another worker: this one must stop, having written nothing."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


@dataclass(frozen=True)
class Term:
    """How long a lease lasts, and which fields of the document hold its end; the first one is read."""

    length: timedelta
    fields: tuple[str, ...] = ("leaseUntil",)

    def is_held(self, document: Mapping[str, Any], now: datetime) -> bool:
        until = document.get(self.fields[0])
        return until is not None and until > now

    def ends(self, until: datetime) -> dict[str, Any]:
        return dict.fromkeys(self.fields, until)

    def over(self) -> dict[str, Any]:
        """The changes that give the lease up."""
        return {self.fields[0]: REMOVE}


@dataclass
class Lease:
    """Held by whoever wrote `version`; `until` is when another may take over."""

    path: str
    version: Version
    until: datetime
    term: Term
    documents: Documents
    clock: Clock

    @staticmethod
    def claim(
        path: str, term: Term, changes: Changes, *, if_version: Version | None, documents: Documents, clock: Clock
    ) -> "Lease":
        """Changes the document at this version, or creates it if that is None. Raises Conflict if somebody was faster."""
        until = clock.now() + term.length
        fields = {**changes, **term.ends(until)}
        write = Create(path, fields) if if_version is None else Update(path, fields, if_version=if_version)
        return Lease(path, documents.commit(write), until, term, documents, clock)

    def write(self, changes: Changes, *more: Write) -> None:
        """Change the document, and others with it. Raises Fenced."""
        try:
            self.version = self.documents.commit(Update(self.path, changes, if_version=self.version), *more)
        except Conflict as error:
            raise Fenced(self.path) from error

    def renew(self, changes: Changes, *more: Write, seconds: float = 0.0) -> None:
        """The same, and hold the lease for another term from now, or for so long, if that is longer. Raises Fenced."""
        until = self.clock.now() + max(self.term.length, timedelta(seconds=seconds))
        self.write({**changes, **self.term.ends(until)}, *more)
        self.until = until

    @property
    def is_half_over(self) -> bool:
        """Time to renew."""
        return self.until - self.clock.now() < self.term.length / 2

    def keep_alive(self) -> None:
        """Between the parts of something long. Raises Fenced."""
        if self.is_half_over:
            self.renew({})

    def hold_for(self, seconds: float) -> None:
        """Before something that cannot be interrupted. Raises Fenced."""
        if self.until - self.clock.now() < timedelta(seconds=seconds):
            self.renew({}, seconds=seconds)
