"""What Snapchat takes. Source: developers.snap.com, Public Profile API (asset management), and clients written from it."""

from shared.platforms.media_limits import MIB, MediaLimits, Problem
from shared.platforms.rules import Capability, Draft, OptionUse, too_long, validate_media
from shared.platforms.snapchat.options import Options

MAX_DESCRIPTION_CHARACTERS = 160
# Most sources say that a Spotlight lasts at least six seconds, one says five.
SPOTLIGHT_SECONDS = 6.0

CAPABILITY = Capability(
    platform="snapchat",
    max_text=MAX_DESCRIPTION_CHARACTERS,
    text_unit="characters",
    text_only=False,
    max_images=1,
    images=MediaLimits(frozenset({"image/jpeg", "image/png"}), 20 * MIB, "JPEG or PNG"),
    max_videos=1,
    videos=MediaLimits(
        frozenset({"video/mp4"}),
        500 * MIB,
        "MP4",
        min_seconds=5,
        max_seconds=60,
        max_ratio=9 / 16,
        min_sides=(540, 960),
    ),
    mixes=False,
    images_are_stories=True,
    uses=(OptionUse("locale", "a Spotlight", lambda draft: draft.is_one_video),),
)


def validate(draft: Draft) -> list[Problem]:
    problems = validate_media(draft, CAPABILITY)
    problems += too_long("snapchat", draft.text, MAX_DESCRIPTION_CHARACTERS)
    if Options.read(draft.options).story is False and draft.media and all(item.kind == "image" for item in draft.media):
        message = "Snapchat shows an image as a story only: leave story out, or give a video."
        problems.append(Problem("snapchat.image_is_story", message, "options.story"))
    if Options.read(draft.options).spotlight and draft.media and draft.video is None and draft.media[0].kind == "image":
        message = "A Snapchat Spotlight is a video: give one, or leave spotlight out."
        problems.append(Problem("snapchat.spotlight_media", message, "options.spotlight"))
    stored = draft.video.stored if draft.video else None
    if draft.video is not None and stored is not None and not draft.is_story:
        seconds = stored.duration_seconds
        if seconds is not None and CAPABILITY.videos.min_seconds and CAPABILITY.videos.min_seconds <= seconds < SPOTLIGHT_SECONDS:
            message = (
                f"A Snapchat Spotlight lasts at least {SPOTLIGHT_SECONDS:g} s; this video {seconds:g} s. A story may be shorter."
            )
            problems.append(Problem("snapchat.spotlight_duration", message, draft.video.field))
    return problems
