"""Draws a template: config in, PNG out. Typst reads the template, its data and its pictures in a folder that is its whole world."""

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typst

from shared.core.once import once
from shared.templates.template import RATIOS, TEMPLATES

HERE = Path(__file__).parent
_FONT_PACKAGES = ("fontpkg_inter", "manimgx_fonts", "noto_cjk_sans_otc")
# The longest run of letters that is left unbroken: a line must end somewhere.
_LONG_WORD = re.compile(r"\S{30}(?=\S)")
# No font has a sign for these.
_UNSHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff]")
ZERO_WIDTH_SPACE = "\u200b"


@dataclass(frozen=True)
class Picture:
    """The bytes of a picture, and the ending that says how to read them."""

    content: bytes
    ending: str


class Undrawable(Exception):
    """The picture that a config names cannot be drawn; the message is its customer's."""


def render(slug: str, config: Mapping[str, Any], aspect_ratio: str, pictures: Mapping[str, Picture]) -> bytes:
    """A PNG of the ratio's size. `config` fits the template's model; `pictures` are by the config's names. Raises Undrawable."""
    width, height = RATIOS[aspect_ratio]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images: dict[str, str] = {}
        for field, picture in pictures.items():
            images[field] = f"{field}.{picture.ending}"
            (folder / images[field]).write_bytes(picture.content)
        data = {
            "width": width,
            "height": height,
            "accent": TEMPLATES[slug].accent,
            "config": {field: _shown(value) for field, value in config.items() if value is not None},
            "images": images,
        }
        (folder / "data.json").write_text(json.dumps(data), encoding="utf-8")
        (folder / "card.typ").write_bytes((HERE / "card.typ").read_bytes())
        template = (HERE / f"{slug}.typ").read_bytes()
        try:
            compiler = typst.Compiler(input=template, root=folder, font_paths=_fonts(), ignore_system_fonts=True)
            drawn = compiler.compile(format="png", ppi=72)
        except RuntimeError as error:
            if pictures and "image" in str(error):
                raise Undrawable("a picture is broken, or of a kind that cannot be drawn: give a PNG, JPEG, GIF or WebP") from error
            raise
        if not isinstance(drawn, bytes):
            raise RuntimeError(f"the template {slug} has more than one page")
        return drawn


def _shown(value: Any) -> Any:
    """Texts as they can be broken into lines."""
    if not isinstance(value, str):
        return value
    return _LONG_WORD.sub(lambda found: found[0] + ZERO_WIDTH_SPACE, _UNSHOWN.sub("", value))


@once
def _fonts() -> typst.Fonts:
    """Those of the packages and our own, and none that the machine happens to have; read once per process."""
    found = [spec.origin for name in _FONT_PACKAGES if (spec := find_spec(name)) is not None and spec.origin]
    folders = [*(Path(origin).parent for origin in found), HERE / "fonts"]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
