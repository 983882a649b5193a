"""How an account is, in one word, and what to do: from what is kept of it, and from what its platform says when it is asked.

needs_reauth     its tokens are dead
restricted       the platform refused it, when it was asked
missing_scopes   what publishing needs was not granted
expiring         its tokens end soon, and nobody but its person renews them
"""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NoReturn

from shared.accounts.account import AccountKey, facts_fields
from shared.accounts.tokens import TokenKeeper, Unusable
from shared.core.encryption import CannotDecrypt
from shared.core.errors import NotFound, PlatformUnavailable
from shared.core.platforms import PLATFORMS
from shared.core.wait import Wait
from shared.documents.document import REMOVE, Changes, Conflict, Document, Documents, Update
from shared.http.client import Http, NoAnswer, NotSent
from shared.platforms.connector import Connector
from shared.platforms.credentials import Credentials
from shared.platforms.failure import PlatformFailure
from shared.users.user import user_path

Health = Literal["ok", "expiring", "needs_reauth", "missing_scopes", "restricted"]
# Time enough for a person to connect an account again.
EXPIRING: Final = timedelta(days=7)
# The platforms that tell of an account what changes from one moment to the next.
LIVE: Final = ("x", "tiktok", "instagram", "threads")
_PASSING = ("transient", "throttled", "processing", "outcome_unknown")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Condition:
    """`missing` are scopes; `todo` is "" where there is nothing to do."""

    health: Health
    needed: tuple[str, ...]
    missing: tuple[str, ...]
    todo: str


def condition_of(account: Mapping[str, Any], connector: Connector | None, now: datetime) -> Condition:
    """`account` is its document. Of scopes that the platform did not tell nothing is said."""
    label = PLATFORMS[account["platform"]]
    needed = tuple(account.get("neededScopes") or (connector.needs if connector is not None else ()))
    granted: Sequence[str] = account.get("scopes") or ()
    missing = tuple(scope for scope in needed if scope not in granted) if granted else ()
    if account.get("status") != "connected":
        return Condition(
            "needs_reauth", needed, missing, f"Connect the account again: {label} does not accept its tokens any more."
        )
    problem: Mapping[str, Any] | None = account.get("problem")
    if problem is not None:
        return Condition("restricted", needed, missing, f"{label} refused the account: {problem['message']} Look at it there.")
    if missing:
        todo = f"Connect the account again, and grant what is missing: {', '.join(missing)}."
        return Condition("missing_scopes", needed, missing, todo)
    ends: datetime | None = account.get("tokenExpiresAt")
    if ends is not None and not renews(account, connector) and ends - now <= EXPIRING:
        todo = f"Connect the account again before {ends:%Y-%m-%d %H:%M} UTC, when its tokens end."
        return Condition("expiring", needed, missing, todo)
    return Condition("ok", needed, missing, "")


def renews(account: Mapping[str, Any], connector: Connector | None) -> bool:
    """Whether its tokens are renewed without its person."""
    told = account.get("renews")
    return told if told is not None else connector is not None and connector.refresh is not None


def own_account(key: AccountKey, documents: Documents) -> Document:
    """Raises NotFound."""
    [account] = documents.get(key.path)
    if account is None:
        raise NotFound("There is no such account")
    return account


def check_account(key: AccountKey, tokens: TokenKeeper) -> None:
    """Ask the platform of an account that is there, now, and keep what it says. Raises PlatformUnavailable where it says nothing,
    and NotFound if the account is gone meanwhile, or its platform switched off."""
    connector = tokens.connectors.get(key.platform)
    if connector is None:
        raise NotFound("There is no such account")
    label = PLATFORMS[key.platform]
    try:
        facts = _asked(key, connector, tokens)
        _keep(key, facts or {}, None, tokens)
    except PlatformFailure as failure:
        if failure.kind in _PASSING:
            _silent(key, failure.message, tokens)
        problem = {"message": failure.message.rstrip(".") + ".", "at": tokens.clock.now()}
        _keep(key, {}, None if failure.kind == "reauth" else problem, tokens)
    except (NotSent, NoAnswer) as error:
        _silent(key, f"{label} did not answer ({error})", tokens)
    except CannotDecrypt as error:
        _silent(key, str(error), tokens)


def probe(connector: Connector, http: Http, credentials: Credentials) -> Mapping[str, Any]:
    """What the platform says of the account now. Raises PlatformFailure, NotSent, NoAnswer."""
    try:
        return connector.probe(http, credentials) if connector.probe is not None else {}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        _log.exception("account.answer_unreadable", extra={"platform": connector.platform})
        label = PLATFORMS[connector.platform]
        raise PlatformFailure("transient", f"{label} answered with something that Soku cannot read.") from error


def _asked(key: AccountKey, connector: Connector, tokens: TokenKeeper) -> Mapping[str, Any] | None:
    """None for an account whose tokens are dead, by now or since long."""
    refused: str | None = None
    # Once more with new tokens, where the platform did not take the first.
    for _ in range(2):
        credentials = tokens.usable(key, refused=refused)
        match credentials:
            case Wait():
                raise PlatformFailure("throttled", f"{PLATFORMS[key.platform]} cannot be asked now: {credentials.reason}.")
            case Unusable():
                return None
            case _:
                pass
        try:
            return probe(connector, tokens.http, credentials)
        except PlatformFailure as failure:
            if failure.kind != "reauth":
                raise failure.without(credentials.secrets) from None
            refused = credentials.access_token
    tokens.declare_dead(key, refused or "")
    return None


def _silent(key: AccountKey, reason: str, tokens: TokenKeeper) -> NoReturn:
    """Nothing is known anew; but that it was asked, and in vain."""
    with suppress(Conflict):
        tokens.documents.commit(Update(key.path, {"askedAt": tokens.clock.now(), "silence": reason}))
    raise PlatformUnavailable(reason)


def _keep(key: AccountKey, facts: Mapping[str, Any], problem: Mapping[str, Any] | None, tokens: TokenKeeper) -> None:
    now = tokens.clock.now()
    account: Changes = {"checkedAt": now, "askedAt": now, "silence": REMOVE, "problem": problem if problem is not None else REMOVE}
    writes = [Update(key.path, account)]
    if facts:
        path = ("accountFacts", key.platform, key.account_id)
        writes.append(Update(user_path(key.uid), {path: facts_fields(facts, now)}))
    try:
        tokens.documents.commit(*writes)
    except Conflict as gone:
        raise NotFound("There is no such account") from gone
