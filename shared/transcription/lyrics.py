"""Is a transcript likely the words of a song? By two signs, neither of which needs to understand it.

1. A sign of music (♪ ♫ ♬ 🎵 🎶, or [Music] and the like, alone on a line) beside at least one line of words.
2. A chorus: of at least six lines, a third or more are repeats of other lines. Lines are compared by their letters alone.
"""

import re

MIN_LINES, REPEATED_SHARE = 6, 1 / 3
_MUSIC = re.compile(r"[♪♫♬🎵🎶]|^\W*(?:music|singing|musik|musique|música|♪)\W*$", re.IGNORECASE | re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+|\n+")
_LETTERS = re.compile(r"[^\w]+")


def likely_lyrics(lines: list[str]) -> bool:
    """`lines` are the provider's segments, or the transcript's sentences."""
    said = [line.strip() for line in lines if line.strip()]
    words = [key for line in said if (key := _LETTERS.sub(" ", line.lower()).strip())]
    if any(_MUSIC.search(line) for line in said) and len([key for key in words if " " in key]) > 0:
        return True
    return len(words) >= MIN_LINES and len(words) - len(set(words)) >= len(words) * REPEATED_SHARE


def sentences_of(text: str) -> list[str]:
    return [part for part in _SENTENCE.split(text) if part]
