"""What is this file really? Its type is read from its first bytes, never taken from its name or headers."""

import filetype

# Enough for every signature.
HEAD_BYTES = 1 << 14

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
# QuickTime files older than brands begin with one of these boxes (QuickTime File Format Specification, "Overview").
_FIRST_BOXES = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
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


# Every type we store.
CONTENT_TYPES = tuple(_EXTENSIONS)


def content_type_of(head: bytes) -> str | None:
    """One of the types we store, or None for everything else: HTML and SVG could run as pages from our address."""
    if head[4:8] == b"ftyp" and head[8:12] in _BRANDS:
        return _BRANDS[head[8:12]]
    guessed = filetype.guess_mime(head[:HEAD_BYTES])
    if guessed is None and head[4:8] in _FIRST_BOXES:
        return "video/quicktime"
    return guessed if guessed in _EXTENSIONS else None


def is_page(head: bytes) -> bool:
    """Whether it is what people see in a browser where they expected a file."""
    beginning = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return beginning.startswith((b"<!doctype html", b"<html", b"<head", b"<script", b"<body"))


def extension_of(content_type: str) -> str:
    return _EXTENSIONS[content_type]
