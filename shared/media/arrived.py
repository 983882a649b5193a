"""What a direct upload has put into the private bucket, read as a fetcher reads an address. For `ingest` only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.media.fetch import FetchRefused
from shared.media.intake import Unfit
from shared.media.media import StoredMedia
from shared.media.storage import ObjectMissing, Storage

PART_BYTES = 4 << 20


class NothingArrived(FetchRefused):
    """It may still come."""


@dataclass(frozen=True)
class ArrivedFile:
    """A Fetcher whose addresses are objects' paths. `size_bytes` are to come, and hardly more is read.

    Raises FetchRefused (NothingArrived among them) and StorageUnavailable.
    """

    storage: Storage
    size_bytes: int

    def fetch(self, url: str) -> Iterator[bytes]:
        total = 0
        while total < self.size_bytes:
            left = self.size_bytes - total
            # The last part asks for one byte more than there should be.
            wanted = PART_BYTES if left > PART_BYTES else left + 1
            part = self._part(url, total, wanted)
            total += len(part)
            if len(part) < min(wanted, left) or total > self.size_bytes:
                arrived = "more" if total > self.size_bytes else f"{total} bytes"
                raise FetchRefused(f"the upload declared {self.size_bytes} bytes, and {arrived} arrived")
            yield part

    def _part(self, path: str, start: int, length: int) -> bytes:
        try:
            return self.storage.read(path, start, length)
        except ObjectMissing as error:
            raise NothingArrived("nothing has arrived at its uploadUrl yet, or not all") from error


def require_as_declared(stored: StoredMedia, declared: Mapping[str, Any]) -> None:
    """Raises Unfit."""
    if stored.content_type != declared["contentType"]:
        raise Unfit(f"the file is {stored.content_type}, and the upload declared {declared['contentType']}")
    if declared["sha256"] is not None and stored.sha256 != declared["sha256"]:
        raise Unfit(f"the file's SHA-256 is {stored.sha256}, and the upload declared another")
