"""How far a job is, as its document tells whoever watches."""

from dataclasses import dataclass
from datetime import timedelta

# It is written at most so often.
TELL_EVERY = timedelta(seconds=1)


@dataclass(frozen=True)
class Progress:
    """How far it is, for whoever watches: percentage of the whole, what is being done, and a sentence."""

    percentage: int
    step: str
    message: str

    @staticmethod
    def of(number: int, total: int, step: str, what: str) -> "Progress":
        """`number` of `total` are done."""
        return Progress(100 * number // max(1, total), step, f"{number} of {total} {what}")
