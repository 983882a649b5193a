"""Moments in requests: ISO 8601 calendar date and time, extended or basic, seconds optional, Z or an offset; nothing else."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema

from shared.core.wrong import wrong

# The contract's; and so that a record can outlive the post and still have a date.
LATEST = datetime(3000, 1, 1, tzinfo=UTC)
EXAMPLE_TIME = "2030-01-31T18:30:00Z"
# Calendar date and time; whatever else the parser takes is none.
_OFFSET = r"(?:Z|[+-]\d\d(?::?\d\d)?)"
_ISO_8601 = re.compile(
    rf"\d{{4}}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{{1,9}})?)?{_OFFSET}|\d{{8}}[T ]\d{{4}}(?:\d\d(?:[.,]\d{{1,9}})?)?{_OFFSET}",
    re.ASCII | re.IGNORECASE,
)


def parsed_moment(value: object, name: str) -> datetime:
    """Raises PydanticCustomError, which names the field."""
    malformed = wrong("invalid_string", f"Invalid {name} format: give date, time and Z or an offset, as in {EXAMPLE_TIME}")
    if not isinstance(value, str) or _ISO_8601.fullmatch(value) is None:
        raise malformed
    try:
        moment = datetime.fromisoformat(value.upper().replace(" ", "T")).astimezone(UTC)
    except (ValueError, OverflowError):
        raise malformed from None
    if moment >= LATEST:
        raise wrong("too_big", f"{name} is too far: the latest is {LATEST - timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}")
    return moment


def moment_named(name: str) -> Callable[[object], datetime | None]:
    """Of a query, where it may be left out."""
    return lambda value: None if value is None else parsed_moment(value, name)


def _moment(value: object) -> datetime:
    return parsed_moment(value, "time")


SCHEMA = WithJsonSchema({"type": "string", "format": "date-time", "examples": [EXAMPLE_TIME]})
# Where null says that there is none.
NULLABLE_SCHEMA = WithJsonSchema({"type": ["string", "null"], "format": "date-time", "examples": [EXAMPLE_TIME]})
Moment = Annotated[datetime, PlainValidator(_moment), SCHEMA]
