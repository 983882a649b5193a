"""What X takes. Sources: docs.x.com (media, counting characters; videos as of 2026-09-01), twitter-text
configuration v3."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shared.platforms.media_limits import MIB, MediaLimits, Problem
from shared.platforms.rules import Capability, Draft, OptionUse, validate_media
from shared.platforms.x.cost import POST, POST_WITH_LINK, texts_of
from shared.platforms.x.options import Options
from shared.platforms.x.weighted_length import links_of, weighted_length, without_links

MAX_WEIGHTED_LENGTH = 280
# Of accounts with Premium.
PREMIUM_WEIGHTED_LENGTH, PREMIUM_VIDEO_SECONDS = 25_000, 125 * 60
MAX_GIF_SIDES = (1280, 1080)
# X says 8 GB; its upload takes 999 segments of 5 MB.
MAX_VIDEO_MIB = 4763
# An e-mail address mentions nobody.
_MENTION = re.compile(r"(?<![\w@.])@\w{1,15}(?![\w@])", re.ASCII)
_CASHTAG = re.compile(r"(?<![^\s])\$[A-Z]{1,6}(?:[._][A-Z]{1,2})?(?![\w$])", re.ASCII)

CAPABILITY = Capability(
    platform="x",
    max_text=MAX_WEIGHTED_LENGTH,
    text_unit="weighted characters",
    text_only=True,
    max_images=4,
    images=MediaLimits(
        frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"}),
        5 * MIB,
        "JPEG, PNG, WebP or GIF",
        # Of animated GIFs; a photo is far below.
        max_frames=350,
        max_pixels=300_000_000,
        max_bytes_by_type={"image/gif": 15 * MIB},
    ),
    max_videos=1,
    videos=MediaLimits(
        frozenset({"video/mp4", "video/quicktime", "video/webm"}),
        MAX_VIDEO_MIB * MIB,
        "MP4, MOV or WebM",
        min_seconds=0.5,
        max_seconds=20 * 60,
        min_ratio=1 / 3,
        max_ratio=3,
        min_sides=(32, 32),
        max_rate=60,
        codecs=frozenset({"AVC", "HEVC", "VP8", "VP9"}),
        codecs_in_words="H.264, H.265, VP8 or VP9",
        chroma="4:2:0",
    ),
    mixes=False,
    uses=(OptionUse("altText", "images", lambda draft: draft.has_images),),
    remarks=lambda draft: _remarks(draft),
)


def validate(draft: Draft) -> list[Problem]:
    capability = of_account(draft.facts)
    longest = capability.max_text
    problems = validate_media(draft, capability) + _validate_length(draft.text, longest, "text", "x.text_too_long")
    thread = Options.read(draft.options).thread
    for number, post in enumerate(thread):
        problems += _validate_length(post, longest, f"options.thread.{number}", "x.thread_text_too_long")
    for field, text in (("text", draft.text), *((f"options.thread.{n}", post) for n, post in enumerate(thread))):
        if len(set(_CASHTAG.findall(text.upper()))) > 1:
            problems.append(Problem("x.too_many_cashtags", "X takes one cashtag ($ABC) in a post; this one has several.", field))
    gifs = [item for item in draft.media if item.content_type == "image/gif"]
    if gifs and len(draft.media) > 1:
        problems.append(Problem("x.gif_alone", "X takes an animated GIF alone in a post.", gifs[0].field))
    width, height = MAX_GIF_SIDES
    for item in gifs:
        if item.stored and ((item.stored.width or 0) > width or (item.stored.height or 0) > height):
            shape = f"{item.stored.width} × {item.stored.height}"
            message = f"X takes GIFs of at most {width} × {height} pixels; this one has {shape}."
            problems.append(Problem("x.image_dimensions", message, item.field))
    return problems


def of_account(facts: Mapping[str, Any]) -> Capability:
    """What this account may post. Of whom nothing is known, has no Premium."""
    if facts.get("premium") is not True:
        return CAPABILITY
    videos = replace(CAPABILITY.videos, max_seconds=PREMIUM_VIDEO_SECONDS)
    return replace(CAPABILITY, max_text=PREMIUM_WEIGHTED_LENGTH, videos=videos)


def _remarks(draft: Draft) -> list[Problem]:
    told: list[Problem] = []
    texts = texts_of(draft)
    if with_links := sum(bool(links_of(text)) for text in texts):
        what = "The text contains a link" if len(texts) == 1 else f"{with_links} of the {len(texts)} texts contain a link"
        told.append(Problem("x.link_cost", f"{what}: X charges its app ${POST_WITH_LINK} for it, in place of ${POST}."))
    if any(_MENTION.search(without_links(text)) for text in texts):
        message = "The text mentions somebody: X may refuse mentions by apps of those who have not engaged with the account."
        told.append(Problem("x.mentions", message))
    return told


def _validate_length(text: str, longest: int, field: str, rule: str) -> list[Problem]:
    length = weighted_length(text)
    if length <= longest:
        return []
    message = (
        f"X takes texts of at most {longest:,} from this account (a link counts 23, an emoji or a CJK character 2); "
        f"this one counts {length}."
    )
    return [Problem(rule, message, field)]
