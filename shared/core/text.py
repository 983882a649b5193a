"""Texts of strangers, handled in time that grows with their length and no faster."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator

from shared.core.wrong import wrong

# Of marks that combine with one character; beyond, the text is normalised piece by piece, as sorting a longer run takes quadratic
# time. Unicode's Stream-Safe Text Format (UAX #15) has the same number, far above what any language needs.
MAX_COMBINING_MARKS = 30


def is_blank(text: str) -> bool:
    """Whether nobody would see anything: whitespace, and what has no width (Unicode's categories Z, Cc and Cf)."""
    return all(character.isspace() or unicodedata.category(character) in ("Cc", "Cf") for character in text)


def nfc(text: str) -> str:
    """The text in Unicode's Normalization Form C."""
    if text.isascii():
        return text
    pieces: list[str] = []
    start = marks = 0
    for position, character in enumerate(text):
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks > MAX_COMBINING_MARKS:
            pieces.append(text[start:position])
            start, marks = position, 1
    return "".join(unicodedata.normalize("NFC", piece) for piece in (*pieces, text[start:]))


def _not_blank(value: str) -> str:
    if is_blank(value):
        raise wrong("too_small", "It is empty: say something, or leave it out")
    return value


# A field that somebody can see something of.
NonBlank = Annotated[str, AfterValidator(_not_blank)]


def words_of(text: str) -> str:
    """The text as it is compared with what a platform shows of it: normalised, with single blanks between its words."""
    return " ".join(nfc(text).split())


def cut(text: str, most_bytes: int) -> str:
    """As much of it as that many bytes of UTF-8 hold."""
    return text.encode()[:most_bytes].decode(errors="ignore")
