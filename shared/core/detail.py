"""What is wrong with one part of a request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Detail:
    """One thing to mend in a request: `field` starts at `body`, `code` is the validation vocabulary's."""

    field: str
    message: str
    code: str
    received: Any = None
    rule: str | None = None
    choices: Sequence[str] | None = None
    # The post's target that it is about, by its targetId.
    target: str | None = None
