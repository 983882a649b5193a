"""What an account shows on its platform that a run may have made, for a person who has to say whether it did. Only ever reads."""

import itertools
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.accounts.tokens import TokenKeeper, Unusable
from shared.core.encryption import CannotDecrypt
from shared.core.platforms import PLATFORMS
from shared.core.wait import Wait
from shared.http.client import Http, NoAnswer, NotSent
from shared.platforms.compose import compose
from shared.platforms.credentials import Credentials
from shared.platforms.failure import PlatformFailure
from shared.platforms.platform import Listed, Platform, Unknowable
from shared.platforms.rules import Draft
from shared.posts.run import Run
from shared.publishing.publication import CLOCK_SKEW

_log = logging.getLogger(__name__)

# The newest; whoever looks for one post needs no more.
MOST = 25
NO_PROOF = (
    "An empty list, or one without your post, is no proof: listings lag, leave out what is under review, and end after {most} "
    "posts. Look at the account itself before you say that nothing was published."
)


@dataclass(frozen=True)
class Candidates:
    """`is_listed`: whether the platform shows its posts at all; `note` says what the list is worth."""

    since: datetime
    found: tuple[Listed, ...]
    is_listed: bool
    note: str


class NotAsked(Exception):
    """The platform could not be asked now; the message says why."""


@dataclass
class _Look:
    """Implements `shared.platforms.platform.View`."""

    run: Run
    draft: Draft
    account: Credentials
    http: Http
    at: datetime

    @property
    def handle(self) -> Mapping[str, Any]:
        return {}

    @property
    def search_from(self) -> datetime:
        return (self.run.first_intent_at or self.run.due_at) - CLOCK_SKEW

    def now(self) -> datetime:
        return self.at


def candidates(run: Run, platform: Platform | None, tokens: TokenKeeper) -> Candidates:
    """Raises NotAsked."""
    label = PLATFORMS[run.platform]
    if platform is None:
        raise NotAsked(f"{label} was switched off by the operator of this Soku.")
    try:
        account = tokens.usable(run.account)
        match account:
            case Wait() | Unusable():
                raise NotAsked(f"{label} cannot be asked now: {account.reason.rstrip('.')}.")
            case _:
                pass
        draft = compose(run.content, platform.capability, run.options, run.facts)
        look = _Look(run, draft, account, tokens.http, tokens.clock.now())
        listed = platform.listed(look)
        if isinstance(listed, Unknowable):
            note = f"{listed.reason}: look at the account itself."
            return Candidates(look.search_from, (), is_listed=False, note=note)
        found = tuple(itertools.islice(listed, MOST))
        return Candidates(look.search_from, found, is_listed=True, note=NO_PROOF.format(most=MOST))
    except PlatformFailure as failure:
        raise NotAsked(failure.message) from failure
    except (NotSent, NoAnswer) as error:
        raise NotAsked(f"{label} did not answer ({error}).") from error
    except CannotDecrypt as error:
        raise NotAsked(str(error)) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        _log.exception("account.listing_unreadable", extra={"run": str(run.path)})
        raise NotAsked(f"{label} answered with something that Soku cannot read.") from error
