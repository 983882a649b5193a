"""The arithmetic of a window: which minute, how many units to lease, what is shown of it. Pure."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

LENGTH = timedelta(minutes=1)
# Units leased at once, the first time, the second, …: whoever asks twice leases little, whoever asks often writes seldom.
BLOCKS = (2, 5, 10, 20, 25)
# Of what is left: so that instances together never hold much that another one needs.
LARGEST_SHARE = 8


def window_at(now: datetime) -> datetime:
    """The beginning of the minute."""
    return now.replace(second=0, microsecond=0)


def block_size(left: int, taken_before: int) -> int:
    """How many units to lease, of `left`, by an instance that has leased `taken_before` blocks of this window."""
    if left <= 0:
        return 0
    return max(1, min(BLOCKS[min(taken_before, len(BLOCKS) - 1)], left // LARGEST_SHARE))


@dataclass(frozen=True)
class Shown:
    """What an answer's headers say; `limit` and `remaining` without the burst."""

    tier: str
    limit: int
    remaining: int
    resets_at: datetime

    def seconds_left(self, now: datetime) -> int:
        return max(1, math.ceil((self.resets_at - now).total_seconds()))

    def or_tighter(self, other: "Shown | None") -> "Shown":
        """The one of which less is left."""
        return other if other and (other.remaining, other.limit) < (self.remaining, self.limit) else self
