"""What the dialects have in common: a job of theirs is started, found, waited for and worded.

Each has its own words for how far a job is, and its own envelope; what they do not say is as in our own API. Their credential is
one of our API keys, in their own header. Explicit Idempotency-Keys count, derived ones do not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from functions.api.ports import Ports
from functions.api.request.admission import Call, Credential
from functions.api.request.endpoint import Reply, View, endpoint
from functions.api.request.jobs import Beginning, begun_anew
from functions.api.request.validation import RequestQuery
from functions.api.v1 import operations
from shared.core.clock import iso8601
from shared.core.errors import (
    ApiError,
    IdempotencyConflict,
    InsufficientCredits,
    MediaInvalid,
    MediaNotFound,
    NotFound,
    StorageQuotaExceeded,
    UnsupportedMediaType,
    UploadFailed,
    ValidationFailed,
)
from shared.documents.document import Document
from shared.jobs.find import own_job
from shared.jobs.job import FINAL
from shared.jobs.start import Started, Wanted
from shared.operations.files import shown
from shared.operations.registry import OPERATIONS

# What starting a job may be refused with, in every dialect.
_STARTING: tuple[type[ApiError], ...] = (
    ValidationFailed,
    NotFound,
    MediaNotFound,
    MediaInvalid,
    UnsupportedMediaType,
    UploadFailed,
    InsufficientCredits,
    StorageQuotaExceeded,
    IdempotencyConflict,
)


class Answered(BaseModel):
    """What a dialect answers, by its own document."""

    model_config = ConfigDict(extra="allow")


@dataclass(frozen=True)
class Dialect:
    """`words` are its statuses, by ours."""

    name: str
    prefix: str
    words: Mapping[str, str]

    def word(self, fields: Mapping[str, Any]) -> str:
        """A job between two of its steps is at work."""
        status: str = fields["status"]
        return self.words["processing" if status == "queued" and "startedAt" in fields else status]


def starting(
    ports: Ports,
    credential: Credential,
    *,
    takes: type[BaseModel] | None = None,
    asks: type[RequestQuery] | None = None,
    body_is_optional: bool = False,
    gives: Sequence[int] = (202,),
    errors: Sequence[type[ApiError]] = (),
) -> Callable[[Callable[..., Reply]], View]:
    """Guards a route that starts a job."""
    return endpoint(
        ports,
        credential=credential,
        takes=takes,
        asks=asks,
        body_is_optional=body_is_optional,
        gives=dict.fromkeys(gives, Answered),
        errors=(*_STARTING, *errors),
        limit=30,
        scope="ai",
    )


def begin(
    call: Call,
    dialect: Dialect,
    beginning: Beginning,
    ports: Ports,
    *,
    once: bool,
    at: str,
    named: Callable[[datetime], str] | None = None,
) -> Started:
    """`once`: the same that runs already is that job; `at` is the endpoint; `named` makes its id from the moment. Raises what
    `starting` declares."""

    def ask(wanted: Wanted) -> Wanted:
        return replace(wanted, fields={**wanted.fields, "dialect": dialect.name}, named=named)

    return begun_anew(call, at, beginning, ports, once=once, ask=ask)


def begin_operation(
    kind: str, call: Call, dialect: Dialect, given: Any, ports: Ports, *, at: str, named: Callable[[datetime], str] | None = None
) -> Started:
    """One of shared/operations, as `begin`."""
    beginning = operations.beginning_of(kind, call, given, ports)
    return begin(call, dialect, beginning, ports, once=OPERATIONS[kind].once_at_a_time, at=at, named=named)


def job_of(call: Call, job_id: str, dialect: Dialect, ports: Ports) -> Document:
    """Raises NotFound, also for another user's, and for another dialect's."""
    job = own_job(call.user.uid, job_id, ports.documents, ports.clock.now())
    if job.fields["dialect"] != dialect.name:
        raise NotFound("There is no job with this id")
    return job


def result_of(job: Document, ports: Ports) -> Any:
    """None until there is one, and after its time."""
    expires: datetime | None = job.fields.get("resultExpiresAt")
    if job.fields.get("result") is None or (expires is not None and expires <= ports.clock.now()):
        return None
    return shown(job.fields["result"], ports.settings.media_url)


def progress_of(job: Document) -> int:
    if job.fields["status"] == "succeeded":
        return 100
    return int((job.fields.get("progress") or {}).get("percentage", 0))


def error_of(job: Document) -> Mapping[str, Any] | None:
    return job.fields.get("error")


def is_over(job: Document) -> bool:
    return job.fields["status"] in FINAL


def moment(job: Document, name: str) -> str | None:
    at = job.fields.get(name)
    return iso8601(at) if at is not None else None
