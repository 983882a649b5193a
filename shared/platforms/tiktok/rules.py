"""What TikTok takes. Source: developers.tiktok.com, Content Posting API (media transfer guide, direct post, photo post)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shared.platforms.media_limits import MIB, MediaLimits, Problem
from shared.platforms.rules import Capability, Draft, OptionUse, too_long, validate_media
from shared.platforms.tiktok.options import Options

MAX_VIDEO_TITLE = 2200
MAX_PHOTO_TITLE = 90
MAX_PHOTO_DESCRIPTION = 4000

CAPABILITY = Capability(
    platform="tiktok",
    max_text=MAX_VIDEO_TITLE,
    text_unit="characters, of which an emoji counts 2",
    text_only=False,
    max_images=35,
    images=MediaLimits(frozenset({"image/jpeg", "image/webp"}), 20 * MIB, "JPEG or WebP", max_sides=(1080, 1920)),
    max_videos=1,
    # How long a video may be depends on the creator (3, 5 or 10 minutes), whom TikTok is asked about just before publishing.
    videos=MediaLimits(
        frozenset({"video/mp4", "video/quicktime", "video/webm"}),
        4096 * MIB,
        "MP4, MOV or WebM",
        max_seconds=600,
        min_sides=(360, 360),
        max_side=4096,
        min_rate=23,
        max_rate=60,
        codecs=frozenset({"AVC", "HEVC", "VP8", "VP9"}),
        codecs_in_words="H.264, H.265, VP8 or VP9",
    ),
    mixes=False,
    uses=(
        OptionUse("disableDuet", "a video", lambda draft: draft.is_one_video),
        OptionUse("disableStitch", "a video", lambda draft: draft.is_one_video),
        OptionUse("coverAtMs", "a video", lambda draft: draft.is_one_video),
        OptionUse("autoAddMusic", "images", lambda draft: draft.has_images and draft.video is None),
    ),
)


def utf16_length(text: str) -> int:
    """TikTok counts titles in UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def of_account(facts: Mapping[str, Any]) -> Capability:
    """What this creator may post, as TikTok has said last."""
    longest = facts.get("maxVideoSeconds")
    return CAPABILITY if not longest else replace(CAPABILITY, videos=replace(CAPABILITY.videos, max_seconds=float(longest)))


def validate(draft: Draft) -> list[Problem]:
    options = Options.read(draft.options)
    problems = validate_media(draft, CAPABILITY)
    units = "characters (an emoji counts 2)"
    limit = MAX_PHOTO_DESCRIPTION if draft.media and draft.video is None else MAX_VIDEO_TITLE
    problems += too_long("tiktok", draft.text, limit, counted=utf16_length(draft.text), unit=units)
    if options.title is not None and utf16_length(options.title) > MAX_PHOTO_TITLE:
        message = f"TikTok takes photo titles of at most {MAX_PHOTO_TITLE} {units}; this one has {utf16_length(options.title)}."
        problems.append(Problem("tiktok.title_too_long", message, "options.title"))
    if options.title is not None and draft.video is not None:
        message = "On TikTok a video's text is its title: leave title out, or say it differently there with text."
        problems.append(Problem("tiktok.video_title", message, "options.title"))
    if options.branded_content and options.privacy_level == "SELF_ONLY":
        message = "TikTok shows branded content to more people than oneself: choose another privacyLevel."
        problems.append(Problem("tiktok.branded_content_private", message, "options.privacyLevel"))
    stored = draft.video.stored if draft.video else None
    if (
        options.cover_at_ms is not None
        and stored
        and stored.duration_seconds
        and options.cover_at_ms > stored.duration_seconds * 1000
    ):
        message = f"The video lasts {stored.duration_seconds:g} s: coverAtMs lies behind its end."
        problems.append(Problem("tiktok.cover_outside", message, "options.coverAtMs"))
    return problems
