"""Texts of strangers, handled in time that grows with their length and no faster."""

import unicodedata

# Of marks that combine with one character; beyond, the text is normalised piece by piece, as sorting a longer run takes quadratic
# time. Unicode's Stream-Safe Text Format (UAX #15) has the same number, far above what any language needs.
MAX_COMBINING_MARKS = 30


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
