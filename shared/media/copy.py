"""Copies one address that a post names into our storage. Called by `ingest`, for as many deliveries of its task as it takes.

(nothing) ─create─► copying ─► ready        the others wait
                      │  └───► failed       for good, or until the post is taken up again (posts/ingest.py)
                      └ lease over: the next one takes it
"""

import hashlib
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.core.clock import Clock
from shared.core.ids import random_base62
from shared.core.wait import Wait
from shared.documents.document import REMOVE, Conflict, Document, Documents
from shared.documents.lease import Fenced, Lease, Term
from shared.media.copied import CopyFailed, Limits, failure_of
from shared.media.fetch import Fetcher, FetchFailed, FetchRefused
from shared.media.measure import VERSION, WALL_SECONDS, Measured, Measurer, Unmeasurable
from shared.media.media import StoredMedia, kind_of
from shared.media.sniff import HEAD_BYTES, content_type_of, extension_of
from shared.media.storage import Storage, StorageUnavailable

# A copier that died is replaced after this long; a live one renews its lease between chunks.
TERM = Term(timedelta(seconds=60), ("leaseUntil", "sweepAt"))
TRY_AGAIN_SECONDS = 10.0
# How often an address that fails is asked, and how many copiers may die of a file.
MAX_TRIES, MAX_CLAIMS = 5, 8
# Our own storage's failures are waited out, as long as the post may wait.
MAX_OUTAGE_PAUSE_SECONDS = 300.0
# Where copies live: apart from what was uploaded to be used again, as these lapse.
FOLDER = "copies"


class Unfit(FetchRefused):
    """The address answered, but with a file that no platform of the post takes."""


@dataclass(frozen=True)
class Wanted:
    """One address and the document of its copy; `keep_until` is the earliest moment from which the copy may lapse."""

    path: str
    url: str
    uid: str
    limits: Limits
    keep_until: datetime


@dataclass
class _Claim:
    """The right to copy, and what earlier copiers met."""

    lease: Lease
    tries: int
    outages: int


