"""Find jobs: one by its id, or a user's by type, status, tag and time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shared.core.errors import NotFound
from shared.documents.document import Condition, Document, Documents, Query
from shared.jobs.job import job_path


def own_job(uid: str, job_id: str, documents: Documents, now: datetime | None = None) -> Document:
    """Raises NotFound, also for another user's, and for one whose time is over by `now`."""
    [document] = documents.get(job_path(job_id))
    is_over = document is not None and now is not None and document.fields.get("expireAt", now) < now
    if document is None or document.fields["uid"] != uid or is_over:
        raise NotFound("There is no job with this id")
    return document


def type_facet(kind: str) -> str:
    return f"type:{kind}"


def tag_facet(tag: str) -> str:
    return f"tag:{tag}"


def facets_of(kind: str, tags: Sequence[str]) -> list[str]:
    """What a job is listed by."""
    return [type_facet(kind), *map(tag_facet, tags)]


def list_jobs(where: Sequence[Condition], documents: Documents, *, limit: int, after: tuple[Any, str] | None) -> list[Document]:
    """Newest first."""
    return documents.query(Query("jobs", where=where, order_by="createdAt", descending=True, limit=limit, after=after))
