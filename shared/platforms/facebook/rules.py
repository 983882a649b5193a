"""What Facebook Pages take. Sources: Meta's reels publishing guide (2026-07-30), Graph API's page/photos and page/videos."""

from shared.media.measure import VERSION
from shared.platforms.facebook.options import Options
from shared.platforms.media_limits import MIB, MediaLimits, Problem
from shared.platforms.rules import Capability, Draft, OptionUse, too_long, validate_media

MAX_MESSAGE_CHARACTERS = 63_206
REEL_SECONDS = (3.0, 90.0)
STORY_SECONDS = (3.0, 60.0)
REEL_SIDES = (540, 960)
REEL_RATES = (24.0, 60.0)
# More than Soku takes in one post: attached media have no documented number.
MAX_IMAGES = 50

CAPABILITY = Capability(
    platform="facebook",
    max_text=MAX_MESSAGE_CHARACTERS,
    text_unit="characters",
    text_only=True,
    max_images=MAX_IMAGES,
    # Meta's pages say 10 MB, an error text of its API 4 MB; what it refuses in between, it refuses before anything is public.
    images=MediaLimits(frozenset({"image/jpeg", "image/png"}), 10 * MIB, "JPEG or PNG"),
    max_videos=1,
    videos=MediaLimits(frozenset({"video/mp4", "video/quicktime"}), 1024 * MIB, "MP4 or MOV", min_seconds=1, max_seconds=4 * 3600),
    mixes=False,
    uses=(
        OptionUse("altText", "images", lambda draft: draft.has_images and not draft.is_story),
        OptionUse("title", "a video", lambda draft: draft.is_one_video),
    ),
)


def is_reel(draft: Draft) -> bool:
    """As the target wishes; else whatever makes a good reel becomes one, as Meta itself shows page videos by now."""
    wish = Options.read(draft.options).reel
    if draft.video is None or draft.is_story or wish is not None:
        return bool(wish) and draft.video is not None and not draft.is_story
    return not _unfit_as_reel(draft)


def validate(draft: Draft) -> list[Problem]:
    options = Options.read(draft.options)
    problems = validate_media(draft, CAPABILITY) + too_long("facebook", draft.text, MAX_MESSAGE_CHARACTERS)
    if options.link is not None and draft.media:
        message = "Facebook shows a link or files, not both: leave the link out, or write it into the text."
        problems.append(Problem("facebook.link_beside_media", message, "options.link"))
    if options.reel and draft.video is None:
        problems.append(Problem("facebook.reel_media", "A Facebook reel is one video: add one, or leave reel out.", "options.reel"))
    elif options.reel and draft.video is not None:
        problems += [Problem("facebook.reel_video", message, draft.video.field) for message in _unfit_as_reel(draft)]
    if options.story and options.reel:
        problems.append(
            Problem("facebook.story_or_reel", "A post is a story or a reel: leave one of the two out.", "options.story")
        )
    if options.story and len(draft.media) != 1:
        problems.append(Problem("facebook.story_media", "A Facebook story is one image or one video.", "options.story"))
    elif options.story and draft.video is not None and (stored := draft.video.stored) and stored.duration_seconds is not None:
        shortest, longest = STORY_SECONDS
        if not shortest <= stored.duration_seconds <= longest:
            message = f"A video in a Facebook story lasts {shortest:g} to {longest:g} s; this one {stored.duration_seconds:g} s."
            problems.append(Problem("facebook.story_duration", message, draft.video.field))
    return problems


def _unfit_as_reel(draft: Draft) -> list[str]:
    """What keeps the measured video from being a reel; nothing, too, where nothing was measured."""
    stored = draft.video.stored if draft.video else None
    if stored is None:
        return []
    found: list[str] = []
    shortest, longest = REEL_SECONDS
    if stored.duration_seconds is not None and not shortest <= stored.duration_seconds <= longest:
        found.append(f"A Facebook reel lasts {shortest:g} to {longest:g} s; this video {stored.duration_seconds:g} s.")
    slowest, fastest = REEL_RATES
    if stored.frame_rate is not None and not slowest * 0.99 <= stored.frame_rate <= fastest * 1.01:
        rates = f"{slowest:g} to {fastest:g} frames a second"
        found.append(f"A Facebook reel has {rates}; this video {stored.frame_rate:g}.")
    if stored.measured_by >= VERSION and None in (stored.duration_seconds, stored.width, stored.frame_rate):
        found.append("A Facebook reel's length, sides and frame rate are known; this video does not tell all of them.")
    if stored.width and stored.height:
        width, height = REEL_SIDES
        if stored.width * 16 > stored.height * 9 * 1.02 or stored.width < width or stored.height < height:
            shape = f"{stored.width} × {stored.height}"
            found.append(f"A Facebook reel is upright, 9:16, of at least {width} × {height} pixels; this video has {shape}.")
    return found
