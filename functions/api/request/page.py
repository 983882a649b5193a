"""Lists in pages: `?limit=&cursor=`. A cursor is opaque to callers; it names the last one of the page before."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from pydantic import Field

from functions.api.request.validation import RequestQuery
from shared.core.errors import Detail, ValidationFailed
from shared.documents.document import Condition, Document, Documents, Query

# Of one page, where the caller names a cursor but no limit, and at most.
DEFAULT_LIMIT, MAX_LIMIT = 50, 100

T = TypeVar("T")
# Where one stands in its list: when, and the path of its document.
Place = tuple[datetime, str]


class PageQuery(RequestQuery):
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] | None = None
    cursor: Annotated[str, Field(max_length=500)] | None = None

    @property
    def page_size(self) -> int:
        return self.limit or DEFAULT_LIMIT


def page_of(
    asked: PageQuery,
    collection: str,
    find: Callable[[int, Place | None], Sequence[T]],
    place: Callable[[T], Place],
    by: str = "createdAt",
) -> tuple[Sequence[T], str | None]:
    """The page that is asked for, and the next one's cursor, None on the last.

    `find` gets the most that a page has, and the place after which it starts; it looks for one more, which tells whether there is
    another page; `by` is the field that they are ordered by. Raises ValidationFailed for a cursor that is not of this list.
    """
    limit = asked.page_size
    found = find(limit, _decoded(asked.cursor, collection, by) if asked.cursor is not None else None)
    page = found[:limit]
    return page, _encoded(*place(page[-1]), by) if len(found) > limit else None


def newest_first(
    asked: PageQuery, collection: str, where: Sequence[Condition], documents: Documents
) -> tuple[Sequence[Document], str | None]:
    """As `page_of`, of a collection's documents by their `createdAt`."""

    def find(limit: int, after: Place | None) -> Sequence[Document]:
        query = Query(collection, where=where, order_by="createdAt", descending=True, limit=limit + 1, after=after)
        return documents.query(query)

    return page_of(asked, collection, find, place_by("createdAt"))


def place_by(field: str) -> Callable[[Document], Place]:
    """The place of documents that are ordered by this field."""
    return lambda document: (document.fields[field].astimezone(UTC), document.path)


def _encoded(moment: datetime, path: str, by: str) -> str:
    return base64.urlsafe_b64encode(f"{by} {moment.isoformat()} {path}".encode()).decode().rstrip("=")


def _decoded(cursor: str, collection: str, by: str) -> Place:
    try:
        whole = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        order, moment, path = whole.split(" ", 2)
        at = datetime.fromisoformat(moment)
        parent, _, name = path.rpartition("/")
        if at.tzinfo is not None and (order, parent) == (by, collection) and name:
            return at, path
    except (binascii.Error, ValueError):
        pass
    message = "This cursor is none of this list's: use the nextCursor of the page before, unchanged"
    raise ValidationFailed(details=[Detail("query.cursor", message, "invalid_string", cursor)])
