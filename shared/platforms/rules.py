"""Preflight: what each platform takes, as data, and the one procedure that judges a post by it.

The same code runs before anything is queued (on what the request declares) and just before publishing (on what was measured).
A rule that needs a fact that is not known yet says nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from shared.media.media import MediaItem
from shared.platforms.content import Content
from shared.platforms.names import PLATFORMS

MIB = 1 << 20


@dataclass(frozen=True)
class Problem:
    """One thing a platform will not take: a stable rule id and a sentence that says what to change."""

    rule: str
    message: str
    field: str = "text"


@dataclass(frozen=True)
class MediaLimits:
    """Of one kind of file; sizes in bytes."""

    content_types: frozenset[str]
    max_bytes: int
    # How people call the accepted types.
    types_in_words: str


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
    # A video may come with an image as its cover.
    takes_cover: bool

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


Judge = Callable[[Draft], list[Problem]]


def compose(content: Content, capability: Capability) -> Draft:
    """Which of the post's files go where on this platform."""
    video = next((item for item in content.media if item.field.endswith("videoUrl")), None)
    companions = tuple(item for item in content.media if ".imageUrls" in item.field)
    if video is None or not companions:
        return Draft(content.text, content.media)
    if capability.mixes and content.media_type == "image":
        return Draft(content.text, content.media)
    rest = tuple(item for item in content.media if item not in companions)
    if capability.takes_cover:
        left_out = companions[1:]
        notes = (f"{len(left_out)} further images were left out: a video takes one cover.",) if left_out else ()
        return Draft(content.text, rest, companions[0], notes)
    return Draft(content.text, rest, None, (f"The images were left out: {capability.label} shows none beside a video.",))


def judge_media(draft: Draft, capability: Capability) -> list[Problem]:
    """Number, kinds, types and sizes of the draft's files."""
    platform, label = capability.platform, capability.label
    images = [item for item in draft.media if item.kind == "image"]
    videos = [item for item in draft.media if item.kind == "video"]
    problems: list[Problem] = []
    if not draft.media and not capability.text_only:
        problems.append(Problem(f"{platform}.media_required", f"{label} takes no text-only posts: add an image or a video."))
    if images and videos and not capability.mixes:
        message = f"{label} takes images or a video in one post, not both."
        problems.append(Problem(f"{platform}.no_mixed_media", message, videos[0].field))
    if len(images) > capability.max_images:
        message = f"{label} takes at most {capability.max_images} images in a post; this one has {len(images)}."
        problems.append(Problem(f"{platform}.too_many_images", message, images[capability.max_images].field))
    if len(videos) > capability.max_videos:
        message = f"{label} takes at most {capability.max_videos} video in a post; this one has {len(videos)}."
        problems.append(Problem(f"{platform}.too_many_videos", message, videos[capability.max_videos].field))
    for item in (*draft.media, *([draft.cover] if draft.cover else [])):
        problems += _judge_file(item, capability)
    return problems


def _judge_file(item: MediaItem, capability: Capability) -> list[Problem]:
    platform, label = capability.platform, capability.label
    if item.kind == "unknown":
        if item.stored is None:
            return []
        message = f"{label} takes images and videos; this file is {item.stored.content_type}."
        return [Problem(f"{platform}.media_type", message, item.field)]
    limits = capability.images if item.kind == "image" else capability.videos
    problems: list[Problem] = []
    if item.content_type is not None and item.content_type not in limits.content_types:
        message = f"{label} takes {item.kind}s as {limits.types_in_words}; this file is {item.content_type}."
        problems.append(Problem(f"{platform}.{item.kind}_type", message, item.field))
    if item.size_bytes is not None and item.size_bytes > limits.max_bytes:
        message = (
            f"{label} takes {item.kind}s of at most {limits.max_bytes // MIB} MiB; this one has {item.size_bytes / MIB:.1f} MiB."
        )
        problems.append(Problem(f"{platform}.{item.kind}_size", message, item.field))
    return problems


def with_stored(draft: Draft, stored: Sequence[MediaItem]) -> Draft:
    """The draft with its files replaced by their measured copies (matched by field)."""
    by_field = {item.field: item for item in stored}
    return replace(
        draft,
        media=tuple(by_field[item.field] for item in draft.media),
        cover=by_field[draft.cover.field] if draft.cover else None,
    )
