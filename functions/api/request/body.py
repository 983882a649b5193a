"""From the bytes of a request to a JSON object that can be trusted to have one meaning, or a clear refusal."""

import codecs
import itertools
import json
import math
import re
from collections.abc import Iterator
from typing import Any, cast

from flask import Request

from functions.api.request.reading import read_body
from functions.api.request.validation import MAX_DETAILS
from shared.core.errors import Detail, UnsupportedContentType, ValidationFailed

# Of one object or array; the largest that anybody needs has 51 entries.
MAX_MEMBERS = 1000
MAX_DEPTH = 64
MAX_DIGITS = 100
# Line breaks and tabs are text. In JSON the others can only stand escaped, but for the last one.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MAY_HOLD_CONTROLS = re.compile(rb"\\u00[01]|\\u007[fF]|\\[bf]|\x7f")


def read_json(request: Request, *, optional: bool = False) -> dict[str, Any]:
    """The body as an object; an absent one is empty if `optional`.

    Raises UnsupportedContentType, PayloadTooLarge or ValidationFailed.
    """
    if optional and not request.content_length and "Transfer-Encoding" not in request.headers:
        return {}
    if request.mimetype != "application/json":
        is_empty = not request.content_length and "Transfer-Encoding" not in request.headers
        raise UnsupportedContentType("A body is needed: JSON, with Content-Type: application/json" if is_empty else None)
    body = _parse(read_body(request))
    if not isinstance(body, dict):
        raise _refusal("The request body must be a JSON object", "invalid_type")
    return cast("dict[str, Any]", body)


def _parse(raw: bytes) -> object:
    if raw.startswith(codecs.BOM_UTF8):
        raise _refusal("The request body begins with a byte order mark: leave it out")
    try:
        body: object = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_whole,
        )
        # Half a surrogate pair is valid JSON, but no text that could be stored or sent.
        json.dumps(body, ensure_ascii=False).encode("utf-8")
    except UnicodeError:
        raise _refusal("The request body is not valid UTF-8 text") from None
    except RecursionError:
        raise _refusal(f"The request body is nested deeper than {MAX_DEPTH} levels") from None
    except json.JSONDecodeError as error:
        raise _refusal(f"The request body is not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None
    except ValueError as error:
        raise _refusal(f"The request body is not valid JSON: {error}") from None
    _validate_shape(body)
    if _MAY_HOLD_CONTROLS.search(raw):
        _refuse_control_characters(body)
    return body


def _refuse_control_characters(body: object) -> None:
    """No platform shows them, and some cut a text at the first one."""
    found = itertools.islice(_with_controls(body, "body"), MAX_DETAILS)
    details = [
        Detail(field, f"The text holds a control character (U+{ord(sign):04X}): leave it out", "invalid_string")
        for field, sign in found
    ]
    if details:
        raise ValidationFailed(details=details)


def _with_controls(value: object, field: str) -> Iterator[tuple[str, str]]:
    match value:
        case str():
            if sign := _CONTROL.search(value):
                yield field, sign[0]
        case dict():
            for name, inner in cast("dict[str, object]", value).items():
                if sign := _CONTROL.search(name):
                    yield field, sign[0]
                else:
                    yield from _with_controls(inner, f"{field}.{name}")
        case list():
            for position, inner in enumerate(cast("list[object]", value)):
                yield from _with_controls(inner, f"{field}.{position}")
        case _:
            pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    for name, value in pairs:
        if name in keys:
            raise ValueError(f"the key {name[:100]!r} stands twice in one object")
        keys[name] = value
    return keys


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"a number of {len(text)} digits is too large")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text[:100]} is too large")
    return number


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")


def _validate_shape(body: object) -> None:
    """How deep, and how many members one level of one object or array has."""
    level = [body]
    for _ in range(MAX_DEPTH + 1):
        most = max((len(cast("list[object]", one)) for one in level if isinstance(one, dict | list)), default=0)
        if most > MAX_MEMBERS:
            raise _refusal(f"An object or array in the request body has {most} members; at most {MAX_MEMBERS} are taken")
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise _refusal(f"The request body is nested deeper than {MAX_DEPTH} levels")


def _inside(value: object) -> list[object]:
    """The containers right inside a container."""
    items: list[object] = []
    if isinstance(value, dict):
        items = list(cast("dict[str, object]", value).values())
    elif isinstance(value, list):
        items = cast("list[object]", value)
    return [item for item in items if isinstance(item, dict | list)]


def _refusal(message: str, code: str = "custom") -> ValidationFailed:
    return ValidationFailed(message, details=[Detail("body", message, code)])
