"""Requests without a valid credential, by client address, in the instance's memory: a write for each would be a way to run up the
bill. Who guesses keys is throttled here, before anything is looked up.
"""

import ipaddress
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from shared.core.clock import Clock
from shared.core.variables import Network
from shared.rate_limits.tiers import ADMIN, DEFAULT, Allowance
from shared.rate_limits.window import LENGTH, Shown, window_at

T = TypeVar("T")

# The addresses that an instance remembers for a minute, and the credentials; the oldest are forgotten first.
MAX_REMEMBERED = 20_000
# A credential that was valid so recently is looked up even if its address has sent too many that were not.
TRUSTED_FOR = timedelta(minutes=5)


class Strangers:
    def __init__(self, clock: Clock, admins: Sequence[Network] = ()) -> None:
        self._clock = clock
        self._admins = tuple(admins)
        self._window: datetime | None = None
        self._counts: dict[str, int] = {}
        self._valid: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def is_admin(self, address: str) -> bool:
        parsed = _parsed(address)
        return parsed is not None and any(parsed in network for network in self._admins)

    def take(self, address: str) -> tuple[Shown, bool]:
        """Counts a request; whether it was admitted."""
        name, allowance = _counted_as(address), self._allowance(address)
        with self._lock:
            self._enter_window()
            count = self._counts.get(name, 0)
            admitted = count < allowance.admits
            if admitted:
                _remember(self._counts, name, count + 1)
        return self.shown(address), admitted

    def is_spent(self, address: str) -> bool:
        with self._lock:
            self._enter_window()
            return self._counts.get(_counted_as(address), 0) >= self._allowance(address).admits

    def shown(self, address: str) -> Shown:
        allowance = self._allowance(address)
        with self._lock:
            window = self._enter_window()
            count = self._counts.get(_counted_as(address), 0)
        return Shown(allowance.name, allowance.limit, max(0, allowance.limit - count), window + LENGTH)

    def was_valid(self, credential: str) -> None:
        """`credential` is a digest of it."""
        with self._lock:
            _remember(self._valid, credential, self._clock.now())

    def trusts(self, credential: str) -> bool:
        at = self._valid.get(credential)
        return at is not None and self._clock.now() - at < TRUSTED_FOR

    def _allowance(self, address: str) -> Allowance:
        return ADMIN if self.is_admin(address) else DEFAULT

    def _enter_window(self) -> datetime:
        window = window_at(self._clock.now())
        if self._window is None or window > self._window:
            self._window, self._counts = window, {}
        return self._window


def _remember(of: dict[str, T], name: str, value: T) -> None:
    of[name] = value
    if len(of) > MAX_REMEMBERED:
        del of[next(iter(of))]


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None


def _counted_as(address: str) -> str:
    """Whoever has one IPv6 address has 2^64 of them."""
    parsed = _parsed(address)
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
    return address
