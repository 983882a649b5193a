"""What a platform has to be able to do, and what it gets to do it with.

prepare   repeatable: upload, make containers, ask whether they are ready; keeps handles      ─► Ready | Wait
publish   ☎ the one call that makes the post public                                           ─► Published
find      read-only: is it public after all?                                                  ─► Found | Absent | NotListed | Wait
permalink read-only, after the id is safe; may fail harmlessly
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from shared.accounts.credentials import Credentials
from shared.media.storage import Storage
from shared.platforms.http import Http
from shared.platforms.rules import Capability, Draft, Problem


@dataclass(frozen=True)
class Ready:
    """Everything is in place for the public call."""


@dataclass(frozen=True)
class Wait:
    """The platform is still working: ask again in `seconds`."""

    seconds: float
    reason: str


@dataclass(frozen=True)
class Published:
    """`url` is None where only the platform can tell it: the permalink is asked for afterwards."""

    post_id: str
    url: str | None = None


@dataclass(frozen=True)
class Found:
    """It is public. `post_id` is None where the platform says so without saying which post it is."""

    post_id: str | None
    url: str | None = None


@dataclass(frozen=True)
class Absent:
    """The platform's own handle proves that it is not public."""


@dataclass(frozen=True)
class NotListed:
    """A listing lacks it, which proves nothing yet: listings lag behind. `similar`: it holds something that may be ours."""

    similar: bool = False


Finding = Found | Absent | NotListed | Wait


class Publication(Protocol):
    """One run on its way, as a platform sees it. Writes go through `save` and raise `Fenced` when another worker took over."""

    draft: Draft
    account: Credentials
    http: Http
    storage: Storage

    @property
    def handle(self) -> Mapping[str, Any]:
        """What the platform gave us so far (upload ids, containers), as saved."""
        ...

    @property
    def intent_at(self) -> datetime:
        """When the public call was about to be made."""
        ...

    @property
    def search_from(self) -> datetime:
        """When the public call was about to be made for the first time: nothing older is ours."""
        ...

    def now(self) -> datetime: ...

    def save(self, **handle: Any) -> None:
        """Merge into the handle and store it, encrypted; renews the lease. None removes a name."""
        ...

    def keep_alive(self) -> None:
        """Renew the lease if half of it is gone: between the parts of a long upload."""
        ...


@dataclass(frozen=True)
class Platform:
    capability: Capability
    judge: Callable[[Draft], list[Problem]]
    prepare: Callable[[Publication], Ready | Wait]
    publish: Callable[[Publication], Published]
    find: Callable[[Publication], Finding]
    permalink: Callable[[Publication, str], str | None]

    @property
    def name(self) -> str:
        return self.capability.platform
