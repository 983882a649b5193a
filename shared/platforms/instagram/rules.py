"""What Instagram takes. Source: Meta's content publishing and ig-user/media reference, v25.0."""

import re

from shared.platforms.rules import MIB, Capability, Draft, MediaLimits, Problem, judge_media

MAX_CAPTION_CHARACTERS = 2200
MAX_HASHTAGS = 30
MAX_MENTIONS = 20
MAX_CAROUSEL_ITEMS = 10

CAPABILITY = Capability(
    platform="instagram",
    text_only=False,
    max_images=MAX_CAROUSEL_ITEMS,
    images=MediaLimits(frozenset({"image/jpeg"}), 8 * MIB, "JPEG"),
    max_videos=MAX_CAROUSEL_ITEMS,
    # Meta's pages say 300 MB and 1 GB for reels; the smaller is safe under both.
    videos=MediaLimits(frozenset({"video/mp4", "video/quicktime"}), 300 * MIB, "MP4 or MOV"),
    mixes=True,
    takes_cover=True,
)


def judge(draft: Draft) -> list[Problem]:
    problems = judge_media(draft, CAPABILITY)
    if len(draft.media) > MAX_CAROUSEL_ITEMS:
        message = f"Instagram takes at most {MAX_CAROUSEL_ITEMS} items in a carousel; this post has {len(draft.media)}."
        problems.append(Problem("instagram.too_many_items", message, draft.media[MAX_CAROUSEL_ITEMS].field))
    if len(draft.text) > MAX_CAPTION_CHARACTERS:
        message = f"Instagram takes captions of at most {MAX_CAPTION_CHARACTERS} characters; this one has {len(draft.text)}."
        problems.append(Problem("instagram.text_too_long", message))
    for rule, sign, limit, name in (
        ("too_many_hashtags", "#", MAX_HASHTAGS, "hashtags"),
        ("too_many_mentions", "@", MAX_MENTIONS, "mentions"),
    ):
        number = len(re.findall(rf"{sign}\w", draft.text))
        if number > limit:
            message = f"Instagram takes at most {limit} {name} in a caption; this one has {number}."
            problems.append(Problem(f"instagram.{rule}", message))
    return problems
