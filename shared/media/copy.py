"""Copies what a post names by URL into our storage, once per submission and URL, whichever run needs it first.

(nothing) ─create─► copying ─► ready        the others wait
                      │  └───► failed       for good: every run that needs the file fails with the same reason
                      └ lease over: the next run takes it
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.core.clock import Clock
from shared.core.errors import SokuError
from shared.core.ids import random_base62
from shared.core.wait import Wait
from shared.documents.document import Conflict, Create, Document, Documents, Update
from shared.documents.lease import Fenced, Lease, Term
from shared.media.fetch import Fetcher, FetchFailed, FetchRefused
from shared.media.measure import HEAD_BYTES, Measured, content_type_of, dimensions_of, extension_of, measure_playable
from shared.media.media import StoredMedia, media_path
from shared.media.storage import Storage, StorageUnavailable

# A copier that died is replaced after this long; a live one renews its lease between chunks.
TERM = Term(timedelta(seconds=60))
LOOK_AGAIN_SECONDS = 3.0
TRY_AGAIN_SECONDS = 10.0
# How often an address that fails is asked, and how many copiers may die of a file.
MAX_TRIES, MAX_CLAIMS = 5, 8
# Our own storage's failures are waited out, as long as the run may wait.
MAX_OUTAGE_PAUSE_SECONDS = 300.0
_OTHERS_AT_IT = Wait(LOOK_AGAIN_SECONDS, "the file is being copied")


class CopyFailed(SokuError):
    """The file cannot be had; the message says why, in words for the customer."""


@dataclass
class _Claim:
    """The right to copy, and what earlier copiers met."""

    lease: Lease
    tries: int
    outages: int


@dataclass(frozen=True)
class Copier:
    """Copies for one run: `uid` will own the file, `keep_alive` is called between chunks."""

    documents: Documents
    storage: Storage
    fetcher: Fetcher
    clock: Clock
    uid: str
    keep_alive: Callable[[], None]

    def copied(self, submission_path: str, url: str) -> StoredMedia | Wait:
        """The stored copy of `url` for this submission. Raises CopyFailed, and Fenced where `keep_alive` does."""
        path = f"{submission_path}/media/{hashlib.sha256(url.encode()).hexdigest()[:32]}"
        try:
            return self._copied(path, url)
        except Conflict:
            return _OTHERS_AT_IT
        except Fenced as fenced:
            if fenced.path != path:
                raise
            return _OTHERS_AT_IT

    def _copied(self, path: str, url: str) -> StoredMedia | Wait:
        [document] = self.documents.get(path)
        if document is not None:
            match document.fields["status"]:
                case "ready":
                    return StoredMedia.from_fields(document.fields)
                case "failed":
                    raise CopyFailed(document.fields["error"])
                case _ if TERM.is_held(document.fields, self.clock.now()):
                    return _OTHERS_AT_IT
                case _ if document.fields["tries"] >= MAX_CLAIMS:
                    # Its copiers died or gave up, every one.
                    reason = "the file could not be copied"
                    self.documents.commit(Update(path, {"status": "failed", "error": reason}, if_version=document.version))
                    raise CopyFailed(reason)
                case _:
                    pass
        return self._copy(self._claim(path, url, document), url)

    def _claim(self, path: str, url: str, document: Document | None) -> _Claim:
        tries = document.fields["tries"] + 1 if document else 1
        outages = document.fields.get("outages", 0) if document else 0
        made = {} if document else {"uid": self.uid, "url": url, "createdAt": self.clock.now()}
        changes = {**made, "status": "copying", "tries": tries}
        version = document.version if document else None
        lease = Lease.claim(path, TERM, changes, if_version=version, documents=self.documents, clock=self.clock)
        return _Claim(lease, tries, outages)

    def _copy(self, claim: _Claim, url: str) -> StoredMedia | Wait:
        try:
            stored = self._store(url, claim)
        except StorageUnavailable as error:
            return self._after_outage(claim, error)
        except (FetchRefused, FetchFailed) as error:
            if isinstance(error, FetchRefused) or claim.tries >= MAX_TRIES:
                claim.lease.write({"status": "failed", "error": str(error), **TERM.over()})
                raise CopyFailed(str(error)) from error
            # Released, so that the next try may begin as soon as its time has come.
            claim.lease.write({"leaseUntil": self.clock.now()})
            return Wait(TRY_AGAIN_SECONDS * claim.tries, str(error))
        media = {"uid": self.uid, "createdAt": self.clock.now(), **stored.to_fields()}
        ready = {"status": "ready", **TERM.over(), **stored.to_fields()}
        claim.lease.write(ready, Create(media_path(stored.media_id), media))
        return stored

    def _after_outage(self, claim: _Claim, error: StorageUnavailable) -> Wait:
        """Not the file's fault, so not one of its tries."""
        outages = claim.outages + 1
        claim.lease.write({"leaseUntil": self.clock.now(), "tries": claim.tries - 1, "outages": outages})
        return Wait(min(TRY_AGAIN_SECONDS * outages, MAX_OUTAGE_PAUSE_SECONDS), str(error))

    def _store(self, url: str, claim: _Claim) -> StoredMedia:
        counted = _Counted(self.fetcher.fetch(url), (self.keep_alive, claim.lease.keep_alive))
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
