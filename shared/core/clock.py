"""What time is it? The only source of "now"; everything that waits or expires is handed a clock.

Machines' clocks differ, and leases, intents and deadlines are compared across machines: so handlers use the database's time, which
`DatabaseClock` knows from its answers.
"""

import logging
from datetime import UTC, datetime, timedelta
from typing import Protocol

_log = logging.getLogger(__name__)

# An offset that an operator should know of, and by how much it has to change to be said again.
SKEW_WORTH_TELLING, SKEW_CHANGED = timedelta(seconds=10), timedelta(seconds=5)
# Below this, clocks agree.
GRANULARITY = timedelta(milliseconds=5)


class Clock(Protocol):
    @property
    def offset(self) -> timedelta:
        """By how much this time is ahead of the machine's own."""
        ...

    def now(self) -> datetime:
        """The present moment, in UTC and aware of it."""
        ...


class SystemClock:
    offset = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC)


class DatabaseClock:
    """The database's time, as far as its answers have told; the machine's until the first one.

    An answer's time lies between sending the request and getting it. The offset moves only as far as that requires, so that slow
    answers do not make it jump.
    """

    def __init__(self, local: Clock) -> None:
        self.local = local
        self.offset = timedelta(0)
        self._told = timedelta(0)

    def now(self) -> datetime:
        return self.local.now() + self.offset

    def observe(self, at: datetime, *, sent: datetime) -> None:
        """The database did something at `at`, asked at `sent` by the machine's clock, and its answer is here."""
        least, most = at - self.local.now(), at - sent
        if self.offset < least - GRANULARITY:
            self.offset = least
        elif self.offset > most + GRANULARITY:
            self.offset = most
        else:
            return
        if abs(self.offset - self._told) > SKEW_CHANGED and abs(self.offset) > SKEW_WORTH_TELLING:
            self._told = self.offset
            _log.warning("clock.skewed", extra={"offsetSeconds": round(self.offset.total_seconds(), 1)})


def iso8601(moment: datetime) -> str:
    """UTC with milliseconds and a Z, as every answer of the API writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
