"""What X takes. Sources: docs.x.com (media, counting characters), twitter-text configuration v3."""

from shared.platforms.rules import MIB, Capability, Draft, MediaLimits, Problem, judge_media
from shared.platforms.x.weighted_length import weighted_length

MAX_WEIGHTED_LENGTH = 280

CAPABILITY = Capability(
    platform="x",
    text_only=True,
    max_images=4,
    images=MediaLimits(frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"}), 5 * MIB, "JPEG, PNG, WebP or GIF"),
    max_videos=1,
    videos=MediaLimits(frozenset({"video/mp4", "video/quicktime", "video/webm"}), 512 * MIB, "MP4, MOV or WebM"),
    mixes=False,
    takes_cover=False,
)


def judge(draft: Draft) -> list[Problem]:
    problems = judge_media(draft, CAPABILITY)
    length = weighted_length(draft.text)
    if length > MAX_WEIGHTED_LENGTH:
        message = (
            f"X takes texts of at most {MAX_WEIGHTED_LENGTH} (a link counts 23, an emoji or a CJK character 2); "
            f"this one counts {length}."
        )
        problems.append(Problem("x.text_too_long", message))
    gifs = [item for item in draft.media if item.content_type == "image/gif"]
    if gifs and len(draft.media) > 1:
        problems.append(Problem("x.gif_alone", "X takes an animated GIF alone in a post.", gifs[0].field))
    return problems
