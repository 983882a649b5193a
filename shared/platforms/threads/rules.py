"""What Threads takes. Source: developers.facebook.com/docs/threads."""

import re

from shared.platforms.media_limits import MIB, MediaLimits, Problem
from shared.platforms.rules import Capability, Draft, OptionUse, too_long, validate_media

# Meta's page says characters, and emoji by their bytes; its API counts all of the text in bytes, as its users found.
MAX_BYTES = 500
MAX_LINKS = 5
MAX_CAROUSEL_ITEMS = 20

CAPABILITY = Capability(
    platform="threads",
    max_text=MAX_BYTES,
    text_unit="bytes in UTF-8",
    text_only=True,
    max_images=MAX_CAROUSEL_ITEMS,
    images=MediaLimits(frozenset({"image/jpeg", "image/png"}), 8 * MIB, "JPEG or PNG", min_ratio=0.1, max_ratio=10),
    max_videos=MAX_CAROUSEL_ITEMS,
    videos=MediaLimits(
        frozenset({"video/mp4", "video/quicktime"}),
        1024 * MIB,
        "MP4 or MOV",
        max_seconds=300,
        max_width=1920,
        min_rate=23,
        max_rate=60,
        codecs=frozenset({"AVC", "HEVC"}),
        codecs_in_words="H.264 or H.265",
    ),
    mixes=True,
    describes_videos=True,
    uses=(OptionUse("altText", "images and videos", lambda draft: bool(draft.media)),),
)


def validate(draft: Draft) -> list[Problem]:
    problems = validate_media(draft, CAPABILITY)
    if len(draft.media) > MAX_CAROUSEL_ITEMS:
        message = f"Threads takes at most {MAX_CAROUSEL_ITEMS} items in a carousel; this post has {len(draft.media)}."
        problems.append(Problem("threads.too_many_items", message, draft.media[MAX_CAROUSEL_ITEMS].field))
    unit = "bytes in UTF-8 (an accented letter or a curly quote counts 2 or 3, an emoji 4 or more)"
    problems += too_long("threads", draft.text, MAX_BYTES, counted=len(draft.text.encode()), unit=unit)
    links = len(set(re.findall(r"https?://\S+", draft.text)))
    if links > MAX_LINKS:
        problems.append(Problem("threads.too_many_links", f"Threads takes at most {MAX_LINKS} links; this text has {links}."))
    return problems
