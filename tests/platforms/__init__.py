"""What every suite has to know of a platform to test it: one file each, found by convention, read by all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from typing import Any

from shared.core.platforms import PLATFORMS
from shared.platforms.content import Content
from shared.tasks.task import ingest

# What is sent as `content`, or as a target's `options`.
Json = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of post whose workers are killed at every call (tests/faults/kills.py), and what may honestly become of it."""

    content: Json
    # A reply follows the post.
    thread: bool = False
    # The account's tokens are good for so long from now, and are so old; None: they work for ever.
    lives: timedelta | None = None
    issued: timedelta = timedelta(hours=2)
    # The queue whose first task is lost, so that it is the sweeper that starts the post.
    lose: str = ""
    # Which functions are struck on its way.
    functions: tuple[str, ...] = ("publisher",)
    # From just before this address on, the outcome is one that the platform tells nobody.
    unknowable_from: str = ""
    # From this address on, a refresh token that works once may have been used for nothing.
    loses_tokens_from: str = ""
    # At this address a request that never left is looked for longest.
    slow_from: str = ""
    # Ways of failing at a public call that is made again which take longer to be seen through than a test may.
    not_again: tuple[str, ...] = ()
    # Started, or renewed ahead of time, by the sweeper: its platform's faults are tried with other kinds.
    by_the_sweeper: bool = False


@dataclass(frozen=True)
class PlatformCases:
    """`posts` and `faults` are for the real stack, `histories` for simulated ones, the rest for the tests of units."""

    # The account's name on the consent page in histories, or several.
    account: str
    # (content, how many files it has there)
    posts: Sequence[tuple[Json, int]]
    # (kind of fault at the public call, how the post ends)
    faults: Sequence[tuple[str, str]]
    kinds: Mapping[str, Kind]
    # (mediaIds, options) of the posts of a history
    histories: Sequence[tuple[list[str], Json]]
    # (content, the rules that it breaks)
    rules: Sequence[tuple[Content, list[str]]]
    # (content, options, the end of a request's address, what the request says)
    options: Sequence[tuple[Json, Json, str, Json]]
    # (options, the field that is refused)
    bad_options: Sequence[tuple[Json, str]]
    # A request that any account may make: method and address.
    ask: tuple[str, str]
    # The steps at which processing may begin to fail, and those that histories do not meet.
    processing: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    # A single file that the platform takes.
    media: Json = field(default_factory=lambda: {"imageUrls": [PHOTO]})
    # Where a platform that revokes tokens says whose they are: that tells whether they still work.
    who: tuple[str, str] | None = None
    # It names what it published only by a listing that may fail, or by what came before.
    may_be_nameless: bool = False
    may_lack_address: bool = False
    # Posts are known again by what they show, so that of two alike nobody may be able to say which one is there.
    known_by_looks: bool = False
    # It takes the same text from an account only once.
    refuses_copies: bool = False
    # Files have names there that only this run has: posts with files are told apart.
    files_have_names: bool = False
    # Its tokens are renewed by themselves, or not at all: a refused one is the end of the account.
    renewed_by_itself: bool = False


MEDIA = "https://example.com"
PHOTO, VERTICAL, VIDEO = f"{MEDIA}/photo.jpg", f"{MEDIA}/vertical.mp4", f"{MEDIA}/video.mp4"
PHOTOS = [f"{MEDIA}/{name}" for name in ("photo.jpg", "image.jpg", "my-image.jpg", "photo.png")]
# Whose posts they are, and the queue that their files go through.
RANGE = "range"
INGESTING = ingest("", RANGE).queue.name
# So soon over that whoever publishes has to renew it.
REFRESH_NOW = timedelta(minutes=1)
# The files of histories (tests/faults/posts.py).
ONE, TWO, FILM = ["photoone"], ["photoone", "phototwo"], ["video"]
COVER = PHOTO


def cases_of(platform: str) -> PlatformCases:
    return import_module(f"tests.platforms.{platform}").CASES


def all_cases() -> Mapping[str, PlatformCases]:
    return {platform: cases_of(platform) for platform in PLATFORMS}
