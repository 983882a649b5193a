"""What a platform has to be able to do, and what it gets to do it with.

prepare     repeatable: upload, make containers, ask whether they are ready; keeps handles    ─► Ready | Wait
publish     the public call: the one, not idempotent, that makes the post public             ─► Published | Wait, while the platform
            goes on by itself; `find` tells the outcome
find        read-only: is it public after all?             ─► Found | Absent | Repeatable | NotListed | Unknowable | Failed | Wait
permalink   read-only, after the id is safe; may fail harmlessly
listed      read-only: what the account shows since the first public call, newest first, for a person to look through
follow_ups  what is sent once the post is public: a thread's items, a first comment, a thumbnail; may fail, into a warning
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from shared.core.wait import Wait
from shared.http.client import Http
from shared.media.media import MediaItem, StoredMedia
from shared.media.storage import Storage
from shared.platforms.credentials import Credentials
from shared.platforms.failure import PlatformFailure
from shared.platforms.rules import Capability, Draft, Problem


@dataclass(frozen=True)
class Ready:
    """Everything is in place for the public call."""


@dataclass(frozen=True)
class Published:
    """`url` is None where only the platform can tell it: the permalink is asked for afterwards. `notes` say what is otherwise than
    was asked for."""

    post_id: str
    url: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """It is public. `post_id` is None where the platform says so without saying which post it is; `notes` as of `Published`."""

    post_id: str | None
    url: str | None = None
    notes: tuple[str, ...] = ()


COPY_LAG = timedelta(seconds=120)


@dataclass(frozen=True)
class Absent:
    """The platform's own handle proves that it is not public."""


@dataclass(frozen=True)
class Repeatable:
    """Safe to resend: nothing can be asked, but the platform deduplicates, and names the original when it refuses the copy. Sent
    COPY_LAG after the first call, so that the platform knows that one by then."""


@dataclass(frozen=True)
class Unknowable:
    """The platform offers no way to find out."""

    reason: str


@dataclass(frozen=True)
class Listed:
    """A post as the account's own listing shows it; what the platform leaves out is None."""

    post_id: str
    text: str
    at: datetime
    url: str | None = None


@dataclass(frozen=True)
class NotListed:
    """A listing lacks it, which proves nothing yet: listings lag behind, by up to `lag_seconds` after the call. `similar`: it holds
    something that may be ours."""

    similar: bool = False
    # Timelines show a post within seconds, seldom after a minute.
    lag_seconds: float = 120.0


@dataclass(frozen=True)
class Failed:
    """The platform's own handle proves that it gave the post up, and says why. If that is worth another try, it begins anew."""

    failure: PlatformFailure


Finding = Found | Absent | Repeatable | NotListed | Unknowable | Failed | Wait


class View(Protocol):
    """A post on its way to an account, for whoever only reads from the platform."""

    draft: Draft
    account: Credentials
    http: Http

    @property
    def handle(self) -> Mapping[str, Any]:
        """What the platform gave us so far (upload ids, containers), as saved."""
        ...

    @property
    def search_from(self) -> datetime:
        """When the public call was about to be made for the first time, less what clocks may differ by: nothing older is ours."""
        ...

    def now(self) -> datetime: ...


class Publication(View, Protocol):
    """One run on its way, as a platform sees it. Writes go through `save` and raise `Fenced` when another worker took over."""

    storage: Storage

    @property
    def intent_at(self) -> datetime:
        """When the public call was about to be made."""
        ...

    @property
    def intents(self) -> int:
        """How often the public call was about to be made, this time included."""
        ...

    @property
    def doubted(self) -> bool:
        """Whether an earlier public call got no answer, so that this one may meet its post."""
        ...

    def is_anothers(self, post_id: str) -> bool:
        """Whether another run made this post. Costs queries: for what is known again by its looks only, the oldest first.

        Raises PerhapsAnothers (transient; outcome_unknown at last) while a run that looks the same may have made it.
        """
        ...

    def save(self, **handle: Any) -> None:
        """Merge into the handle and store it, encrypted; renews the lease. None removes a name."""
        ...

    def keep_alive(self) -> None:
        """Renew the lease if half of it is gone: between the parts of a long upload."""
        ...


@dataclass(frozen=True)
class FollowUp:
    """Sent after the post is public, at most once unless `repeatable`. `send` gets the ids of what is public so far, the post's
    first, and answers the new one's, or "" where there is none. `find` gets these ids, too, and looks for one that was perhaps
    made since a moment, where the platform can be asked. `needs_cover`: the draft's cover has to be stored for it."""

    name: str
    send: Callable[[Publication, Sequence[str]], str]
    find: "Callable[[Publication, Sequence[str], datetime], Found | NotListed] | None" = None
    repeatable: bool = False
    needs_cover: bool = False


def no_permalink(publication: Publication, post_id: str) -> str | None:
    """For platforms whose addresses follow from the id."""
    return None


def no_follow_ups(draft: Draft) -> Sequence[FollowUp]:
    return ()


def unlisted(view: View) -> Unknowable:
    """For platforms that show an account's posts to no app."""
    return Unknowable("The platform shows no list of the account's posts")


@dataclass(frozen=True)
class Platform:
    capability: Capability
    validate: Callable[[Draft], list[Problem]]
    prepare: Callable[[Publication], Ready | Wait]
    publish: Callable[[Publication], Published | Wait]
    find: Callable[[Publication], Finding]
    permalink: Callable[[Publication, str], str | None] = no_permalink
    follow_ups: Callable[[Draft], Sequence[FollowUp]] = no_follow_ups
    listed: Callable[[View], Iterable[Listed] | Unknowable] = unlisted

    @property
    def name(self) -> str:
        return self.capability.platform


def stored_of(item: MediaItem) -> StoredMedia:
    """The item's copy in our storage, which every run makes before it prepares."""
    if item.stored is None:
        raise PlatformFailure("bug", f"{item.field} was not copied before publishing")
    return item.stored


def bearer(view: View) -> dict[str, str]:
    return {"Authorization": f"Bearer {view.account.access_token}"}
