"""What templates look like: by perceptual hash against images that were looked at, and what hostile texts do to them."""

import json
import struct
import time
import zlib
from pathlib import Path

import pytest

from shared.templates.render import Picture, Undrawable, render
from shared.templates.template import TEMPLATES
from tests.fakes.world import MEDIA

GOLDEN = Path(__file__).parents[1] / "vectors" / "templates.json"
PHOTO = Picture((MEDIA / "photo.jpg").read_bytes(), "jpg")
EMOJI = "We launched! 🚀🎉 Thank you all 👩‍👩‍👧‍👦 🇩🇪 👍🏽 ❤️‍🔥"
SCRIPTS = "本日、新製品を発表しました。오늘 새 제품을 출시했습니다. 我们今天发布了新产品。नया उत्पाद। สินค้าใหม่ שלום עולם é ñ ǎ̀"
ARABIC = "البساطة شرط أساسي للموثوقية، وهذا نص عربي طويل قليلا لاختبار الاتجاه."
# Each was looked at when its hash was kept; `python -m tests.unit.test_render` keeps them anew.
CASES = {
    "tweet": ("tweetImage", {"title": "My Tweet", "author": "@username", "content": "Tweet text here"}, "1:1", {}),
    "tweet with emoji, dark": (
        "tweetImage",
        {"title": "Ada", "author": "@ada", "content": EMOJI, "avatarUrl": "x", "theme": "dark"},
        "4:5",
        {"avatarUrl": PHOTO},
    ),
    "tweet that is far too long": ("tweetImage", {"author": "@news", "content": "word " * 900}, "9:16", {}),
    "thumbnail": ("videoThumbnail", {"title": "New Video!", "subtitle": "Welcome to my podcast…"}, "1:1", {}),
    "thumbnail on a picture": ("videoThumbnail", {"title": "How we ship every day", "imageUrl": "x"}, "9:16", {"imageUrl": PHOTO}),
    "quote": (
        "quote",
        {"quote": "Simplicity is prerequisite for reliability.", "author": "E. W. Dijkstra", "role": "x"},
        "1:1",
        {},
    ),
    "quote in Arabic": ("quote", {"quote": ARABIC, "author": "أحمد", "theme": "dark"}, "4:5", {}),
    "announcement in many scripts": ("announcement", {"label": "New", "title": "Big Announcement", "content": SCRIPTS}, "1:1", {}),
    "announcement with a picture": ("announcement", {"title": "Meetup", "imageUrl": "x"}, "4:5", {"imageUrl": PHOTO}),
}
SIDE = 16
MAX_DISTANCE = 10


def rows_of(png: bytes) -> tuple[int, int, list[bytes]]:
    """Width, bytes a pixel, and the rows of a PNG of eight bits without interlacing (PNG specification, sections 7 and 9)."""
    width, height, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert (depth, colour in (2, 6)) == (8, True)
    step = 3 if colour == 2 else 4
    position, packed = 8, b""
    while position < len(png):
        length, name = struct.unpack(">I4s", png[position : position + 8])
        packed += png[position + 8 : position + 8 + length] if name == b"IDAT" else b""
        position += 12 + length
    raw = zlib.decompress(packed)
    stride, before, rows = width * step, bytearray(width * step), list[bytes]()
    for number in range(height):
        start = number * (stride + 1)
        kind, row = raw[start], bytearray(raw[start + 1 : start + 1 + stride])
        _unfilter(kind, row, before, step)
        rows.append(bytes(row))
        before = row
    return width, step, rows


