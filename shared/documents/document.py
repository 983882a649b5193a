"""The vocabulary of the database: what a document is, what a commit may hold, and what may go wrong.

`FirestoreDocuments` (shared/gcp) and the tests' in-memory twin both speak it, held to the same contract tests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, Protocol

from shared.core.errors import SokuError

# A field's name, or the way to a field inside maps: ("runCounts", "succeeded").
FieldPath = str | tuple[str, ...]
# What to change: values by FieldPath (mappings are invariant in their keys, hence Any).
Changes = Mapping[Any, Any]
# A document's update time. Writing with it as precondition makes it a fencing token: an outdated worker is refused.
Version = datetime


class Conflict(SokuError):
    """A precondition of the commit did not hold: nothing was written."""


class Unavailable(SokuError):
    """The database did not answer in time: the commit may or may not have been applied."""


@dataclass(frozen=True)
class Document:
    """`version` is the database's time of its last change, `read_at` that of reading it."""

    path: str
    fields: Mapping[str, Any]
    version: Version
    read_at: datetime | None = field(default=None, compare=False)

    @property
    def id(self) -> str:
        return self.path.rpartition("/")[2]


class _Remove:
    def __repr__(self) -> str:
        return "REMOVE"


REMOVE: Final = _Remove()


class _CommitTime:
    def __repr__(self) -> str:
        return "COMMIT_TIME"


# As a field's value in an Update: the database's time of the commit that writes it, or a few milliseconds earlier.
COMMIT_TIME: Final = _CommitTime()


@dataclass(frozen=True)
class Increment:
    by: int


@dataclass(frozen=True)
class Create:
    """Fails with Conflict if the document exists."""

    path: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Update:
    """Changes the named fields only; fails with Conflict if the document is missing or not at `if_version`."""

    path: str
    fields: Changes
    if_version: Version | None = None


@dataclass(frozen=True)
class Merge:
    """Creates the document or changes the named fields, whatever is there."""

    path: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Delete:
    path: str
    if_version: Version | None = None


Write = Create | Update | Merge | Delete
# A field, how it has to compare, and with what.
Condition = tuple[str, Literal["==", "<=", ">=", "array_contains"], Any]


@dataclass(frozen=True)
class Query:
    """Documents of a collection (of all collections of that name, if `group`), filtered, ordered and limited.

    Those of the same value are ordered by their paths, in the same direction; `after` is the value and path of the last one of the
    page before.

    Every query needs its index in firestore.indexes.json: the emulator answers without one, production does not.
    """

    collection: str
    where: Sequence[Condition] = field(default_factory=tuple)
    order_by: str | None = None
    limit: int = 300
    group: bool = False
    after: tuple[Any, str] | None = None
    descending: bool = False


class Documents(Protocol):
    def get(self, *paths: str) -> list[Document | None]:
        """The documents at these paths, in this order; None for a missing one. One RPC. Raises Unavailable."""
        ...

    def commit(self, *writes: Write) -> Version:
        """All of the writes or none. One RPC; the answer is every written document's new version.

        Raises Conflict (nothing was written) or Unavailable (nobody knows).
        """
        ...

    def query(self, query: Query) -> list[Document]:
        """One RPC, one read per document found. Raises Unavailable."""
        ...
