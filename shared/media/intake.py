"""From an address into our storage: fetched through the guard, sniffed, bounded, hashed, written, measured. For `ingest` only."""

import hashlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from shared.core.ids import random_base62
from shared.documents.lease import Fenced, Lease
from shared.media.copied import Limits
from shared.media.fetch import Fetcher, FetchRefused
from shared.media.leftovers import delete_quietly
from shared.media.measure import VERSION, WALL_SECONDS, Measured, Measurer, Unmeasurable
from shared.media.media import StoredMedia, kind_of
from shared.media.sniff import HEAD_BYTES, content_type_of, extension_of, is_page
from shared.media.storage import Storage, StorageUnavailable


class Unfit(FetchRefused):
    """The address answered, but with a file that is not taken."""


@dataclass(frozen=True)
class Bounds:
    """The most bytes of each kind of file, and whose limits these are, for the message."""

    limits: Limits
    whose: str
    # Whom to name for a kind that is not taken.
    takers: str = "the platforms of this post take"


@dataclass(frozen=True)
class Intake:
    storage: Storage
    fetcher: Fetcher
    measurer: Measurer

    @contextmanager
    def taken(
        self,
        url: str,
        bounds: Bounds,
        folder: str,
        lease: Lease,
        *,
        keep_until: datetime | None = None,
        before_writing: Callable[[str], None] = lambda path: None,
    ) -> Generator[StoredMedia]:
        """The stored file, which the block gives a name in the database; if it does not get that far, the file is deleted.

        `before_writing` is told the object's path. The lease is kept all the while. Raises FetchRefused (Unfit among them),
        FetchFailed, StorageUnavailable, Fenced.
        """
        head, chunks = _peek(self.fetcher.fetch(url), lease.keep_alive)
        content_type = content_type_of(head)
        if content_type is None:
            page = "the address leads to a web page (HTML), not to a file"
            raise Unfit(page if is_page(head) else "the file is no image, video or sound that Soku knows")
        counted = _Counted(chunks, _limit(content_type, bounds), content_type, bounds.whose, lease.keep_alive)
        media_id = random_base62(22)
        path = f"{folder}/{media_id}.{extension_of(content_type)}"
        before_writing(path)
        self.storage.write(path, content_type, iter(counted), keep_until=keep_until)
        try:
            measured = self._measured(lease, path, content_type, head, counted.size_bytes)
            yield StoredMedia(
                media_id=media_id,
                url=self.storage.url(path),
                storage_path=path,
                content_type=content_type,
                size_bytes=counted.size_bytes,
                sha256=counted.sha256.hexdigest(),
                measured_by=VERSION,
                **vars(measured),
            )
        except (Fenced, StorageUnavailable, Unfit):
            delete_quietly(path, self.storage)
            raise

    def _measured(self, lease: Lease, path: str, content_type: str, head: bytes, size_bytes: int) -> Measured:
        def read(offset: int, length: int) -> bytes:
            if offset + length <= len(head):
                return head[offset : offset + length]
            return self.storage.read(path, offset, length)

        try:
            return self.measurer.measure(read, size_bytes, content_type, lambda: lease.hold_for(2 * WALL_SECONDS))
        except Unmeasurable as error:
            raise Unfit(str(error)) from error


def _limit(content_type: str, bounds: Bounds) -> int:
    kind = kind_of(content_type)
    if kind in bounds.limits:
        return bounds.limits[kind]
    taken = " and ".join(f"{kind}s" for kind in bounds.limits) or "no files"
    raise Unfit(f"the file is {content_type}, and {bounds.takers} {taken}")


class _Counted:
    """Passes chunks on, counting and hashing them, and keeps the lease alive meanwhile. Raises Unfit for too many."""

    def __init__(self, chunks: Iterator[bytes], limit: int, content_type: str, whose: str, keep_alive: Callable[[], None]) -> None:
        self._chunks, self._limit, self._content_type, self._whose = chunks, limit, content_type, whose
        self._keep_alive = keep_alive
        self.size_bytes = 0
        self.sha256 = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size_bytes += len(chunk)
            if self.size_bytes > self._limit:
                kind, most = kind_of(self._content_type), self._limit / (1 << 20)
                one = "file" if kind == "unknown" else kind
                raise Unfit(f"the file is larger than {most:.4g} MiB, the most that {self._whose} takes of one {one}")
            self.sha256.update(chunk)
            self._keep_alive()
            if chunk:
                yield chunk


def _peek(chunks: Iterator[bytes], keep_alive: Callable[[], None]) -> tuple[bytes, Iterator[bytes]]:
    """At least the first HEAD_BYTES, if there are as many, and an iterator over everything including them."""
    head = b""
    for chunk in chunks:
        head += chunk
        keep_alive()
        if len(head) >= HEAD_BYTES:
            break

    def whole() -> Iterator[bytes]:
        yield head
        yield from chunks

    return head, whole()