@dataclass(frozen=True)
class Copier:
    documents: Documents
    storage: Storage
    fetcher: Fetcher
    measurer: Measurer
    clock: Clock

    def copied(self, wanted: Wanted, document: Document | None, *, anew: bool = False) -> StoredMedia | Wait | None:
        """The stored copy, when to try again, or None while somebody else is at it. `document` is that of the copy, as it was read
        just now; `anew` gives one that failed another round of tries. Raises CopyFailed."""
        if document is not None and document.fields["status"] == "ready":
            return StoredMedia.from_fields(document.fields)
        if document is not None and document.fields["status"] == "failed" and not anew:
            raise failure_of(document)
        if document is not None and TERM.is_held(document.fields, self.clock.now()):
            return None
        try:
            claim = self._claim(wanted, document)
            return self._give_up(claim) if claim.tries > MAX_CLAIMS else self._copy(claim, wanted)
        except (Conflict, Fenced):
            return None

    def _claim(self, wanted: Wanted, document: Document | None) -> _Claim:
        begun = document.fields if document and document.fields["status"] == "copying" else {}
        tries, outages = begun.get("tries", 0) + 1, begun.get("outages", 0)
        made = {} if document else {"uid": wanted.uid, "url": wanted.url, "createdAt": self.clock.now()}
        changes = {**made, "status": "copying", "tries": tries}
        version = document.version if document else None
        lease = Lease.claim(wanted.path, TERM, changes, if_version=version, documents=self.documents, clock=self.clock)
        return _Claim(lease, tries, outages)

    def _give_up(self, claim: _Claim) -> StoredMedia:
        """Its copiers died or gave up, every one."""
        return self._fail(claim, CopyFailed("the file could not be copied"))

    def _fail(self, claim: _Claim, failure: CopyFailed) -> StoredMedia:
        failed_at = self.clock.now()
        state = {"status": "failed", "error": str(failure), "code": failure.code, "failedAt": failed_at}
        claim.lease.write({**state, **dict.fromkeys(TERM.fields, REMOVE)})
        failure.failed_at = failed_at
        raise failure

    def _copy(self, claim: _Claim, wanted: Wanted) -> StoredMedia | Wait:
        try:
            return self._stored(claim, wanted)
        except StorageUnavailable as error:
            # Not the file's fault, so not one of its tries.
            pause = min(TRY_AGAIN_SECONDS * (claim.outages + 1), MAX_OUTAGE_PAUSE_SECONDS)
            return self._later(claim, pause, str(error), {"tries": claim.tries - 1, "outages": claim.outages + 1})
        except FetchRefused as error:
            return self._fail(claim, CopyFailed(str(error), "media_invalid" if isinstance(error, Unfit) else "media_unavailable"))
        except FetchFailed as error:
            if claim.tries >= MAX_TRIES:
                return self._fail(claim, CopyFailed(str(error)))
            return self._later(claim, TRY_AGAIN_SECONDS * claim.tries, str(error), {})

    def _later(self, claim: _Claim, seconds: float, reason: str, changes: Mapping[str, Any]) -> Wait:
        """Until then it counts as held: nobody asks the address sooner."""
        until = self.clock.now() + timedelta(seconds=seconds)
        claim.lease.write({**changes, **TERM.ends(until)})
        return Wait(seconds, reason)

    def _stored(self, claim: _Claim, wanted: Wanted) -> StoredMedia:
        head, chunks = _peek(self.fetcher.fetch(wanted.url), claim.lease.keep_alive)
        content_type = content_type_of(head)
        if content_type is None:
            raise Unfit("the file is no image or video that Soku knows")
        counted = _Counted(chunks, _limit(content_type, wanted.limits), content_type, claim.lease.keep_alive)
        media_id = random_base62(22)
        path = f"{FOLDER}/{media_id}.{extension_of(content_type)}"
        self.storage.write(path, content_type, iter(counted), keep_until=wanted.keep_until)
        with self._deleted_unless_used(path):
            measured = self._measured(claim, path, content_type, head, counted.size_bytes)
            stored = StoredMedia(
                media_id=media_id,
                url=self.storage.url(path),
                storage_path=path,
                content_type=content_type,
                size_bytes=counted.size_bytes,
                sha256=counted.sha256.hexdigest(),
                measured_by=VERSION,
                **vars(measured),
            )
            claim.lease.write({"status": "ready", **dict.fromkeys(TERM.fields, REMOVE), **stored.to_fields()})
            return stored

    @contextmanager
    def _deleted_unless_used(self, path: str) -> Generator[None]:
        """What nobody will ever name again is not left behind."""
        try:
            yield
        except (Fenced, StorageUnavailable, Unfit):
            with suppress(StorageUnavailable):
                self.storage.delete(path)
            raise

    def _measured(self, claim: _Claim, path: str, content_type: str, head: bytes, size_bytes: int) -> Measured:
        def read(offset: int, length: int) -> bytes:
            if offset + length <= len(head):
                return head[offset : offset + length]
            return self.storage.read(path, offset, length)

        try:
            return self.measurer.measure(read, size_bytes, content_type, lambda: claim.lease.hold_for(2 * WALL_SECONDS))
        except Unmeasurable as error:
            raise Unfit(str(error)) from error


def _limit(content_type: str, limits: Limits) -> int:
    kind = kind_of(content_type)
    if kind in limits:
        return limits[kind]
    taken = " and ".join(f"{kind}s" for kind in limits) or "no files"
    raise Unfit(f"the file is {content_type}, and the platforms of this post take {taken}")


class _Counted:
    """Passes chunks on, counting and hashing them, and keeps the lease alive meanwhile. Raises Unfit for too many."""

    def __init__(self, chunks: Iterator[bytes], limit: int, content_type: str, keep_alive: Callable[[], None]) -> None:
        self._chunks, self._limit, self._content_type = chunks, limit, content_type
        self._keep_alive = keep_alive
        self.size_bytes = 0
        self.sha256 = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size_bytes += len(chunk)
            if self.size_bytes > self._limit:
                kind, most = kind_of(self._content_type), self._limit / (1 << 20)
                raise Unfit(f"the file is larger than {most:.4g} MiB, the most that any platform of this post takes of one {kind}")
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
