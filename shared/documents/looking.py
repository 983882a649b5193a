"""Documents that are read and not written: whether a verb would do something, without doing it."""

from collections.abc import Callable
from dataclasses import dataclass

from shared.core.errors import SokuError
from shared.documents.document import Document, Documents, Query, Version, Write


class WouldWrite(SokuError):
    """The verb has refused nothing, and would write now."""


@dataclass(frozen=True)
class Looking:
    """Implements `Documents`."""

    documents: Documents

    def get(self, *paths: str) -> list[Document | None]:
        return self.documents.get(*paths)

    def query(self, query: Query) -> list[Document]:
        return self.documents.query(query)

    def commit(self, *writes: Write) -> Version:
        raise WouldWrite


def refused_or_not(verb: Callable[[Documents], object], documents: Documents) -> None:
    """Raises what the verb would refuse. A verb that enqueues does so after its commit, so that nothing is enqueued either."""
    try:
        verb(Looking(documents))
    except WouldWrite:
        return
