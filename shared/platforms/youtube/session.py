"""A resumable upload session: what YouTube has of the file can be asked at any time, and the last byte makes the video, once.

Handle: `session` = its address, which is a credential and lives about a week; `size` of the file.
"""

from dataclasses import dataclass
from typing import Any

from shared.http.client import HttpAnswer, HttpRequest
from shared.media.media import StoredMedia
from shared.platforms.failure import PlatformFailure
from shared.platforms.platform import Publication
from shared.platforms.youtube.errors import failure_of

# A multiple of 256 KiB, as the protocol wants.
CHUNK_BYTES = 8 << 20


@dataclass(frozen=True)
class Incomplete:
    """YouTube has the first `received` bytes."""

    received: int


@dataclass(frozen=True)
class Complete:
    """The video is there."""

    video_id: str


class Gone(Exception):
    """The session has lapsed, or never was."""


def last_chunk_start(size: int) -> int:
    return (size - 1) // CHUNK_BYTES * CHUNK_BYTES


def probe(publication: Publication) -> Incomplete | Complete:
    """Raises Gone or PlatformFailure."""
    return _put(publication, f"bytes */{publication.handle['size']}", b"", "application/octet-stream")


def send(publication: Publication, stored: StoredMedia, start: int, until: int | None = None) -> Incomplete | Complete:
    """The chunk that begins at `start` and ends before `until`; without that, with the file's last byte, it is the public call.

    Raises Gone or PlatformFailure.
    """
    end = min(start + CHUNK_BYTES, until or stored.size_bytes)
    content = publication.storage.read(stored.storage_path, start, end - start)
    return _put(publication, f"bytes {start}-{end - 1}/{stored.size_bytes}", content, stored.content_type)


def _put(publication: Publication, content_range: str, content: bytes, content_type: str) -> Incomplete | Complete:
    headers = {"Content-Type": content_type, "Content-Range": content_range, "Content-Length": str(len(content))}
    answer = publication.http.send(HttpRequest("PUT", publication.handle["session"], headers=headers, content=content))
    match answer.status:
        case 200 | 201:
            return Complete(_id_in(answer))
        case 308:
            return Incomplete(_received(answer))
        case 404 | 410:
            raise Gone
        case _:
            raise failure_of(answer, publication.now())


def _id_in(answer: HttpAnswer) -> str:
    video: dict[str, Any] = answer.json()
    if not video.get("id"):
        raise PlatformFailure("outcome_unknown", "YouTube answered without the video's id", http_status=answer.status)
    return str(video["id"])


def _received(answer: HttpAnswer) -> int:
    """`Range: bytes=0-999` is a thousand; no such header is nothing."""
    _, _, last = answer.headers.get("range", "").rpartition("-")
    return int(last) + 1 if last.isdecimal() else 0
