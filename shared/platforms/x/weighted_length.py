"""How X counts a text (twitter-text, configuration v3): most scripts 1 a character, CJK and emoji 2, every link 23.

Our own because the one maintained-looking port on PyPI (twitter-text-parser 3.0.0, 2023) needs pkg_resources, which setuptools
removed, and 200 ms to import; X's own vectors are in the tests.
"""

import re
from pathlib import Path

from shared.core.text import nfc

LINK_WEIGHT = 23
EMOJI_WEIGHT = 2

# Characters that count 2; all others count 1.
_HEAVY = re.compile("[^\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")

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

_TLDS = frozenset((Path(__file__).parent / "tlds.txt").read_text(encoding="utf-8").split())
# Where a link may begin: an address with its scheme, or a run of what an ASCII domain is made of. Every part is matched once, so
# a long text takes time in proportion to its length.
_START = re.compile(r"(?P<scheme>https?://)(?P<host>[\w.-]+)|(?P<bare>[A-Za-z0-9_.-]+)", re.IGNORECASE)
_PORT = re.compile(r":[0-9]+")
_PATH = re.compile(r"/[^\s?<>\"]*")
_QUERY = re.compile(r"\?[^\s<>\"]*")
_ASCII_HOST = re.compile(r"[A-Za-z0-9.-]+")
_NOT_BEFORE = re.compile(r"[A-Za-z0-9@＠$#＃]")
_NOT_AFTER_BARE = ("@", "＠", "+")
# What a path and a query may end with; the sentence's punctuation after that is not theirs.
_AT_PATHS_END = re.compile(r"[\w=+\-/#)]")
_AT_QUERYS_END = re.compile(r"[\w\-&=#/]")
_MAX_LABEL_LENGTH = 63
_MAX_LINK_LENGTH = 4096


def weighted_length(text: str) -> int:
    text = nfc(text)
    total, position = 0, 0
    for start, end in _links(text):
        total += _weigh(text[position:start]) + LINK_WEIGHT
        position = end
    return total + _weigh(text[position:])


def links_of(text: str) -> list[str]:
    return [text[start:end] for start, end in _links(text)]


def without_links(text: str) -> str:
    """The text with every link cut out."""
    kept, position = list[str](), 0
    for start, end in _links(text):
        kept.append(text[position:start])
        position = end
    return "".join((*kept, text[position:]))


def _links(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    position = 0
    while start := _START.search(text, position):
        position = start.end()
        if start.start() and _NOT_BEFORE.match(text[start.start() - 1]):
            continue
        host = start["host"] if start["scheme"] else start["bare"]
        domain = _domain_in(host)
        if domain is None:
            continue
        domains_end = start.end() - len(host) + len(domain)
        if start["scheme"] is None and text[domains_end : domains_end + 1] in _NOT_AFTER_BARE:
            continue
        end = _end_of(text, domains_end)
        if end - start.start() <= _MAX_LINK_LENGTH:
            found.append((start.start(), end))
        position = max(end, domains_end)
    return found


def _domain_in(host: str) -> str | None:
    """The domain that `host` begins with, if it is one."""
    candidates = [host.rstrip(".-_")]
    if not host.isascii():
        ascii_part = _ASCII_HOST.match(host)
        candidates += [ascii_part[0].rstrip(".-")] if ascii_part else []
    for candidate in candidates:
        labels = candidate.split(".")
        if len(labels) > 1 and labels[-1].lower() in _TLDS and all(_is_label(label) for label in labels):
            return candidate
    return None


def _is_label(label: str) -> bool:
    """Whether it fits into the domain name system, in the ASCII form that is used there."""
    if len(label) > _MAX_LABEL_LENGTH:
        # Its ASCII form is not shorter, and takes quadratic time to make.
        return False
    ascii_form = label if label.isascii() else "xn--" + label.encode("punycode").decode()
    return 0 < len(ascii_form) <= _MAX_LABEL_LENGTH and label[0] not in "-_" and label[-1] not in "-_"


def _end_of(text: str, domains_end: int) -> int:
    """Where the link ends whose domain ends there: with its port, path and query, but not the sentence's punctuation."""
    end = domains_end
    if port := _PORT.match(text, end):
        end = port.end()
    if path := _PATH.match(text, end):
        end += _path_length(path[0])
    if query := _QUERY.match(text, end):
        end += _length_up_to(query[0], len(query[0]), _AT_QUERYS_END)
    return end


def _path_length(path: str) -> int:
    """Without a closing bracket that was opened before the link."""
    length = _length_up_to(path, len(path), _AT_PATHS_END)
    surplus = path.count(")", 0, length) - path.count("(", 0, length)
    while length and path[length - 1] == ")" and surplus > 0:
        shorter = _length_up_to(path, length - 1, _AT_PATHS_END)
        surplus -= path.count(")", shorter, length) - path.count("(", shorter, length)
        length = shorter
    return length


def _length_up_to(text: str, length: int, last: re.Pattern[str]) -> int:
    """The length of the text's beginning that ends with such a character."""
    while length and last.match(text, length - 1) is None:
        length -= 1
    return length


def _weigh(text: str) -> int:
    without_emoji, emoji = _EMOJI.subn("", text)
    _, heavy = _HEAVY.subn("", without_emoji)
    return emoji * EMOJI_WEIGHT + len(without_emoji) + heavy
