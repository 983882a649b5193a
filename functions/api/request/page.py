"""Lists in pages: `?limit=&cursor=`. A cursor is opaque to callers; it names the last one of the page before."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypeVar

from pydantic import Field

from functions.api.request.validation import RequestQuery
from shared.core.errors import Detail, ValidationFailed

# Of one page, where the caller names a cursor but no limit, and at most.
DEFAULT_LIMIT, MAX_LIMIT = 50, 100

T = TypeVar("T")


class PageQuery(RequestQuery):
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] | None = None
    cursor: Annotated[str, Field(max_length=500)] | None = None


def encode_cursor(moment: datetime, path: str) -> str:
    return base64.urlsafe_b64encode(f"{moment.isoformat()} {path}".encode()).decode().rstrip("=")


def decode_cursor(cursor: str, collection: str) -> tuple[datetime, str]:
    """When, and the path of a document of that collection. Raises ValidationFailed."""
    try:
        moment, _, path = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode().partition(" ")
        at = datetime.fromisoformat(moment)
        parent, _, name = path.rpartition("/")
        if at.tzinfo is not None and parent == collection and name:
            return at, path
    except (binascii.Error, ValueError):
        pass
    message = "This cursor is none of this list's: use the nextCursor of the page before, unchanged"
    raise ValidationFailed(details=[Detail("query.cursor", message, "invalid_string", cursor)])


def cut(found: Sequence[T], limit: int) -> tuple[Sequence[T], T | None]:
    """The page, and its last one if there is another page; `found` was asked for with one more than the limit."""
    page = found[:limit]
    return page, page[-1] if len(found) > limit else None
