"""Copies what a post names by URL into our storage, once per submission and URL, whichever run needs it first.

(nothing) ─create─► copying ─► ready        the others look again in a moment
                      │  └───► failed       for good: every run that needs the file fails with the same reason
                      └ lease over: the next run takes it
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.core.clock import Clock
from shared.core.errors import SokuError
from shared.core.ids import random_base62
from shared.documents.document import (
    REMOVE,
    Changes,
    Conflict,
    Create,
    Document,
    Documents,
    Update,
    Version,
    Write,
)
from shared.media.fetch import Fetcher, FetchFailed, FetchRefused
from shared.media.measure import HEAD_BYTES, Measured, content_type_of, dimensions_of, extension_of, measure_playable
from shared.media.media import StoredMedia
from shared.media.storage import Storage, StorageUnavailable

# A copier that died is replaced after this long; a live one renews its lease between chunks.
LEASE = timedelta(seconds=60)
LOOK_AGAIN_SECONDS = 3.0
TRY_AGAIN_SECONDS = 10.0
# How often an address that fails is asked, and how many copiers may die of a file.
MAX_TRIES, MAX_CLAIMS = 5, 8
# Our own storage's failures are waited out, as long as the run may wait.
MAX_OUTAGE_PAUSE_SECONDS = 300.0


class CopyFailed(SokuError):
    """The file cannot be had; the message says why, in words for the customer."""


@dataclass(frozen=True)
class CopyLater:
    """Somebody else is copying the file, or its address does not answer: look again in `seconds`."""

    seconds: float
    reason: str


@dataclass
class _Claim:
    """The right to copy, held by whoever wrote `version`; every write with it fails with Conflict once somebody else took over."""

    documents: Documents
    clock: Clock
    path: str
    version: Version
    tries: int
    lease_until: datetime
    outages: int = 0

    def renew(self) -> None:
        """Before the lease is half gone."""
        now = self.clock.now()
        if self.lease_until - now < LEASE / 2:
            self.lease_until = now + LEASE
            self.version = self.documents.commit(Update(self.path, {"leaseUntil": self.lease_until}, if_version=self.version))

    def finish(self, changes: Changes, *more: Write) -> None:
        self.documents.commit(Update(self.path, changes, if_version=self.version), *more)


@dataclass(frozen=True)
class Copier:
    """Copies for one run: `uid` will own the file, `keep_alive` is called between chunks."""

    documents: Documents
    storage: Storage
    fetcher: Fetcher
    clock: Clock
    uid: str
    keep_alive: Callable[[], None]

    def copied(self, submission_path: str, url: str) -> StoredMedia | CopyLater:
        """The stored copy of `url` for this submission. Raises CopyFailed."""
        path = f"{submission_path}/media/{hashlib.sha256(url.encode()).hexdigest()[:32]}"
        [document] = self.documents.get(path)
        if document is not None:
            match document.fields["status"]:
                case "ready":
                    return StoredMedia.from_fields(document.fields)
                case "failed":
                    raise CopyFailed(document.fields["error"])
                case _ if document.fields["leaseUntil"] > self.clock.now():
                    return CopyLater(LOOK_AGAIN_SECONDS, "the file is being copied")
                case _ if document.fields["tries"] >= MAX_CLAIMS:
                    # Its copiers died or gave up, every one.
                    reason = "the file could not be copied"
                    self.documents.commit(Update(path, {"status": "failed", "error": reason}, if_version=document.version))
                    raise CopyFailed(reason)
                case _:
                    pass
        try:
            return self._copy(self._claim(path, url, document), url)
        except Conflict:
            return CopyLater(LOOK_AGAIN_SECONDS, "the file is being copied")

    def _claim(self, path: str, url: str, document: Document | None) -> _Claim:
        now = self.clock.now()
        lease = {"status": "copying", "leaseUntil": now + LEASE}
        if document is None:
            tries = 1
            version = self.documents.commit(Create(path, {"uid": self.uid, "url": url, "tries": 1, "createdAt": now, **lease}))
        else:
            tries = document.fields["tries"] + 1
            version = self.documents.commit(Update(path, {**lease, "tries": tries}, if_version=document.version))
        outages = document.fields.get("outages", 0) if document else 0
        return _Claim(self.documents, self.clock, path, version, tries, now + LEASE, outages)

    def _copy(self, claim: _Claim, url: str) -> StoredMedia | CopyLater:
        try:
            stored = self._store(url, claim)
        except StorageUnavailable as error:
            return self._after_outage(claim, error)
        except (FetchRefused, FetchFailed) as error:
            if isinstance(error, FetchRefused) or claim.tries >= MAX_TRIES:
                claim.finish({"status": "failed", "error": str(error), "leaseUntil": REMOVE})
                raise CopyFailed(str(error)) from error
            # Let go, so that the next try may begin as soon as its time has come.
            claim.finish({"leaseUntil": self.clock.now()})
            return CopyLater(TRY_AGAIN_SECONDS * claim.tries, str(error))
        media = {"uid": self.uid, "createdAt": self.clock.now(), **stored.to_fields()}
        claim.finish({"status": "ready", "leaseUntil": REMOVE, **stored.to_fields()}, Create(f"media/{stored.media_id}", media))
        return stored

    def _after_outage(self, claim: _Claim, error: StorageUnavailable) -> CopyLater:
        """Not the file's fault, so not one of its tries."""
        outages = claim.outages + 1
        claim.finish({"leaseUntil": self.clock.now(), "tries": claim.tries - 1, "outages": outages})
        return CopyLater(min(TRY_AGAIN_SECONDS * outages, MAX_OUTAGE_PAUSE_SECONDS), str(error))

    def _store(self, url: str, claim: _Claim) -> StoredMedia:
        counted = _Counted(self.fetcher.fetch(url), (self.keep_alive, claim.renew))
        head, chunks = _peek(iter(counted))
        content_type = content_type_of(head)
        if content_type is None:
            raise FetchRefused("the file is no image, video or audio file that Soku knows")
        media_id = random_base62(22)
        path = f"media/{media_id}.{extension_of(content_type)}"
        self.storage.write(path, content_type, chunks)
        measured = self._measured(path, content_type, head, counted.size_bytes)
        return StoredMedia(
            media_id=media_id,
            url=self.storage.url(path),
            storage_path=path,
            content_type=content_type,
            size_bytes=counted.size_bytes,
            sha256=counted.sha256.hexdigest(),
            width=measured.width,
            height=measured.height,
            duration_seconds=measured.duration_seconds,
        )

    def _measured(self, path: str, content_type: str, head: bytes, size_bytes: int) -> Measured:
        if content_type.startswith("image/"):
            return Measured(*(dimensions_of(head, content_type) or ()))
        return measure_playable(self.storage, path, size_bytes)


class _Counted:
    """Passes chunks on, counting and hashing them, and keeps leases alive meanwhile."""

    def __init__(self, chunks: Iterator[bytes], renewals: Sequence[Callable[[], None]]) -> None:
        self._chunks = chunks
        self._renewals = renewals
        self.size_bytes = 0
        self.sha256 = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size_bytes += len(chunk)
            self.sha256.update(chunk)
            for renew in self._renewals:
                renew()
            yield chunk


def _peek(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first HEAD_BYTES, and an iterator over everything including them."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= HEAD_BYTES:
            break

    def whole() -> Iterator[bytes]:
        yield head
        yield from chunks

    return head, whole()
