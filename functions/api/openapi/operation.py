"""One route as its description has it, beyond its declaration: its name, a sentence, how it behaves when repeated, examples."""

from dataclasses import dataclass
from typing import Any, Literal

# What sending it again does: nothing ("safe"), the first answer comes back ("key"; "own_key": only for a key of the client's), the
# same state is reached ("state"), or a second thing comes of it ("no").
Repeated = Literal["safe", "key", "own_key", "state", "no"]


@dataclass(frozen=True)
class Operation:
    """`waits`: the answer comes once the work is done; `goes_on`: it goes on after the answer."""

    id: str
    summary: str
    repeated: Repeated
    waits: bool = False
    goes_on: bool = False
    credits: str = "0"
    asked: Any = None
    answered: Any = None
    # Of an answer that is no JSON of a model's.
    content_type: str | None = None
    # Headers that it reads, and those of a good answer, beside those of every one.
    reads: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()
