"""Sends a video to TikTok in chunks, all but the last: the last one makes it a post, and is the public call.

Handle: `publish_id`, `upload` = where the chunks go (a credential, good for an hour), `sent` = chunks that TikTok has.
"""

from dataclasses import dataclass

from shared.http.client import HttpRequest
from shared.media.media import StoredMedia
from shared.platforms.failure import PlatformFailure
from shared.platforms.platform import Publication, stored_of
from shared.platforms.tiktok.errors import failure_of

# TikTok: chunks of 5 to 64 MB, a last one with the remainder, up to 128 MB. With these the last has less than 20 MB.
CHUNK_BYTES = 10_000_000


@dataclass(frozen=True)
class Chunks:
    """How a file of `size` bytes is cut: `count` chunks of `chunk_bytes`, the last with all the rest."""

    size: int
    chunk_bytes: int
    count: int

    @staticmethod
    def of(size: int) -> "Chunks":
        count = max(1, size // CHUNK_BYTES)
        return Chunks(size, size if count == 1 else CHUNK_BYTES, count)

    def range(self, index: int) -> tuple[int, int]:
        """First and last byte of a chunk."""
        first = index * self.chunk_bytes
        return first, self.size - 1 if index == self.count - 1 else first + self.chunk_bytes - 1


def send_all_but_last(publication: Publication) -> None:
    stored = stored_of(publication.draft.media[0])
    chunks = Chunks.of(stored.size_bytes)
    for index in range(publication.handle.get("sent", 0), chunks.count - 1):
        status = _put(publication, stored, chunks, index)
        if status != 206:
            raise PlatformFailure("transient", f"TikTok took a chunk in the middle as the last ({status})", http_status=status)
        publication.save(sent=index + 1)


def send_last(publication: Publication) -> None:
    """The public call."""
    stored = stored_of(publication.draft.media[0])
    chunks = Chunks.of(stored.size_bytes)
    status = _put(publication, stored, chunks, chunks.count - 1)
    if status != 201:
        raise PlatformFailure("outcome_unknown", f"TikTok answered {status} to the last chunk", http_status=status)


def _put(publication: Publication, stored: StoredMedia, chunks: Chunks, index: int) -> int:
    first, last = chunks.range(index)
    headers = {"Content-Type": stored.content_type, "Content-Range": f"bytes {first}-{last}/{chunks.size}"}
    content = publication.storage.read(stored.storage_path, first, last - first + 1)
    answer = publication.http.send(HttpRequest("PUT", publication.handle["upload"], headers=headers, content=content))
    if answer.status in (201, 206):
        return answer.status
    if answer.status in (403, 404, 416):
        # The address expired, or TikTok counts otherwise than we do. An upload that was perhaps completed is also gone by now.
        perhaps_complete = index == chunks.count - 1 and publication.intents > 1
        raise PlatformFailure(
            "transient",
            f"TikTok's upload has lapsed ({answer.status})",
            http_status=answer.status,
            starts_over=not perhaps_complete,
        )
    raise failure_of(answer)
