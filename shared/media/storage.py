"""Where copies of files live: written as a stream, read in ranges, fetched by platforms at a public address."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from shared.core.errors import SokuError


class StorageUnavailable(SokuError):
    """The storage did not answer; what was being written is not there."""


class ObjectMissing(StorageUnavailable):
    """The storage did answer: there is nothing of that name."""


class Storage(Protocol):
    def write(self, path: str, content_type: str, chunks: Iterator[bytes], *, keep_until: datetime | None) -> None:
        """Store the chunks under `path`, all or nothing, never the whole in memory. Raises StorageUnavailable and whatever
        `chunks` raises, leaving nothing behind. From `keep_until` on, the storage's own clearing up may take it."""
        ...

    def keep(self, path: str, until: datetime) -> None:
        """Not to be cleared up before `until`, either. Raises StorageUnavailable, ObjectMissing among them."""
        ...

    def delete(self, path: str) -> None:
        """Nothing happens where there is nothing. Raises StorageUnavailable."""
        ...

    def read(self, path: str, start: int = 0, length: int | None = None) -> bytes:
        """`length` bytes from `start`, or all the rest. Raises StorageUnavailable, ObjectMissing among them."""
        ...

    def url(self, path: str) -> str:
        """The public address of what is stored under `path`; names are unguessable, there is no listing."""
        ...
