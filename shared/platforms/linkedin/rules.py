"""What LinkedIn takes. Source: learn.microsoft.com/linkedin (posts, images, videos API), by references written from it."""

import re

from shared.platforms.media_limits import MIB, MediaLimits, Problem
from shared.platforms.rules import Capability, Draft, OptionUse, too_long, validate_media

MAX_COMMENTARY_CHARACTERS = 3000
MIN_VIDEO_BYTES = 75_000
MAX_PIXELS = 36_152_320

CAPABILITY = Capability(
    platform="linkedin",
    max_text=MAX_COMMENTARY_CHARACTERS,
    text_unit="characters",
    text_only=True,
    max_images=20,
    # LinkedIn names a number of pixels and no size; an image goes there in one request.
    images=MediaLimits(frozenset({"image/jpeg", "image/png", "image/gif"}), 20 * MIB, "JPEG, PNG or GIF", max_frames=250),
    max_videos=1,
    videos=MediaLimits(frozenset({"video/mp4"}), 500 * MIB, "MP4", min_seconds=3, max_seconds=30 * 60),
    mixes=False,
    uses=(
        OptionUse("altText", "images", lambda draft: draft.has_images),
        OptionUse("title", "a video", lambda draft: draft.is_one_video),
    ),
)


def validate(draft: Draft) -> list[Problem]:
    problems = validate_media(draft, CAPABILITY) + too_long("linkedin", draft.text, MAX_COMMENTARY_CHARACTERS)
    for item in draft.media:
        stored = item.stored
        if stored is None:
            continue
        if item.kind == "video" and stored.size_bytes < MIN_VIDEO_BYTES:
            message = (
                f"LinkedIn takes videos of at least {MIN_VIDEO_BYTES // 1000} kB; this one has {stored.size_bytes / 1000:.0f} kB."
            )
            problems.append(Problem("linkedin.video_too_small", message, item.field))
        if item.kind == "image" and (stored.width or 0) * (stored.height or 0) > MAX_PIXELS:
            message = f"LinkedIn takes images of at most {MAX_PIXELS:,} pixels; this one has {stored.width} × {stored.height}."
            problems.append(Problem("linkedin.image_pixels", message, item.field))
    return problems


def escaped(text: str) -> str:
    """As LinkedIn's "little text": what would be markup is escaped, or LinkedIn silently cuts off the rest. Hashtags stay."""
    return re.sub(r"[\\|{}@\[\]()<>*_~]|#(?!\w)", lambda found: "\\" + found[0], text)
