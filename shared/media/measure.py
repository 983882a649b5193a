"""What is this file really? Its type is read from its first bytes, never taken from its name or headers.

Images tell their size there too (imagesize). How long a video or a sound lasts may stand anywhere in it: MediaInfo (pymediainfo,
with the library in its wheel) reads just the parts of the stored file that say so.
"""

from dataclasses import dataclass
from io import SEEK_CUR, SEEK_END, BytesIO
from typing import Any

import filetype
import imagesize

from shared.media.storage import Storage

# Enough for every signature, and for the size fields of images with a usual amount of metadata before them.
HEAD_BYTES = 1 << 18

# ISO base media files say what they are in their brand; filetype knows only the commonest.
_BRANDS = {
    b"M4V ": "video/mp4",
    b"avc1": "video/mp4",
    b"dash": "video/mp4",
    b"iso2": "video/mp4",
    b"iso4": "video/mp4",
    b"iso5": "video/mp4",
    b"iso6": "video/mp4",
    b"mp41": "video/mp4",
    b"mp42": "video/mp4",
    b"MSNV": "video/mp4",
    b"qt  ": "video/quicktime",
}
_EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/heic": "heic",
    "image/avif": "avif",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/x-wav": "wav",
    "audio/ogg": "ogg",
}


def content_type_of(head: bytes) -> str | None:
    """One of the types we store, or None for everything else: HTML and SVG could run as pages from our address."""
    if head[4:8] == b"ftyp" and head[8:12] in _BRANDS:
        return _BRANDS[head[8:12]]
    guessed = filetype.guess_mime(head)
    return guessed if guessed in _EXTENSIONS else None


def extension_of(content_type: str) -> str:
    return _EXTENSIONS[content_type]


def dimensions_of(head: bytes, content_type: str) -> tuple[int, int] | None:
    """An image's width and height in pixels, where its first bytes tell."""
    if not content_type.startswith("image/"):
        return None
    try:
        width, height = imagesize.get(BytesIO(head))
    except (ValueError, OSError):
        return None
    return (int(width), int(height)) if width > 0 and height > 0 else None


@dataclass(frozen=True)
class Measured:
    """Pixels as they are shown (turned, if the file says so), and seconds; None where the file does not tell."""

    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None


def measure_playable(storage: Storage, path: str, size_bytes: int) -> Measured:
    """A stored video's or sound's facts. Raises StorageUnavailable."""
    # Imported here: loading it takes 100 ms, and most posts have no video.
    from pymediainfo import MediaInfo

    file: Any = StoredFile(storage, path, size_bytes)
    try:
        tracks: list[Any] = MediaInfo.parse(file).tracks
    except (RuntimeError, ValueError, OSError):
        # Broken beyond reading: the platform will say so.
        return Measured()
    video = next((track for track in tracks if track.track_type == "Video"), None)
    general = next((track for track in tracks if track.track_type == "General"), None)
    milliseconds = next((t.duration for t in (general, video) if t is not None and t.duration), None)
    seconds = float(milliseconds) / 1000 if milliseconds else None
    if video is None or not video.width or not video.height:
        return Measured(duration_seconds=seconds)
    sides = (int(video.width), int(video.height))
    width, height = sides[::-1] if float(video.rotation or 0) % 180 == 90 else sides
    return Measured(width, height, seconds)


class StoredFile:
    """A file in our storage as MediaInfo reads one: it asks for 64 KiB at a time, here or there."""

    mode = "rb"
    # What is read at once, as each reading is a request: a header seldom needs more than one.
    WINDOW_BYTES = 1 << 20

    def __init__(self, storage: Storage, path: str, size_bytes: int) -> None:
        self._storage, self._path, self._size = storage, path, size_bytes
        self._position = 0
        self._window_start, self._window = 0, b""

    def read(self, length: int) -> bytes:
        start, end = self._position, min(self._position + length, self._size)
        if start >= end:
            return b""
        if not self._window_start <= start or end > self._window_start + len(self._window):
            wanted = min(max(self.WINDOW_BYTES, end - start), self._size - start)
            self._window_start, self._window = start, self._storage.read(self._path, start, wanted)
        self._position = end
        return self._window[start - self._window_start : end - self._window_start]

    def seek(self, offset: int, whence: int = 0) -> int:
        origin = {SEEK_CUR: self._position, SEEK_END: self._size}.get(whence, 0)
        self._position = max(0, origin + offset)
        return self._position

    def tell(self) -> int:
        return self._position
