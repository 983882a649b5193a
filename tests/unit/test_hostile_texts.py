"""Texts made to cost: each once took a second or more of CPU, as the time grew with the square of the length."""

import time
from collections.abc import Callable

import pytest

from shared.core.log import redact
from shared.core.text import MAX_COMBINING_MARKS, nfc
from shared.platforms.x.weighted_length import links_of, weighted_length, without_links

# Of CPU, for what takes about a tenth of a second; the quadratic versions took 13 to 36 s for a tenth of the length.
BOUND_SECONDS = 5.0
LENGTH = 190_000
TEXTS = {
    "a link and commas": "http://a.co/" + "," * LENGTH + "a",
    "a link and brackets": "http://a.co/" + ")" * LENGTH,
    "marks of falling class": "a" + "\u0315" * (LENGTH // 2) + "\u0300" * (LENGTH // 2),
    "a label of CJK letters": "http://" + "漢" * LENGTH + ".com",
    "many labels": "http://" + "漢." * (LENGTH // 2) + "com",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("read", [weighted_length, links_of, without_links])
def test_a_text_is_counted_in_linear_time(read: Callable[[str], object], text: str) -> None:
    started = time.process_time()
    read(text)
    assert time.process_time() - started < BOUND_SECONDS


@pytest.mark.parametrize("part", ["eyJ", "eyJ.", "access_token=", "Bearer ", "a-"])
def test_a_log_line_is_redacted_in_linear_time(part: str) -> None:
    started = time.process_time()
    redact(part * (LENGTH // len(part)))
    assert time.process_time() - started < BOUND_SECONDS


@pytest.mark.parametrize(
    ("link", "length"),
    [
        ("http://a.co/,,,", 12),
        ("http://a.co/a),,", 13),
        ("http://a.co/(a),", 15),
        ("http://a.co/))))", 12),
        ("http://a.co/a?b=c.,!", 17),
    ],
)
def test_a_sentences_punctuation_is_no_part_of_a_link(link: str, length: int) -> None:
    assert links_of(link) == [link[:length]]


def test_normal_texts_are_normalised_as_ever_and_long_runs_of_marks_piece_by_piece() -> None:
    assert nfc("e\u0301 \u1100\u1161 日本") == "é 가 日本"
    assert nfc("plain") == "plain"
    marks = MAX_COMBINING_MARKS * 3
    assert len(nfc("a" + "\u0301" * marks)) == marks
    assert nfc("a" + "\u0315\u0300" * 10) == "à" + "\u0300" * 9 + "\u0315" * 10
