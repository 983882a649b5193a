"""A clock that stands until it is moved."""

from datetime import UTC, datetime, timedelta


class StandingClock:
    def __init__(self, at: datetime = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)) -> None:
        self.at = at

    offset = timedelta(0)

    def now(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
