"""What a platform's processing finds in a file that it was given: measured, and taken or not as the platform does."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from shared.media.measure import Measured, ProcessMeasurer, Unmeasurable
from shared.media.sniff import content_type_of

# What is larger is taken as it is: nobody keeps hundreds of megabytes here.
KEPT_BYTES = 32 << 20
Measure = Callable[[bytes], Measured]


@dataclass
class Received:
    """A file that arrives in pieces: its digest, and its bytes as far as they are kept."""

    _digest: Any = field(default_factory=hashlib.sha256)
    _kept: bytearray = field(default_factory=bytearray)
    _size: int = 0

    def update(self, piece: bytes) -> None:
        self._digest.update(piece)
        self._size += len(piece)
        if self._size <= KEPT_BYTES:
            self._kept += piece
        else:
            self._kept.clear()

    def hexdigest(self) -> str:
        return self._digest.hexdigest()

    def __getstate__(self) -> dict[str, Any]:
        """A digest on its way cannot be kept: an upload that was not complete is lost with the process."""
        return {"_digest": _Ended(self.hexdigest()), "_kept": self._kept, "_size": self._size}

    @property
    def content(self) -> bytes:
        """Nothing, where it is too large."""
        return bytes(self._kept)


@dataclass(frozen=True)
class _Ended:
    digest: str

    def hexdigest(self) -> str:
        return self.digest


@lru_cache(maxsize=256)
def measured(content: bytes) -> Measured:
    content_type = content_type_of(content) or "application/octet-stream"
    try:
        return ProcessMeasurer().measure(lambda offset, length: content[offset : offset + length], len(content), content_type)
    except Unmeasurable:
        return Measured()


@dataclass(frozen=True)
class Takes:
    """What a platform's processing lets through: frames a second, and seconds; from and to."""

    rates: tuple[float, float] = (0.0, math.inf)
    seconds: tuple[float, float] = (0.0, math.inf)


ANY = Takes()


def unfit_video(measure: Measure | None, content: bytes, takes: Takes = ANY) -> str:
    """Why processing fails: "format" (there is no picture), "frame_rate" or "duration"; empty if it does not, or if nobody
    measures."""
    if measure is None or not 0 < len(content) <= KEPT_BYTES:
        return ""
    facts = measure(content)
    if not facts.width or not facts.height:
        return "format"
    slowest, fastest = takes.rates
    if facts.frame_rate is not None and not slowest * 0.99 <= facts.frame_rate <= fastest * 1.01:
        return "frame_rate"
    shortest, longest = takes.seconds
    return "" if facts.duration_seconds is None or shortest <= facts.duration_seconds <= longest else "duration"


def is_larger(measure: Measure | None, content: bytes, sides: tuple[int, int]) -> bool:
    """Whether an image's shorter or longer side is."""
    if measure is None:
        return False
    facts = measure(content)
    shorter, longer = sorted((facts.width or 0, facts.height or 0))
    return shorter > sides[0] or longer > sides[1]
