"""A user's windows, never exceeded by any number of instances: one document, of which each instance leases blocks of units.

    request ─► units in hand: take one, no operation
             └ none: read the document ─► spent or leased out: refuse until the minute ends, without asking again
                                        └ compare-and-set: `leased` + a block for each window that is short

What an instance leased and does not use by the end of the minute is lost to the others; blocks are small where little is left.
If the document cannot be read or written, requests are let through at a reduced rate that each instance counts for itself.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.core.clock import Clock
from shared.documents.change import read_modify_write
from shared.documents.document import Create, Document, Documents, Update, Version, Write
from shared.rate_limits.tiers import Allowance
from shared.rate_limits.window import LENGTH, Shown, block_size, window_at
from shared.users.user import user_path

NEVER = datetime.min.replace(tzinfo=UTC)

_log = logging.getLogger(__name__)

# Of a limit, what an instance admits by itself while the document cannot be had, and how long it does not ask for it again.
UNAVAILABLE_SHARE = 4
ASKED_AGAIN_AFTER = timedelta(seconds=10)
# More keys times routes than a user has.
MAX_REFUSALS = 1000
# Users that an instance remembers; those who have not asked in the present minute are forgotten first.
MAX_REMEMBERED = 20_000


@dataclass(frozen=True)
class Decision:
    """`refused` is the window that is spent, None if the request may go on; `is_first` of its kind in this minute, for the log."""

    shown: Shown
    refused: Allowance | None = None
    is_first: bool = True


@dataclass(frozen=True)
class Read:
    """The document as it was read, which may be missing."""

    document: Document | None


def limits_path(uid: str) -> str:
    return f"{user_path(uid)}/rateLimits/current"


class UserLimits:
    def __init__(self, documents: Documents, clock: Clock) -> None:
        self._documents = documents
        self._clock = clock
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()

    def path_to_read(self, uid: str, endpoint: str | None) -> str | None:
        """What to read along with the user, if a block has probably to be leased; `endpoint` names its window."""
        held = self._held.get(uid)
        if held is None or held.window < window_at(self._clock.now()):
            return limits_path(uid)
        asked = tuple(held.asked.items())
        short = any(held.is_short_of(one) for name, one in asked if name in (held.tier, endpoint))
        return limits_path(uid) if short or (endpoint is not None and endpoint not in held.asked) else None

    def take(self, uid: str, tier: Allowance, endpoint: Allowance | None, read: Read | None, asked_by: str) -> Decision:
        """One unit of each window; of the endpoint's only after the tier's. `asked_by` tells keys and routes apart."""
        held, now = self._of(uid), self._clock.now()
        with held.lock:
            held.enter(window_at(now))
            held.tier = tier.name
            windows = [tier, endpoint] if endpoint is not None else [tier]
            if held.lacks(windows) and now >= held.asks_again_at:
                self._lease(held, uid, windows, read)
                now = self._clock.now()
            refused = next((window for window in windows if not held.take(window, now)), None)
            shown = held.shown(tier, tier)
            if endpoint is not None and refused is not tier:
                shown = shown.or_tighter(held.shown(endpoint, tier))
            is_first = refused is None or held.is_first(refused.name, asked_by)
            return Decision(shown, refused, is_first)

    def _lease(self, held: "_Held", uid: str, windows: Sequence[Allowance], read: Read | None) -> None:
        def attempt() -> None:
            if not held.is_current:
                held.relearn(self._documents.get(limits_path(uid))[0])
            blocks = held.blocks(windows)
            if not blocks:
                return
            fields: dict[str, Any] = {"window": held.window, "leased": held.with_leased(blocks)}
            write: Write
            if held.version is None:
                write = Create(limits_path(uid), fields)
            else:
                write = Update(limits_path(uid), fields, if_version=held.version)
            # Until the answer is here, what was read may be out of date.
            held.is_current = False
            held.version = self._documents.commit(write)
            held.add(blocks)

        try:
            if read is not None:
                held.learn(read.document)
            read_modify_write(attempt)
        except Exception as error:
            # Whatever it is: a limiter that fails must not close the API.
            _log.error("limiter.unavailable", extra={"uid": uid, "reason": repr(error)})
            held.asks_again_at = self._clock.now() + ASKED_AGAIN_AFTER
        finally:
            held.is_current = False

    def _of(self, uid: str) -> "_Held":
        with self._lock:
            held = self._held.get(uid)
            if held is None:
                window = window_at(self._clock.now())
                if len(self._held) >= MAX_REMEMBERED:
                    self._held = {one: kept for one, kept in self._held.items() if kept.window >= window}
                if len(self._held) >= MAX_REMEMBERED:
                    del self._held[next(iter(self._held))]
                held = self._held[uid] = _Held(window)
            return held


@dataclass
class _Held:
    """What this instance has of one user's windows in one minute. `leased` is by everybody, as last read."""

    window: datetime
    tier: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)
    version: Version | None = None
    is_current: bool = False
    # Set while the document cannot be had.
    asks_again_at: datetime = NEVER
    leased: dict[str, int] = field(default_factory=dict)
    unused: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    # What was admitted without the document.
    unleased: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    blocks_taken: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    asked: dict[str, Allowance] = field(default_factory=dict)
    refusals: set[tuple[str, str]] = field(default_factory=set)

    def enter(self, window: datetime) -> None:
        """A clock behind another instance's stays in the window that the document has seen."""
        if window > self.window:
            self.window, self.leased = window, {}
            for counts in (self.unused, self.unleased, self.blocks_taken, self.refusals, self.asked):
                counts.clear()

    def relearn(self, document: Document | None) -> None:
        """From a read that nobody can have overtaken: the lock is held."""
        self.version = None if document is None else self.version
        self.learn(document)

    def learn(self, document: Document | None) -> None:
        """From a read that may be older than what is known."""
        if document is None:
            self.is_current = self.version is None
            return
        if self.version is not None and document.version < self.version:
            return
        self.version, self.is_current = document.version, True
        window = document.fields["window"]
        self.enter(window)
        self.leased = dict(document.fields["leased"]) if window == self.window else {}

    def is_short_of(self, window: Allowance) -> bool:
        return not self.unused[window.name] and self.leased.get(window.name, 0) < window.admits

    def lacks(self, windows: Sequence[Allowance]) -> bool:
        self.asked.update({window.name: window for window in windows})
        for window in windows:
            if self.is_short_of(window):
                return True
            if not self.unused[window.name]:
                return False
        return False

    def blocks(self, windows: Sequence[Allowance]) -> dict[str, int]:
        """How much to lease of each window that is short; nothing of one behind a window that is spent."""
        blocks: dict[str, int] = {}
        for window in windows:
            if self.unused[window.name]:
                continue
            size = block_size(window.admits - self.leased.get(window.name, 0), self.blocks_taken[window.name])
            if not size:
                break
            blocks[window.name] = size
        return blocks

    def with_leased(self, blocks: dict[str, int]) -> dict[str, int]:
        return {**self.leased, **{name: self.leased.get(name, 0) + size for name, size in blocks.items()}}

    def add(self, blocks: dict[str, int]) -> None:
        self.leased = self.with_leased(blocks)
        for name, size in blocks.items():
            self.unused[name] += size
            self.blocks_taken[name] += 1

    def take(self, window: Allowance, now: datetime) -> bool:
        if self.unused[window.name]:
            self.unused[window.name] -= 1
            return True
        if now >= self.asks_again_at or self.unleased[window.name] >= window.limit // UNAVAILABLE_SHARE:
            return False
        self.unleased[window.name] += 1
        return True

    def shown(self, window: Allowance, tier: Allowance) -> Shown:
        used = self.leased.get(window.name, 0) - self.unused[window.name] + self.unleased[window.name]
        return Shown(tier.name, window.limit, max(0, window.limit - used), self.window + LENGTH)

    def is_first(self, window: str, asked_by: str) -> bool:
        known = len(self.refusals)
        if known < MAX_REFUSALS:
            self.refusals.add((window, asked_by))
        return len(self.refusals) > known
