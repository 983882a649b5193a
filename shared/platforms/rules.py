"""Preflight: what each platform takes, as data, and the one procedure that judges a post by it.

The same code runs before anything is queued (on what the request declares) and just before publishing (on what was measured).
A rule that needs a fact that is not known yet says nothing.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.core.platforms import PLATFORMS
from shared.media.media import MediaItem

MIB = 1 << 20


@dataclass(frozen=True)
class Problem:
    """One thing a platform will not take: a stable rule id and a sentence that says what to change."""

    rule: str
    message: str
    field: str = "text"


@dataclass(frozen=True)
class MediaLimits:
    """Of one kind of file; sizes in bytes, lengths in pixels and seconds. A ratio is width divided by height."""

    content_types: frozenset[str]
    max_bytes: int
    # How people call the accepted types.
    types_in_words: str
    min_seconds: float | None = None
    max_seconds: float | None = None
    min_ratio: float | None = None
    max_ratio: float | None = None
    # Of the shorter and of the longer side.
    min_sides: tuple[int, int] | None = None
    max_side: int | None = None
    max_width: int | None = None
    # Where one type may be larger or must be smaller than the others.
    max_bytes_by_type: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class OptionUse:
    """An option that a platform has a use for only in some posts: `with_what` says in which. `idle` are values that say nothing."""

    option: str
    with_what: str
    applies: "Callable[[Draft], bool]"
    idle: tuple[Any, ...] = (None, False, [])


@dataclass(frozen=True)
class Capability:
    """What a platform takes (the capability matrix, one row)."""

    platform: str
    text_only: bool
    max_images: int
    images: MediaLimits
    max_videos: int
    videos: MediaLimits
    # Images and videos in one post.
    mixes: bool
    # A video may come with an image as its cover, of this kind; the option that names it.
    cover: MediaLimits | None = None
    cover_option: str = ""
    # An image becomes a story, which shows no text.
    images_are_stories: bool = False
    uses: tuple[OptionUse, ...] = ()

    @property
    def label(self) -> str:
        return PLATFORMS[self.platform]


@dataclass(frozen=True)
class Draft:
    """A post as one platform will show it: `media` in order, `cover` for a video, `notes` on what was left out."""

    text: str
    media: tuple[MediaItem, ...] = ()
    cover: MediaItem | None = None
    notes: tuple[str, ...] = field(default_factory=tuple)
    # The target's options as they were given, already valid.
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_story(self) -> bool:
        return bool(self.options.get("story"))

    @property
    def has_images(self) -> bool:
        return any(item.kind == "image" for item in self.media)

    @property
    def is_one_video(self) -> bool:
        """A story is none: it stands by itself."""
        return len(self.media) == 1 and self.video is not None and not self.is_story

    @property
    def video(self) -> MediaItem | None:
        """The first video."""
        return next((item for item in self.media if item.kind == "video"), None)


Validate = Callable[[Draft], list[Problem]]


def validate_media(draft: Draft, capability: Capability) -> list[Problem]:
    """Number, kinds, types and sizes of the draft's files."""
    platform, label = capability.platform, capability.label
    images = [item for item in draft.media if item.kind == "image"]
    videos = [item for item in draft.media if item.kind == "video"]
    problems: list[Problem] = []
    if not draft.media and not capability.text_only:
        problems.append(Problem(f"{platform}.media_required", f"{label} takes no text-only posts: add an image or a video."))
    if not draft.media and capability.text_only and not draft.text.strip() and not draft.options.get("link"):
        problems.append(Problem(f"{platform}.text_required", f"{label} takes no empty posts: add a text, an image or a video."))
    if images and videos and not capability.mixes:
        message = f"{label} takes images or a video in one post, not both."
        problems.append(Problem(f"{platform}.no_mixed_media", message, videos[0].field))
    if images and not capability.max_images:
        message = f"{label} takes no images: give a video."
        return [*problems, Problem(f"{platform}.too_many_images", message, images[0].field)]
    if len(images) > capability.max_images:
        message = f"{label} takes at most {capability.max_images} images in a post; this one has {len(images)}."
        problems.append(Problem(f"{platform}.too_many_images", message, images[capability.max_images].field))
    if len(videos) > capability.max_videos:
        message = f"{label} takes at most {capability.max_videos} video in a post; this one has {len(videos)}."
        problems.append(Problem(f"{platform}.too_many_videos", message, videos[capability.max_videos].field))
    for item in draft.media:
        problems += validate_file(item, capability, capability.images if item.kind == "image" else capability.videos)
    if draft.cover is not None and capability.cover is not None:
        problems += validate_file(draft.cover, capability, capability.cover)
    return problems


