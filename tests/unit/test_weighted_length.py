"""How X counts."""

from pathlib import Path

import pytest
import yaml

from shared.platforms.x.weighted_length import weighted_length, without_links

VECTORS = Path(__file__).parents[1] / "vectors" / "twitter-text-validate.yml"


@pytest.mark.parametrize(
    ("text", "length", "why"),
    [
        ("", 0, "nothing"),
        ("hello", 5, "Latin letters count 1"),
        ("日本", 4, "CJK characters count 2"),
        ("👍", 2, "an emoji counts 2"),
        ("👨‍👩‍👧‍👦", 2, "however many people are in it"),
        ("🇩🇪", 2, "a flag is one emoji"),
        ("e\u0301", 1, "an accent is composed with its letter first"),
        ("https://example.com/a/very/long/path?with=query", 23, "a link counts 23, however long"),
        ("example.com", 23, "without a scheme too"),
        ("see https://a.co now", 4 + 23 + 4, "among words"),
        ("a.b", 3, "not everything with a dot is a link"),
        ("me@example.com", 14, "an address is no link"),
    ],
)
def test_weights(text: str, length: int, why: str) -> None:
    assert weighted_length(text) == length, why


def test_a_long_text_takes_time_in_proportion() -> None:
    """Each of these took seconds for a few thousand characters when links were matched by one expression."""
    for unit in ("a.", "あ", "a-", "http://", "http://a.", "(", "https://a.com/(", "a.com/" + "(" * 50 + " ", "@a.com"):
        weighted_length(unit * (60_000 // len(unit)))


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("see https://example.com/a?b=1&copy=2 now", "see  now"),
        ("bare example.com too", "bare  too"),
        ("(https://example.com/a_(b))", "()"),
        ("nothing here", "nothing here"),
    ],
)
def test_texts_without_their_links(text: str, rest: str) -> None:
    assert without_links(text) == rest


def test_the_official_vectors() -> None:
    tests = yaml.safe_load(VECTORS.read_text(encoding="utf-8"))["tests"]
    sections = ("WeightedTweetsWithDiscountedEmojiCounterTest", "UnicodeDirectionalMarkerCounterTest")
    vectors = [vector for section in sections for vector in tests[section]]
    assert len(vectors) > 20
    wrong = {
        vector["description"]: (weighted_length(vector["text"]), vector["expected"]["weightedLength"])
        for vector in vectors
        if weighted_length(vector["text"]) != vector["expected"]["weightedLength"]
    }
    assert wrong == {}
