"""How the time for a hostile text grows with its length: every regular expression of the product, and every rule about texts."""

import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator, Mapping

import functions.api
import shared
from shared.core.log import redact
from shared.core.platforms import PLATFORMS
from shared.core.text import nfc
from shared.platforms.content import Content
from shared.platforms.preflight import validate_content

SIZES = (10_000, 50_000, 190_000)
# Texts that made something quadratic, here or elsewhere, by their repeated part, or by beginning, part and end.
HOSTILE: Mapping[str, tuple[str, str, str]] = {
    "letters": ("", "a", ""),
    "blanks": ("a", " ", "b"),
    "commas after a link": ("http://a.co/", ",", "a"),
    "brackets after a link": ("http://a.co/", ")", ""),
    "links": ("", "http://a.co/a ", ""),
    "a label without an end": ("http://", "漢", ".com"),
    "dots": ("", "a.", ""),
    "marks of falling class": ("a", "\u0315\u0300", ""),
    "flags": ("", "\U0001f3f4\U000e0067", ""),
    "families": ("", "\U0001f468\u200d", ""),
    "digits": ("", "1", ""),
    "tokens": ("", "eyJ", ""),
    "dotted tokens": ("", "eyJ.", ""),
    "parameters": ("", "access_token=", ""),
    "bearers": ("", "Bearer ", ""),
    "signs": ("", "#@", ""),
    "backslashes": ("", "\\", ""),
    "lines": ("", "\n", "a"),
    "minus": ("", "-", "a"),
    "urn": ("", "urn:li:share:", ""),
}
# From one size to the next, time may grow by so much more than the text does: noise, and caches that no longer hold it all.
TOLERANCE = 2.0
# What takes less says nothing.
LEAST_SECONDS = 0.002


def patterns() -> Iterator[tuple[str, Callable[[str], object]]]:
    """Of every module of the product, but for what needs Google."""
    for package in (shared, functions.api):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".gcp" in module.name or module.name.endswith((".wiring", ".main")):
                continue
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                    yield f"{module.name}.{name}", lambda text, pattern=value: pattern.sub("", text)


def rules() -> Iterator[tuple[str, Callable[[str], object]]]:
    yield "redact", redact
    yield "nfc", nfc
    for platform in PLATFORMS:
        yield f"{platform}'s rules", lambda text, platform=platform: validate_content(platform, Content(text), {})


def print_growth() -> None:
    subjects = [*patterns(), *rules()]
    rows: list[tuple[float, str]] = []
    worst = 0.0
    for subject, run in subjects:
        for hostile, (first, part, last) in HOSTILE.items():
            seconds: list[float] = []
            for size in SIZES:
                text = (first + part * (size // len(part)) + last)[: size + len(first) + len(last)]
                started = time.process_time()
                run(text)
                seconds.append(time.process_time() - started)
            growth = seconds[2] / max(seconds[1], LEAST_SECONDS) / (SIZES[2] / SIZES[1])
            worst = max(worst, growth)
            rows.append(
                (seconds[2], f"{subject:<52}{hostile:<26}" + "".join(f"{s * 1000:>10.1f}" for s in seconds) + f"{growth:>9.2f}")
            )
    print(f"Hostile texts: {len(subjects)} expressions and rules, {len(HOSTILE)} texts; CPU time in ms, the ten slowest")
    print(f"{'':<78}" + "".join(f"{size:>10,}" for size in SIZES) + f"{'growth':>9}")
    for _, row in sorted(rows, reverse=True)[:10]:
        print(row)
    verdict = "linear" if worst <= TOLERANCE else "NOT LINEAR"
    print(f"growth beyond the text's own, at most: {worst:.2f} ({verdict})")
    if worst > TOLERANCE:
        raise SystemExit(1)
