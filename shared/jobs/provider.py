"""Jobs that wait for somebody else's service: what it may say, and what becomes of the job then.

What the provider has begun is polled: the job is looked at again by a delayed task, and says `processing` all the while.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from shared.core.errors import SokuError
from shared.core.wait import Wait
from shared.documents.document import REMOVE
from shared.jobs.handler import JobFailed, Outcome, Work
from shared.jobs.progress import Progress

_log = logging.getLogger(__name__)

# How often a provider is asked anew that does not answer; its customer waits.
MAX_TRIES, FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 6, 2.0, 60.0
# From one look at what a provider has begun to the next, growing.
FIRST_POLL_SECONDS, MAX_POLL_SECONDS = 2.0, 15.0

P = TypeVar("P")


class ProviderBusy(SokuError):
    """Throttled, overloaded or silent: later it may answer."""

    def __init__(self, reason: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_seconds = retry_after_seconds


class ProviderRefused(SokuError):
    """The operator's affair: no key, no money, no such model for this account."""


class RequestRefused(SokuError):
    """The provider does not take what was asked for, now or later; the message says why."""


def asking(handle: Callable[[Work, P], Outcome], *, what: str) -> Callable[[Work, P], Outcome]:
    """The handler, with a provider's words understood; `what` is not available if it refuses its operator."""

    def handled(work: Work, ports: P) -> Outcome:
        try:
            return handle(work, ports)
        except RequestRefused as error:
            raise JobFailed("validation_error", f"The provider does not take this: {error}") from error
        except ProviderRefused as error:
            raise refused(work, error, what) from error
        except ProviderBusy as error:
            return busy(work, error, what)

    return handled


def refused(work: Work, error: ProviderRefused, what: str) -> JobFailed:
    _log.error("provider.refused", extra={"job": work.job.id, "reason": str(error)})
    return JobFailed("service_unavailable", f"{what} is not available at the moment. Nothing was charged.")


def busy(work: Work, error: ProviderBusy, what: str, tries_before: int | None = None) -> Wait:
    """`tries_before` in place of those that are saved. Raises JobFailed once it was asked often enough."""
    tries = (work.job.state.get("tries", 0) if tries_before is None else tries_before) + 1
    if tries >= MAX_TRIES:
        message = f"{what} does not answer at the moment. Nothing was charged: try again later."
        raise JobFailed("service_unavailable", message) from error
    pause = error.retry_after_seconds or FIRST_PAUSE_SECONDS * 2 ** (tries - 1)
    return Wait(min(pause, MAX_PAUSE_SECONDS), str(error), changes={("state", "tries"): tries})


def seconds_named(retry_after: str | None) -> float | None:
    """As a Retry-After header names them, if it does; not a date."""
    said = (retry_after or "").strip()
    return float(said) if said.isascii() and said.replace(".", "", 1).isdecimal() else None


def polled(work: Work, progress: Progress, **state: Any) -> Wait:
    """The provider is at it. Beside `state`, nothing is known yet."""
    looks: int = work.job.state.get("looks", 0) + 1
    seconds = min(FIRST_POLL_SECONDS * 1.3 ** (looks - 1), MAX_POLL_SECONDS)
    changes: Mapping[Any, Any] = {
        "status": "processing",
        "isPolled": True,
        # Nothing is in the way any more.
        "lastError": REMOVE,
        **work.told(progress),
        **{("state", name): value for name, value in {**state, "looks": looks, "tries": 0}.items()},
    }
    return Wait(seconds, "the provider is at work", changes=changes)
