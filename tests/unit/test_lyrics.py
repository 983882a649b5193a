"""Which transcripts are likely songs: a table, with the reason of each row."""

import pytest

from shared.transcription.lyrics import likely_lyrics, sentences_of

CHORUS = ["We will go on", "and on and on", "We will go on", "until the dawn", "We will go on", "and on and on"]


@pytest.mark.parametrize(
    ("lines", "is_song", "why"),
    [
        (["Welcome to my podcast.", "Today we're discussing clouds."], False, "speech"),
        (CHORUS, True, "a chorus: half of six lines are repeats"),
        (["WE WILL GO ON!", *CHORUS[1:]], True, "capitals and signs make no other line"),
        (CHORUS[:5], False, "five lines are too few to tell"),
        (["Yes.", "No.", "Yes.", "Well, I think so.", "Right.", "So it was then.", "I see."], False, "an interview says yes twice"),
        (["♪ In the morning light ♪", "and so on"], True, "a sign of music, and words"),
        (["[Music]", "Hello and welcome to the show"], True, "music before words: the rule errs on this side"),
        (["♪♪♪"], False, "music without words is no lyrics"),
        (["Music is what we talk about today"], False, "the word alone is no sign"),
        ([], False, "nothing was said"),
        (["", "  "], False, "nothing was said"),
    ],
)
def test_likely_lyrics(lines: list[str], is_song: bool, why: str) -> None:
    assert likely_lyrics(lines) is is_song, why


def test_a_text_without_segments_is_cut_into_its_sentences() -> None:
    assert sentences_of("One. Two? Three!\nFour") == ["One.", "Two?", "Three!", "Four"]
