"""What YouTube takes. Source: the Data API's videos resource; lengths as its error names and its users tell them."""

from shared.core.text import is_blank
from shared.platforms.media_limits import MIB, MediaLimits, Problem
from shared.platforms.rules import Capability, Draft, too_long, validate_media
from shared.platforms.youtube.options import Options

MAX_TITLE_CHARACTERS = 100
MAX_DESCRIPTION_BYTES = 5000
MAX_TAGS_CHARACTERS = 500

CAPABILITY = Capability(
    platform="youtube",
    max_text=MAX_DESCRIPTION_BYTES,
    text_unit="bytes in UTF-8",
    text_only=False,
    max_images=0,
    images=MediaLimits(frozenset(), 0, "nothing"),
    max_videos=1,
    # 12 hours need a verified channel, others may post 15 minutes; the API does not say which one this is.
    videos=MediaLimits(
        frozenset({"video/mp4", "video/quicktime", "video/webm"}), 256 * 1024 * MIB, "MP4, MOV or WebM", max_seconds=12 * 3600
    ),
    mixes=False,
    cover=MediaLimits(frozenset({"image/jpeg", "image/png"}), 50 * MIB, "JPEG or PNG"),
    cover_option="thumbnailUrl",
)


def title_of(draft: Draft) -> str:
    """The option's, or else the text's first line, shortened, without what YouTube takes in no title."""
    given = Options.read(draft.options).title
    if given is not None:
        return given
    lines = [line.strip() for line in draft.text.replace("<", "").replace(">", "").splitlines()]
    first = next((line for line in lines if not is_blank(line)), "")
    return first if len(first) <= MAX_TITLE_CHARACTERS else first[: MAX_TITLE_CHARACTERS - 1].rstrip() + "…"


def validate(draft: Draft) -> list[Problem]:
    options = Options.read(draft.options)
    problems = validate_media(draft, CAPABILITY)
    if not title_of(draft):
        message = "A YouTube video needs a title: give a text, whose first line it will be, or options.title."
        problems.append(Problem("youtube.title_required", message))
    if options.title is not None and len(options.title) > MAX_TITLE_CHARACTERS:
        message = f"YouTube takes titles of at most {MAX_TITLE_CHARACTERS} characters; this one has {len(options.title)}."
        problems.append(Problem("youtube.title_too_long", message, "options.title"))
    tags = [(f"options.tags.{number}", tag) for number, tag in enumerate(options.tags)]
    for field, text in (("text", draft.text), ("options.title", options.title or ""), *tags):
        if "<" in text or ">" in text:
            message = "YouTube takes no < or > in titles, descriptions and tags: leave them out, or say it differently there."
            problems.append(Problem("youtube.angle_brackets", message, field))
    problems += too_long("youtube", draft.text, MAX_DESCRIPTION_BYTES, counted=len(draft.text.encode()), unit="bytes")
    # As YouTube counts: a comma between two tags, and quotes around one with a blank.
    length = sum(len(tag) + (2 if " " in tag else 0) for tag in options.tags) + max(0, len(options.tags) - 1)
    if length > MAX_TAGS_CHARACTERS:
        message = f"YouTube takes tags of at most {MAX_TAGS_CHARACTERS} characters in all; these have {length}."
        problems.append(Problem("youtube.tags_too_long", message, "options.tags"))
    return problems
