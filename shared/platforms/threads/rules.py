"""What Threads takes. Source: developers.facebook.com/docs/threads."""

import re

from shared.platforms.rules import MIB, Capability, Draft, MediaLimits, OptionUse, Problem, too_long, validate_media

MAX_CHARACTERS = 500
MAX_LINKS = 5
MAX_CAROUSEL_ITEMS = 20
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\u20e3\U000e0020-\U000e007f]")

CAPABILITY = Capability(
    platform="threads",
    text_only=True,
    max_images=MAX_CAROUSEL_ITEMS,
    images=MediaLimits(frozenset({"image/jpeg", "image/png"}), 8 * MIB, "JPEG or PNG", min_ratio=0.1, max_ratio=10),
    max_videos=MAX_CAROUSEL_ITEMS,
    videos=MediaLimits(frozenset({"video/mp4", "video/quicktime"}), 1024 * MIB, "MP4 or MOV", max_seconds=300, max_width=1920),
    mixes=True,
    uses=(OptionUse("altText", "images and videos", lambda draft: bool(draft.media)),),
)


def length_of(text: str) -> int:
    """Characters; an emoji counts by its UTF-8 bytes, the stricter of the two readings of Meta's page."""
    return sum(len(character.encode()) if _EMOJI.match(character) else 1 for character in text)


def validate(draft: Draft) -> list[Problem]:
    problems = validate_media(draft, CAPABILITY)
    if len(draft.media) > MAX_CAROUSEL_ITEMS:
        message = f"Threads takes at most {MAX_CAROUSEL_ITEMS} items in a carousel; this post has {len(draft.media)}."
        problems.append(Problem("threads.too_many_items", message, draft.media[MAX_CAROUSEL_ITEMS].field))
    problems += too_long("threads", draft.text, MAX_CHARACTERS, counted=length_of(draft.text))
    links = len(set(re.findall(r"https?://\S+", draft.text)))
    if links > MAX_LINKS:
        problems.append(Problem("threads.too_many_links", f"Threads takes at most {MAX_LINKS} links; this text has {links}."))
    return problems