def validate_file(item: MediaItem, capability: Capability, limits: MediaLimits) -> list[Problem]:
    platform, label = capability.platform, capability.label
    if item.kind == "unknown":
        if item.stored is None:
            return []
        message = f"{label} takes images and videos; this file is {item.stored.content_type}."
        return [Problem(f"{platform}.media_type", message, item.field)]
    problems: list[Problem] = []

    def problem(rule: str, message: str) -> None:
        problems.append(Problem(f"{platform}.{item.kind}_{rule}", f"{label} takes {item.kind}s {message}.", item.field))

    if item.content_type is not None and item.content_type not in limits.content_types:
        problem("type", f"as {limits.types_in_words}; this file is {item.content_type}")
    max_bytes = limits.max_bytes_by_type.get(item.content_type or "", limits.max_bytes)
    if item.size_bytes is not None and item.size_bytes > max_bytes:
        problem("size", f"of at most {max_bytes // MIB} MiB; this one has {item.size_bytes / MIB:.1f} MiB")
    seconds = item.stored.duration_seconds if item.stored else None
    if seconds is not None and not (limits.min_seconds or 0) <= seconds <= (limits.max_seconds or math.inf):
        problem("duration", f"of {_range(limits.min_seconds, limits.max_seconds, ' s')}; this one lasts {seconds:g} s")
    if item.stored is not None and item.stored.width and item.stored.height:
        problems += _validate_shape(item, item.stored.width, item.stored.height, capability, limits)
    return problems


def _validate_shape(item: MediaItem, width: int, height: int, capability: Capability, limits: MediaLimits) -> list[Problem]:
    platform, label, shape = capability.platform, capability.label, f"{width} × {height} pixels"
    problems: list[Problem] = []
    # A pixel more or less is nobody's mistake.
    if not (limits.min_ratio or 0) * 0.99 <= width / height <= (limits.max_ratio or math.inf) * 1.01:
        message = (
            f"{label} takes {item.kind}s whose width is {_range(limits.min_ratio, limits.max_ratio, ' times')} their height; "
            f"this one has {shape}."
        )
        problems.append(Problem(f"{platform}.{item.kind}_ratio", message, item.field))
    shorter, longer = limits.min_sides or (0, 0)
    if min(width, height) < shorter or max(width, height) < longer:
        message = f"{label} takes {item.kind}s of at least {shorter} × {longer} pixels; this one has {shape}."
        problems.append(Problem(f"{platform}.{item.kind}_dimensions", message, item.field))
    if width > (limits.max_width or math.inf):
        message = f"{label} takes {item.kind}s of at most {limits.max_width} pixels in width; this one has {shape}."
        problems.append(Problem(f"{platform}.{item.kind}_dimensions", message, item.field))
    if max(width, height) > (limits.max_side or math.inf):
        message = f"{label} takes {item.kind}s of at most {limits.max_side} pixels a side; this one has {shape}."
        problems.append(Problem(f"{platform}.{item.kind}_dimensions", message, item.field))
    return problems


def _range(least: float | None, most: float | None, unit: str) -> str:
    if least is None:
        return f"at most {most:.4g}{unit}"
    return f"at least {least:.4g}{unit}" if most is None else f"{least:.4g} to {most:.4g}{unit}"


def too_long(platform: str, text: str, limit: int, *, counted: int | None = None, unit: str = "characters") -> list[Problem]:
    """The problem of a text over its limit; `counted` where the platform counts otherwise than by code points."""
    length = len(text) if counted is None else counted
    if length <= limit:
        return []
    message = f"{PLATFORMS[platform]} takes texts of at most {limit} {unit}; this one has {length}."
    return [Problem(f"{platform}.text_too_long", message)]
