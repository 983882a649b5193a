"""What a platform takes of one kind of file, as data, and the procedure that judges a file by it.

A file that is not measured yet is judged by nothing but its kind: what its name says of its type is a hint. What was measured, and
yet is not known, counts as not fulfilled.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from shared.core.platforms import PLATFORMS
from shared.media.measure import VERSION
from shared.media.media import MediaItem, StoredMedia

MIB = 1 << 20


@dataclass(frozen=True)
class Problem:
    """One thing a platform will not take: a stable rule id and a sentence that says what to change."""

    rule: str
    message: str
    field: str = "text"


@dataclass(frozen=True)
class MediaLimits:
    """Of one kind of file; sizes in bytes, lengths in pixels and seconds, rates in pictures a second. A ratio is width divided by
    height; sides are the shorter and the longer one."""

    content_types: frozenset[str]
    max_bytes: int
    # How people call the accepted types.
    types_in_words: str
    min_seconds: float | None = None
    max_seconds: float | None = None
    min_ratio: float | None = None
    max_ratio: float | None = None
    min_sides: tuple[int, int] | None = None
    max_sides: tuple[int, int] | None = None
    max_side: int | None = None
    max_width: int | None = None
    min_rate: float | None = None
    max_rate: float | None = None
    # As MediaInfo calls them, and how people do.
    codecs: frozenset[str] = frozenset()
    codecs_in_words: str = ""
    chroma: str | None = None
    # Of an animated GIF, and the pixels of all of them together.
    max_frames: int | None = None
    max_pixels: int | None = None
    # Where one type may be larger or must be smaller than the others.
    max_bytes_by_type: Mapping[str, int] = field(default_factory=dict)


def validate_file(item: MediaItem, platform: str, limits: MediaLimits) -> list[Problem]:
    label, file = PLATFORMS[platform], item.stored
    if file is None:
        return []
    if item.kind == "unknown":
        message = f"{label} takes images and videos; this file is {file.content_type}."
        return [Problem(f"{platform}.media_type", message, item.field)]
    found = (broken for judge in _JUDGES for broken in judge(file, item.kind, limits))
    return [
        Problem(f"{platform}.{item.kind}_{rule}", f"{label} takes {item.kind}s {message}.", item.field) for rule, message in found
    ]


# Their streams say it, and measurements with them. VP8 has 4:2:0 only, and VP9 in all but its rarer profiles.
_TELLS_CHROMA = frozenset({"AVC", "HEVC"})

# A rule's last word, and how the sentence goes on that begins with "X takes images".
Broken = tuple[str, str]


def _type_and_size(file: StoredMedia, kind: str, limits: MediaLimits) -> Iterator[Broken]:
    if file.content_type not in limits.content_types:
        yield "type", f"as {limits.types_in_words}; this file is {file.content_type}"
    max_bytes = limits.max_bytes_by_type.get(file.content_type, limits.max_bytes)
    if file.size_bytes > max_bytes:
        yield "size", f"of at most {max_bytes // MIB} MiB; this one has {file.size_bytes / MIB:.1f} MiB"


def _readability(file: StoredMedia, kind: str, limits: MediaLimits) -> Iterator[Broken]:
    """Older measurements said less: what they do not say may be so or so."""
    if file.measured_by < VERSION:
        return
    if not file.width or not file.height:
        what = "a picture" if kind == "video" else "a width and a height"
        yield "unreadable", f"that have {what}; in this file none can be found"
    elif kind == "video" and _has_limit(limits.min_seconds, limits.max_seconds) and file.duration_seconds is None:
        yield "unreadable", "whose length can be read; this file does not tell how long it lasts"
    elif kind == "video" and _has_limit(limits.min_rate, limits.max_rate) and file.frame_rate is None:
        yield "unreadable", "whose frame rate can be read; this file does not tell it"
    elif limits.chroma and file.video_codec in _TELLS_CHROMA and file.chroma is None:
        yield "unreadable", "whose chroma subsampling can be read; this file does not tell it"


def _length(file: StoredMedia, kind: str, limits: MediaLimits) -> Iterator[Broken]:
    seconds = file.duration_seconds
    if seconds is not None and not (limits.min_seconds or 0) <= seconds <= (limits.max_seconds or math.inf):
        yield "duration", f"of {_range(limits.min_seconds, limits.max_seconds, ' s')}; this one lasts {seconds:g} s"


def _shape(file: StoredMedia, kind: str, limits: MediaLimits) -> Iterator[Broken]:
    width, height = file.width, file.height
    if not width or not height:
        return
    shape = f"this one has {width} × {height} pixels"
    # A pixel more or less is nobody's mistake.
    if not (limits.min_ratio or 0) * 0.99 <= width / height <= (limits.max_ratio or math.inf) * 1.01:
        yield "ratio", f"whose width is {_range(limits.min_ratio, limits.max_ratio, ' times')} their height; {shape}"
    shorter, longer = sorted((width, height))
    if limits.min_sides and (shorter < limits.min_sides[0] or longer < limits.min_sides[1]):
        yield "dimensions", f"of at least {limits.min_sides[0]} × {limits.min_sides[1]} pixels; {shape}"
    if limits.max_sides and (shorter > limits.max_sides[0] or longer > limits.max_sides[1]):
        most = f"{limits.max_sides[0]} pixels on their shorter side and {limits.max_sides[1]} on the longer"
        yield "dimensions", f"of at most {most}; {shape}"
    if width > (limits.max_width or math.inf):
        yield "dimensions", f"of at most {limits.max_width} pixels in width; {shape}"
    if longer > (limits.max_side or math.inf):
        yield "dimensions", f"of at most {limits.max_side} pixels a side; {shape}"


def _pictures(file: StoredMedia, kind: str, limits: MediaLimits) -> Iterator[Broken]:
    rate = file.frame_rate if kind == "video" else None
    # 23.976 and 59.94 are called 24 and 60; phones vary a little around what they say.
    if rate is not None and not (limits.min_rate or 0) * 0.99 <= rate <= (limits.max_rate or math.inf) * 1.01:
        wanted = _range(limits.min_rate, limits.max_rate, " frames a second")
        yield "frame_rate", f"of {wanted}; this one has {rate:g}"
    told = file.video_codec or "a codec that cannot be told"
    is_measured = file.measured_by >= VERSION and kind == "video"
    if limits.codecs and (is_measured or file.video_codec is not None) and file.video_codec not in limits.codecs:
        yield "codec", f"in {limits.codecs_in_words}; this one is in {told}"
    if limits.chroma and file.chroma is not None and file.chroma != limits.chroma:
        yield "chroma", f"with chroma subsampling {limits.chroma}; this one has {file.chroma}"
    frames = file.frames or 1
    if frames > (limits.max_frames or math.inf):
        yield "frames", f"of at most {limits.max_frames} frames; this one has {frames}"
    pixels = (file.width or 0) * (file.height or 0) * frames
    if pixels > (limits.max_pixels or math.inf):
        yield "pixels", f"of at most {limits.max_pixels:,} pixels, those of all frames together; this one has {pixels:,}"


_JUDGES: tuple[Callable[[StoredMedia, str, MediaLimits], Iterator[Broken]], ...] = (
    _type_and_size,
    _readability,
    _length,
    _shape,
    _pictures,
)


def _has_limit(least: float | None, most: float | None) -> bool:
    return least is not None or most is not None


def _range(least: float | None, most: float | None, unit: str) -> str:
    if least is None:
        return f"at most {most:.4g}{unit}"
    return f"at least {least:.4g}{unit}" if most is None else f"{least:.4g} to {most:.4g}{unit}"
