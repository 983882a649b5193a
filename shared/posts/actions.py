"""What people do to the run of a post, and who did it: kept with the run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from shared.posts.run import Run

# The latest are kept.
MAX_KEPT = 20
Action = Literal["retry", "resolve"]


@dataclass(frozen=True)
class Actor:
    """Whoever asks: the key's id, or None for its owner, signed in."""

    api_key_id: str | None

    def log(self, run: Run, action: Action, now: datetime, **more: Any) -> Mapping[str, Any]:
        """The run's `actions` with this one."""
        done = {"action": action, "at": now, "apiKeyId": self.api_key_id, **more}
        return {"actions": [*run.actions, done][-MAX_KEPT:]}
