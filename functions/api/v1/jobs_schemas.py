"""What a job looks like from outside, and how jobs are asked for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from functions.api.request.moments import moment_named
from functions.api.request.page import PageQuery
from functions.api.request.validation import RequestBody, RequestQuery
from functions.api.v1.posts_schemas import Metadata, Tags
from shared.core.wrong import wrong
from shared.documents.document import Condition
from shared.jobs.find import tag_facet, type_facet
from shared.jobs.job import Status

MAX_WAIT_SECONDS = 30
# Those that POST /v1/jobs starts, and those that there are.
Startable = Literal[
    "media", "template", "transcription", "thumbnail_background", "trends", "competitor", "analysis", "export", "translation",
    "voiceover", "process", "video_generation", "music_generation", "image_generation", "batch", "token_holders",
    "token_similarity", "wallet",
]  # fmt: skip
Kind = Literal[Startable, "direct_upload"]


class NewJob(RequestBody):
    """`input` is the body of the type's own endpoint: POST /v1/media, /v1/templates, /v1/ai/transcribe; the
    others have none (docs/engines.md)."""

    type: Startable
    input: dict[str, Any]
    tags: Tags | None = None
    metadata: Metadata | None = None


class ShownProgress(BaseModel):
    percentage: int
    step: str | None
    message: str | None


class ShownCredits(BaseModel):
    """`debitEntry` and `refundEntry` are ids of the ledger (GET /v1/credits)."""

    debited: int
    debitEntry: str | None
    refunded: int
    refundEntry: str | None


class ShownError(BaseModel):
    code: str
    message: str
    retryable: bool


class LastError(BaseModel):
    """Of a job that is tried again: what was in the way."""

    message: str
    at: str


class ShownStep(BaseModel):
    """Of an operation that is made of several."""

    name: str
    status: Literal["pending", "done", "failed"]


class ShownJob(BaseModel):
    """`done`: nothing more will happen. `parent` is the batch that it is part
    of. What it found is at `resultUrl`, until `resultExpiresAt`."""

    id: str
    type: str
    dialect: str
    status: Status
    done: bool
    progress: ShownProgress
    input: dict[str, Any]
    tags: list[str]
    metadata: dict[str, str]
    error: ShownError | None
    lastError: LastError | None
    credits: ShownCredits
    steps: list[ShownStep]
    attempts: int
    retryOf: str | None
    parent: str | None
    requestId: str
    deadlineAt: str
    resultExpiresAt: str | None
    createdAt: str
    startedAt: str | None
    updatedAt: str
    finishedAt: str | None
    url: str
    resultUrl: str


class ShownJobs(BaseModel):
    jobs: list[ShownJob]
    nextCursor: str | None


class JobResult(BaseModel):
    """What the type's own endpoint answers."""

    model_config = ConfigDict(extra="allow")


class JobQuery(RequestQuery):
    wait: Annotated[int, Field(ge=0, le=MAX_WAIT_SECONDS)] | None = None


class JobsQuery(PageQuery):
    """At most one of `type` and `tag`; `from` and `to` are of `createdAt`."""

    kind: Annotated[Kind | None, Field(alias="type")] = None
    status: Status | None = None
    tag: Annotated[str, Field(min_length=1, max_length=50)] | None = None
    since: Annotated[datetime | None, BeforeValidator(moment_named("from")), Field(alias="from")] = None
    until: Annotated[datetime | None, BeforeValidator(moment_named("to")), Field(alias="to")] = None

    @model_validator(mode="after")
    def _one_facet(self) -> "JobsQuery":
        if self.kind is not None and self.tag is not None:
            raise wrong("custom", "Give type or tag, not both")
        return self

    def conditions(self, uid: str) -> Sequence[Condition]:
        found: list[Condition] = [("uid", "==", uid)]
        if self.status is not None:
            found.append(("status", "==", self.status))
        if self.kind is not None:
            found.append(("facets", "array_contains", type_facet(self.kind)))
        if self.tag is not None:
            found.append(("facets", "array_contains", tag_facet(self.tag)))
        if self.since is not None:
            found.append(("createdAt", ">=", self.since))
        if self.until is not None:
            found.append(("createdAt", "<=", self.until))
        return found
