"""Come back later: the one shape in which a step says that it cannot go on now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Wait:
    """Try again in `seconds`. `code` and `reason` say why, in the run's list of attempts, and `details` more of it; `changes` is
    what the document remembers until then."""

    seconds: float
    reason: str
    code: str = "waiting"
    details: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[Any, Any] = field(default_factory=dict)
    # Whoever ends what is waited for enqueues the task: any delivery may go on, and `seconds` is when the sweeper looks.
    is_woken: bool = False

    def to_fields(self) -> dict[str, Any]:
        """The attempt's entry."""
        return {**self.details, "code": self.code, "message": self.reason}
