"""What Instagram takes. Source: Meta's content publishing and ig-user/media reference, v25.0."""

import re

from shared.platforms.instagram.options import Options
from shared.platforms.media_limits import MIB, MediaLimits, Problem
from shared.platforms.rules import Capability, Draft, OptionUse, too_long, validate_media

MAX_CAPTION_CHARACTERS = 2200
MAX_HASHTAGS = 30
SURE_HASHTAGS = 5
MAX_MENTIONS = 20
MAX_CAROUSEL_ITEMS = 10
STORY_VIDEO_BYTES = 100 * MIB
STORY_SECONDS = (3.0, 60.0)
# An address's #part is no hashtag, and an e-mail address mentions nobody.
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_HASHTAG = re.compile(r"#\w")
_MENTION = re.compile(r"(?<![\w.+-])@\w")

_IMAGES = MediaLimits(frozenset({"image/jpeg"}), 8 * MIB, "JPEG", min_ratio=4 / 5, max_ratio=1.91)
CAPABILITY = Capability(
    platform="instagram",
    max_text=MAX_CAPTION_CHARACTERS,
    text_unit="characters",
    text_only=False,
    max_images=MAX_CAROUSEL_ITEMS,
    images=_IMAGES,
    max_videos=MAX_CAROUSEL_ITEMS,
    # Meta's pages say 300 MB and 1 GB for reels; the smaller is safe under both.
    videos=MediaLimits(
        frozenset({"video/mp4", "video/quicktime"}),
        300 * MIB,
        "MP4 or MOV",
        min_seconds=3,
        max_seconds=15 * 60,
        min_ratio=0.01,
        max_ratio=10,
        max_width=1920,
        min_rate=23,
        max_rate=60,
        codecs=frozenset({"AVC", "HEVC"}),
        codecs_in_words="H.264 or H.265",
        chroma="4:2:0",
    ),
    mixes=True,
    remarks=lambda draft: _remarks(draft),
    cover=MediaLimits(frozenset({"image/jpeg"}), 8 * MIB, "JPEG"),
    cover_option="coverUrl",
    uses=(
        OptionUse("altText", "images", lambda draft: draft.has_images and not draft.is_story),
        OptionUse("shareToFeed", "a reel", lambda draft: draft.is_one_video, idle=(None, True)),
    ),
)


def _remarks(draft: Draft) -> list[Problem]:
    number = len(_HASHTAG.findall(_LINK.sub(" ", draft.text)))
    if number <= SURE_HASHTAGS:
        return []
    message = (
        f"The caption has {number} hashtags: Meta's pages allow {MAX_HASHTAGS}, others found that Instagram shows {SURE_HASHTAGS}."
    )
    return [Problem("instagram.many_hashtags", message)]


def validate(draft: Draft) -> list[Problem]:
    options = Options.read(draft.options)
    problems = validate_media(draft, CAPABILITY)
    if draft.is_story:
        # Stories fill the screen: an image of any shape is taken.
        problems = [problem for problem in problems if problem.rule != "instagram.image_ratio"] + _validate_story(draft)
    if len(draft.media) > MAX_CAROUSEL_ITEMS:
        message = f"Instagram takes at most {MAX_CAROUSEL_ITEMS} items in a carousel; this post has {len(draft.media)}."
        problems.append(Problem("instagram.too_many_items", message, draft.media[MAX_CAROUSEL_ITEMS].field))
    problems += too_long("instagram", draft.text, MAX_CAPTION_CHARACTERS)
    prose = _LINK.sub(" ", draft.text)
    for rule, sign, limit, name in (
        ("too_many_hashtags", _HASHTAG, MAX_HASHTAGS, "hashtags"),
        ("too_many_mentions", _MENTION, MAX_MENTIONS, "mentions"),
    ):
        number = len(sign.findall(prose))
        if number > limit:
            message = f"Instagram takes at most {limit} {name} in a caption; this one has {number}."
            problems.append(Problem(f"instagram.{rule}", message))
    if draft.is_story and options.first_comment is not None:
        problems.append(
            Problem("instagram.story_comment", "A story takes no comments: leave firstComment out.", "options.firstComment")
        )
    return problems


def _validate_story(draft: Draft) -> list[Problem]:
    if len(draft.media) > 1:
        return [Problem("instagram.story_media", "An Instagram story is one image or one video.", draft.media[1].field)]
    stored = draft.video.stored if draft.video else None
    if draft.video is None or stored is None:
        return []
    shortest, longest = STORY_SECONDS
    if stored.duration_seconds is not None and not shortest <= stored.duration_seconds <= longest:
        message = f"An Instagram story's video lasts {shortest:g} to {longest:g} s; this one {stored.duration_seconds:g} s."
        return [Problem("instagram.story_duration", message, draft.video.field)]
    if stored.size_bytes > STORY_VIDEO_BYTES:
        message = f"An Instagram story's video has at most {STORY_VIDEO_BYTES // MIB} MiB."
        return [Problem("instagram.story_size", message, draft.video.field)]
    return []
