"""How X counts a text (twitter-text, configuration v3): most scripts 1 a character, CJK and emoji 2, every link 23.

Our own because the one maintained-looking port on PyPI (twitter-text-parser 3.0.0, 2023) needs pkg_resources, which setuptools
removed, and 200 ms to import; X's own vectors are in the tests.
"""

import re
import unicodedata
from pathlib import Path

LINK_WEIGHT = 23
EMOJI_WEIGHT = 2

# Code points that count 1; all others count 2.
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))

_PICTOGRAPH = (
    "[\u231a\u231b\u2328\u23cf\u23e9-\u23f3\u23f8-\u23fa\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u27bf\u2934\u2935"
    "\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_ONE_EMOJI = f"(?:{_PICTOGRAPH}|[\u203c-\u21ff\u00a9\u00ae](?=\ufe0f))(?:\ufe0f|[\U0001f3fb-\U0001f3ff])*"
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"  # a flag is two letters
    "|[0-9#*]\ufe0f?\u20e3"  # a keycap
    "|\U0001f3f4[\U000e0061-\U000e007a]+\U000e007f"  # a flag of a region, spelt in tags
    f"|{_ONE_EMOJI}(?:\u200d(?:{_ONE_EMOJI}|[\u2640\u2642\u2695\u2696\u2708]\ufe0f?))*"
)

_TLDS = "|".join(sorted((Path(__file__).parent / "tlds.txt").read_text(encoding="utf-8").split(), key=lambda tld: (-len(tld), tld)))
_LABEL = r"[^\W_](?:[\w-]*[^\W_])?"
_PATH_END = r"[\w=+\-/#]"
_LINK = re.compile(
    r"(?P<before>^|[^A-Za-z0-9@＠$#＃])"
    r"(?P<link>(?P<scheme>https?://)?"
    rf"(?P<domain>(?:{_LABEL}\.)+(?:{_TLDS}))(?![\w@＠-]|\.[^\W_])"
    r"(?::[0-9]+)?"
    rf"(?:/(?:[^\s()?<>\"]*{_PATH_END}|\([^\s()]*\))*)?"
    r"(?:\?[^\s<>\"]*[\w\-&=#/])?)",
    re.IGNORECASE,
)
# Without a scheme, only what is plainly an ASCII domain counts as a link.
_BARE_REFUSED_BEFORE = ("-", "_", ".", "/")
_MAX_LABEL_LENGTH = 63
_MAX_LINK_LENGTH = 4096


def weighted_length(text: str) -> int:
    text = unicodedata.normalize("NFC", text)
    total, position = 0, 0
    for start, end in _links(text):
        total += _weigh(text[position:start]) + LINK_WEIGHT
        position = end
    return total + _weigh(text[position:])


def _links(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    position = 0
    while link := _LINK.search(text, position):
        position = link.end("link")
        bare = link["scheme"] is None
        if bare and (link["before"] in _BARE_REFUSED_BEFORE or not link["domain"].isascii()):
            continue
        if len(link["link"]) <= _MAX_LINK_LENGTH and _is_domain(link["domain"]):
            found.append(link.span("link"))
    return found


def _is_domain(domain: str) -> bool:
    """Whether every label fits into the domain name system, in the ASCII form that it uses."""
    return all(len(_ascii_form(label)) <= _MAX_LABEL_LENGTH for label in domain.split("."))


def _ascii_form(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode()


def _weigh(text: str) -> int:
    without_emoji, emoji = _EMOJI.subn("", text)
    return emoji * EMOJI_WEIGHT + sum(1 if _is_light(ord(character)) else 2 for character in without_emoji)


def _is_light(code_point: int) -> bool:
    return any(first <= code_point <= last for first, last in _LIGHT)
