"""How long to wait before trying again, if trying again can help at all."""

import random
from datetime import timedelta

from shared.core.clock import Clock
from shared.platforms.failure import PlatformFailure
from shared.posts.run import Run

FIRST_BACKOFF_SECONDS = 2.0
MAX_BACKOFF_SECONDS = 300.0
# Between asking a platform whether it is done, where it does not say.
PROCESSING_SECONDS = 10.0
# A limit whose end nobody names.
THROTTLED_SECONDS = 900.0


def pause_of(failure: PlatformFailure, run: Run, clock: Clock) -> timedelta | None:
    """None where waiting would not help."""
    match failure.kind:
        case "throttled":
            return max(timedelta(seconds=1), _named(failure, clock) or timedelta(seconds=THROTTLED_SECONDS))
        case "transient":
            return backoff(run.attempt)
        case "processing":
            return _named(failure, clock) or timedelta(seconds=PROCESSING_SECONDS)
        case _:
            return None


def backoff(attempt: int) -> timedelta:
    """Exponential with full jitter: 2 s, 4 s, … up to 5 min, each a random part of it, never less than half a second."""
    ceiling = min(FIRST_BACKOFF_SECONDS * 2 ** min(attempt, 16), MAX_BACKOFF_SECONDS)
    return timedelta(seconds=random.uniform(0.5, ceiling))


def _named(failure: PlatformFailure, clock: Clock) -> timedelta | None:
    if failure.retry_at is not None:
        return timedelta(seconds=failure.retry_at - clock.now().timestamp())
    return timedelta(seconds=failure.retry_after_seconds) if failure.retry_after_seconds is not None else None
