"""What time is it? The only source of "now"; everything that waits or expires is handed a clock."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, in UTC and aware of it."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def iso8601(moment: datetime) -> str:
    """UTC with milliseconds and a Z, as every answer of the API writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
