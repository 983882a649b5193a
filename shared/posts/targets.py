"""Where a post goes: what the customer wrote under `platform`, resolved to connected accounts. Nothing is stored here."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.core.errors import Detail, ValidationFailed
from shared.core.platforms import ALIASES, PLATFORMS, canonical
from shared.posts.errors import MissingIntegrations
from shared.posts.submission import MAX_TARGETS, Target
from shared.users.user import AccountStatus, User

PLATFORM_FIELD = "body.post.content.platform"
_TARGET_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)


@dataclass(frozen=True)
class WantedTarget:
    """One entry of `platform`; `field` is where it stands in the request."""

    field: str
    platform: str
    account_id: str | None = None
    target_id: str | None = None
    # Valid as the platform's options.
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def to_fields(self) -> dict[str, Any]:
        """As an automation keeps it, and as a request may write it."""
        return {
            "platform": self.platform,
            "accountId": self.account_id,
            "targetId": self.target_id,
            "options": dict(self.options),
        }


def resolve_targets(wanted: Sequence[WantedTarget], user: User) -> tuple[Target, ...]:
    """One target per account, the same one only once. Raises MissingIntegrations or ValidationFailed with every problem found."""
    missing: list[Detail] = []
    invalid: list[Detail] = []
    chosen: dict[tuple[str, str], _Chosen] = {}
    for want in wanted:
        platform = canonical(want.platform)
        accounts = user.accounts.get(platform, {})
        problem = _unusable(want, platform, accounts)
        if problem is not None:
            missing.append(problem)
            continue
        account_id = want.account_id or _usable(accounts)[0]
        target_id = want.target_id or f"{platform}:{account_id}"
        if not _is_target_id(target_id):
            invalid.append(_bad_target_id(want, target_id))
            continue
        before = chosen.get((platform, account_id))
        if before is not None and before.options != want.options:
            message = "This account is already a target of the post, with other options: leave one of the two out."
            invalid.append(Detail(f"{want.field}.options", message, "custom"))
        if before is None or not before.is_named:
            chosen[platform, account_id] = _Chosen(target_id, want.field, want.target_id is not None, want.options)
        elif want.target_id is not None and before.target_id != target_id:
            message = f"This account is already a target of the post, as {before.target_id!r}: leave one of the two out."
            invalid.append(Detail(f"{want.field}.targetId", message, "custom", want.target_id))
    if missing:
        raise MissingIntegrations(details=[*missing, *invalid])
    invalid += _shared_ids(chosen)
    if invalid:
        raise ValidationFailed(details=invalid)
    return _as_targets(chosen, user)


@dataclass(frozen=True)
class _Chosen:
    """What an account's target is called, and whether the customer chose the name."""

    target_id: str
    field: str
    is_named: bool
    options: Mapping[str, Any]


_RESERVED = frozenset({".", "..", *PLATFORMS, *ALIASES})


def _is_target_id(target_id: str) -> bool:
    """It names a document, and Firestore keeps names like __this__ for itself."""
    return _TARGET_ID.fullmatch(target_id) is not None and target_id not in _RESERVED and not target_id.startswith("__")


def _as_targets(chosen: Mapping[tuple[str, str], _Chosen], user: User) -> tuple[Target, ...]:
    """A run is called by its platform when it is the only one there, as the specification documents, else by its target."""
    platforms = [platform for platform, _ in chosen]
    return tuple(
        Target(
            platform,
            account_id,
            named.target_id,
            platform if platforms.count(platform) == 1 else named.target_id,
            named.options,
            named.field,
            user.account_facts.get(platform, {}).get(account_id, {}),
        )
        for (platform, account_id), named in chosen.items()
    )


def _unusable(want: WantedTarget, platform: str, accounts: Mapping[str, AccountStatus]) -> Detail | None:
    label = PLATFORMS[platform]
    choices = _usable(accounts)
    if want.account_id is not None and want.account_id in choices:
        return None
    if want.account_id is not None:
        status = accounts.get(want.account_id)
        message = (
            f"The {label} account {want.account_id!r} is not connected."
            if status is None
            else f"The {label} account {want.account_id!r} has to be connected again."
        )
        return Detail(f"{want.field}.accountId", message, "custom", want.account_id, choices=choices)
    if len(choices) == 1:
        return None
    if not choices:
        dead = ", ".join(repr(account_id) for account_id, status in sorted(accounts.items()) if status == "needs_reauth")
        message = f"The {label} account {dead} has to be connected again." if dead else f"No {label} account is connected."
        return Detail(want.field, message, "custom", want.platform, choices=choices)
    message = f"Several {label} accounts are connected: name one as accountId."
    return Detail(want.field, message, "custom", want.platform, choices=choices)


def _usable(accounts: Mapping[str, AccountStatus]) -> list[str]:
    return sorted(account_id for account_id, status in accounts.items() if status == "connected")


def _bad_target_id(want: WantedTarget, target_id: str) -> Detail:
    if want.target_id is None:
        message = f"The account's id does not make a target id ({target_id!r}): give a targetId."
        return Detail(want.field, message, "custom")
    message = (
        "A targetId has 1 to 128 letters, digits, dots, underscores, colons and hyphens, does not start with two underscores, "
        "and is no platform's name, '.' or '..'."
    )
    return Detail(f"{want.field}.targetId", message, "invalid_string", target_id)


def _shared_ids(chosen: Mapping[tuple[str, str], _Chosen]) -> list[Detail]:
    seen: set[str] = set()
    details: list[Detail] = []
    for named in chosen.values():
        if named.target_id in seen:
            message = f"Two different targets are called {named.target_id!r}: give each its own targetId."
            details.append(Detail(f"{named.field}.targetId", message, "custom", named.target_id))
        seen.add(named.target_id)
    if len(chosen) > MAX_TARGETS:
        details.append(Detail(PLATFORM_FIELD, f"A post goes to at most {MAX_TARGETS} targets.", "too_big", len(chosen)))
    return details
