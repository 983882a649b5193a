"""From the bytes of a request to a JSON object that can be trusted to have one meaning, or a clear refusal."""

import json
import math
from typing import Any, cast

from flask import Request

from shared.core.errors import Detail, PayloadTooLarge, UnsupportedContentType, ValidationFailed

MAX_BODY_BYTES = 1_000_000
MAX_DEPTH = 64


def read_json(request: Request, *, optional: bool = False) -> dict[str, Any]:
    """The body as an object; an absent one is empty if `optional`.

    Raises UnsupportedContentType, PayloadTooLarge or ValidationFailed.
    """
    if optional and not request.content_length and "Transfer-Encoding" not in request.headers:
        return {}
    if request.mimetype != "application/json":
        raise UnsupportedContentType
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise PayloadTooLarge
    # Counted on the stream: a chunked body declares no length, and a declared one may lie.
    raw = request.stream.read(MAX_BODY_BYTES + 1)
    if len(raw) > MAX_BODY_BYTES:
        raise PayloadTooLarge
    body = _parse(raw)
    if not isinstance(body, dict):
        raise _refusal("The request body must be a JSON object", "invalid_type")
    return cast("dict[str, Any]", body)


def _parse(raw: bytes) -> object:
    try:
        body: object = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)
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
    if _depth_exceeds(body, MAX_DEPTH):
        raise _refusal(f"The request body is nested deeper than {MAX_DEPTH} levels")
    return body


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    for name, value in pairs:
        if name in keys:
            raise ValueError(f"the key {name[:100]!r} stands twice in one object")
        keys[name] = value
    return keys


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text[:100]} is too large")
    return number


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")


def _depth_exceeds(value: object, limit: int) -> bool:
    level = [value]
    for _ in range(limit + 1):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


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
