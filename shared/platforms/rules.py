"""Preflight: what each platform takes, as data, and the one procedure that judges a post by it.

The same code runs before anything is queued (on what the request declares), once its files are copied, and just before publishing
(on what was measured). A rule that needs a fact that is not measured yet says nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.core.platforms import PLATFORMS
from shared.core.text import is_blank
from shared.media.media import MediaItem
from shared.platforms.media_limits import MediaLimits, Problem, validate_file


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
    # Of a post's text, in the units in which the platform counts; some accounts, and some kinds of posts, may have more.
    max_text: int
    text_unit: str
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
    # What is worth telling about a post that is taken.
    remarks: "Callable[[Draft], Sequence[Problem]]" = lambda _: ()
    # altText is taken for videos, too.
    describes_videos: bool = False

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
    # What the platform says of the account; nothing, where it said nothing.
    facts: Mapping[str, Any] = field(default_factory=dict)

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
        what = "a video" if not capability.max_images else "an image or a video"
        problems.append(Problem(f"{platform}.media_required", f"{label} takes no text-only posts: add {what}."))
    if not draft.media and capability.text_only and is_blank(draft.text) and not draft.options.get("link"):
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
        problems += validate_file(item, capability.platform, capability.images if item.kind == "image" else capability.videos)
    if draft.cover is not None and capability.cover is not None:
        problems += validate_file(draft.cover, capability.platform, capability.cover)
    return problems


def too_long(platform: str, text: str, limit: int, *, counted: int | None = None, unit: str = "characters") -> list[Problem]:
    """The problem of a text over its limit; `counted` where the platform counts otherwise than by code points."""
    length = len(text) if counted is None else counted
    if length <= limit:
        return []
    message = f"{PLATFORMS[platform]} takes texts of at most {limit} {unit}; this one has {length}."
    return [Problem(f"{platform}.text_too_long", message)]
