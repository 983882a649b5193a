"""A bounded read-modify-write: read, decide, commit with the version that was read, and the same again if somebody was faster."""

from collections.abc import Callable
from typing import TypeVar

from shared.documents.document import Conflict, Unavailable

# Twins of one request, a worker and the sweeper meet a few times at most; more than this is a document that everybody writes to.
MAX_ATTEMPTS = 50

T = TypeVar("T")


class Contended(Unavailable):
    """The document changed faster than it could be read and written: nothing was written by us, and a later try may do better."""


def read_modify_write(attempt: Callable[[], T]) -> T:
    """What `attempt` answers, which reads anew each time and raises Conflict when what it read has changed. Raises Contended."""
    for _ in range(MAX_ATTEMPTS):
        try:
            return attempt()
        except Conflict:
            continue
    raise Contended
