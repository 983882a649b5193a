"""How often one thing may be asked for: token buckets in the instance's memory, the longest unused forgotten."""

import threading
from collections import OrderedDict

from shared.core.clock import Clock
from shared.core.errors import RateLimitExceeded

MAX_KNOWN = 10_000


class Buckets:
    """`each_seconds` from one to the next, after a burst."""

    def __init__(self, clock: Clock, *, each_seconds: float, burst: int) -> None:
        self._clock, self._each, self._burst = clock, each_seconds, burst
        self._known: OrderedDict[tuple[str, ...], tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, *names: str) -> None:
        """Raises RateLimitExceeded."""
        now = self._clock.now().timestamp()
        with self._lock:
            left, at = self._known.pop(names, (float(self._burst), now))
            left = min(float(self._burst), left + (now - at) / self._each)
            is_spent = left < 1
            self._known[names] = (left if is_spent else left - 1, now)
            if len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        if is_spent:
            raise RateLimitExceeded(max(1, round((1 - left) * self._each)))
