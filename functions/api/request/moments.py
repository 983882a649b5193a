"""Moments in requests: ISO 8601 calendar date and time, extended or basic, seconds optional, Z or an offset; nothing else."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

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
    invalid = f"Invalid {name} format: give date, time and Z or an offset, as in {EXAMPLE_TIME}"
    wrong = PydanticCustomError("custom", "{message}", {"message": invalid, "code": "invalid_string"})
    if not isinstance(value, str):
        raise wrong
    if _ISO_8601.fullmatch(value) is None:
        raise wrong
    try:
        moment = datetime.fromisoformat(value.upper().replace(" ", "T")).astimezone(UTC)
    except (ValueError, OverflowError):
        raise wrong from None
    if moment >= LATEST:
        too_far = f"{name} is too far: the latest is {LATEST - timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
        raise PydanticCustomError("custom", "{message}", {"message": too_far, "code": "too_big"})
    return moment


def _moment(value: object) -> datetime:
    return parsed_moment(value, "time")


SCHEMA = WithJsonSchema({"type": "string", "format": "date-time", "examples": [EXAMPLE_TIME]})
# Where null says that there is none.
NULLABLE_SCHEMA = WithJsonSchema({"type": ["string", "null"], "format": "date-time", "examples": [EXAMPLE_TIME]})
Moment = Annotated[datetime, PlainValidator(_moment), SCHEMA]
