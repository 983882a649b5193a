"""What is this file really? Its type is read from its first bytes, never taken from its name or headers."""

from io import BytesIO

import filetype
import imagesize

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