def _unfilter(kind: int, row: bytearray, before: bytearray, step: int) -> None:
    if kind == 0:
        return
    if kind == 2:
        for i, above in enumerate(before):
            row[i] = (row[i] + above) & 255
        return
    for i in range(len(row)):
        left, above = (row[i - step] if i >= step else 0), before[i]
        corner = before[i - step] if i >= step else 0
        if kind == 1:
            row[i] = (row[i] + left) & 255
        elif kind == 3:
            row[i] = (row[i] + (left + above) // 2) & 255
        else:
            guess = left + above - corner
            distances = abs(guess - left), abs(guess - above), abs(guess - corner)
            best = left if distances[0] <= min(distances[1:]) else above if distances[1] <= distances[2] else corner
            row[i] = (row[i] + best) & 255


def hash_of(png: bytes) -> str:
    """Whether each field of a grid is brighter than the one to its right: small changes of a font move few bits."""
    width, step, rows = rows_of(png)
    high, wide = len(rows) // SIDE, width // (SIDE + 1)
    bits = ""
    for y in range(SIDE):
        fields = []
        for x in range(SIDE + 1):
            sample = [rows[y * high + dy][(x * wide + dx) * step] for dy in range(0, high, 6) for dx in range(0, wide, 6)]
            fields.append(sum(sample) / len(sample))
        bits += "".join("1" if fields[x] > fields[x + 1] + 0.5 else "0" for x in range(SIDE))
    return f"{int(bits, 2):0{SIDE * SIDE // 4}x}"


def distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


@pytest.mark.parametrize("name", CASES)
def test_images_look_as_when_they_were_looked_at(name: str) -> None:
    assert distance(hash_of(render(*CASES[name])), json.loads(GOLDEN.read_text())[name]) <= MAX_DISTANCE


def test_and_no_two_of_them_alike() -> None:
    hashes = list(json.loads(GOLDEN.read_text()).values())
    pairs = [(a, b) for position, a in enumerate(hashes) for b in hashes[position + 1 :]]
    assert min(distance(a, b) for a, b in pairs) > 2 * MAX_DISTANCE


@pytest.mark.parametrize(
    "text",
    [
        "#let x = 1; $x^2$ *bold* _it_ `raw` <tag> @cite \\ // /* ] } )",
        "a" * 5000,
        "é" + "\u0301" * 30,
        "\x07\x00bell",
        "👩‍👩‍👧‍👦" * 300,
        "字" * 3000,
        "\u202e\u2066 turned",
        " \u200b\u200b ",
        "x\n" * 2000,
    ],
    ids=["markup", "one word", "marks", "controls", "emoji", "Chinese", "direction", "nothing to see", "lines"],
)
@pytest.mark.parametrize("slug", TEMPLATES)
def test_whatever_the_text_an_image_comes_of_it_soon(slug: str, text: str) -> None:
    field = {"tweetImage": "content", "quote": "quote"}.get(slug, "title")
    began = time.process_time()
    assert render(slug, {field: text}, "1:1", {}).startswith(b"\x89PNG")
    assert time.process_time() - began < 5


def test_a_broken_picture_is_the_customers_affair() -> None:
    with pytest.raises(Undrawable):
        render(
            "tweetImage", {"content": "c", "author": "a"}, "1:1", {"avatarUrl": Picture(b"\x89PNG\r\n\x1a\n" + bytes(100), "png")}
        )


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps({name: hash_of(render(*case)) for name, case in CASES.items()}, indent=1) + "\n")


WIDE = ["W" * 20, "👍" * 30, "—" * 40, "A\nB\nC " + "W" * 300, "https://example.com/watch?v=" + "W" * 200, "Щ" * 5000, "\u200b"]


@pytest.mark.parametrize("slug", TEMPLATES)
@pytest.mark.parametrize("ratio", ["1:1", "9:16"])
@pytest.mark.parametrize("words", WIDE, ids=[repr(words[:12]) for words in WIDE])
def test_what_has_no_place_to_break_is_broken_anywhere(slug: str, ratio: str, words: str) -> None:
    field = {"quote": "quote", "tweetImage": "content"}.get(slug, "title")
    assert render(slug, {field: words}, ratio, {}).startswith(b"\x89PNG")
