"""Every platform by name, found by convention in its folder and loaded on first use: whoever validates a post loads no publisher.

    platforms/<name>/rules.py     CAPABILITY, validate(draft); of_account(facts), where accounts differ
    platforms/<name>/cost.py      cost(draft), where the platform charges for posts
    platforms/<name>/options.py   Options
    platforms/<name>/connect.py   connector(context, app)
    platforms/<name>/publish.py   publisher(context)

A platform is added by its folder and its row in `core/platforms.py`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any, Generic, TypeVar

from shared.core.platforms import PLATFORMS
from shared.core.settings import Platforms, SettingsError
from shared.platforms.connector import Connector
from shared.platforms.context import Context
from shared.platforms.options import TargetOptions
from shared.platforms.platform import Platform
from shared.platforms.rules import Capability, Draft, Validate

T = TypeVar("T")


@dataclass(frozen=True)
class Rules:
    """What a platform takes: the capability matrix's row, the rules, and a target's options; `of_account` is the row of an account
    of which the platform says something; `cost` what the platform charges for a post, in US dollars."""

    capability: Capability
    validate: Validate
    options: type[TargetOptions]
    of_account: Callable[[Mapping[str, Any]], Capability]
    cost: Callable[[Draft], Decimal] | None


# The platforms that have a price, in cost.py.
_CHARGING = ("x",)


@cache
def rules_of(platform: str) -> Rules:
    rules = _module(platform, "rules")

    def the_same(facts: Mapping[str, Any]) -> Capability:
        return rules.CAPABILITY

    of_account = getattr(rules, "of_account", the_same)
    cost = _module(platform, "cost").cost if platform in _CHARGING else None
    return Rules(rules.CAPABILITY, rules.validate, _module(platform, "options").Options, of_account, cost)


def connectors(settings: Platforms) -> Mapping[str, Connector]:
    """Of the platforms that this operator has an app for."""
    context = Context.of(settings)
    return _OnFirstUse(_switched_on(settings), lambda name: _module(name, "connect").connector(context, settings.apps[name]))


def publishers(settings: Platforms) -> Mapping[str, Platform]:
    """Of the platforms that this operator has an app for."""
    context = Context.of(settings)
    return _OnFirstUse(_switched_on(settings), lambda name: _module(name, "publish").publisher(context))


def _switched_on(settings: Platforms) -> Sequence[str]:
    unknown = set(settings.apps) - set(PLATFORMS)
    if unknown:
        raise SettingsError(f"SOKU_APPS names {', '.join(sorted(unknown))}: the platforms are called {', '.join(PLATFORMS)}")
    return [platform for platform in PLATFORMS if platform in settings.apps]


def _module(platform: str, part: str) -> Any:
    return import_module(f"shared.platforms.{platform}.{part}")


class _OnFirstUse(Mapping[str, T], Generic[T]):
    """A mapping whose names are known and whose values are built when they are first asked for."""

    def __init__(self, names: Sequence[str], build: Callable[[str], T]) -> None:
        self._names = tuple(names)
        self._build = build
        self._built: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        if name not in self._built:
            if name not in self._names:
                raise KeyError(name)
            # Two threads at once build the same thing twice, which does no harm.
            self._built[name] = self._build(name)
        return self._built[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
