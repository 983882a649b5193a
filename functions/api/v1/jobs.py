"""/v1/jobs: everything that takes long, whichever request began it.

POST   /v1/jobs               start one, and do not wait for it
GET    /v1/jobs               all of them, newest first, in pages; by type, status, tag or time
GET    /v1/jobs/{id}          one; ?wait= until something is different
GET    /v1/jobs/{id}/result   what it found
DELETE /v1/jobs/{id}          cancel one that is not finished
POST   /v1/jobs/{id}/retry    a new one in the place of one that did not succeed
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from flask import Blueprint, request

from functions.api.ports import Ports
from functions.api.request.admission import Call, require_scope
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.etags import is_known, unless_known
from functions.api.request.jobs import Beginning, begun_anew, job_reply
from functions.api.request.page import Place, page_of, place_by
from functions.api.request.validation import Nothing, RequestBody, validated
from functions.api.v1 import media, operations, operations_schemas, templates, transcriptions
from functions.api.v1.jobs_schemas import JobQuery, JobResult, JobsQuery, NewJob, ShownJob, ShownJobs
from shared.api_keys.key import Scope
from shared.core.errors import (
    IdempotencyConflict,
    InsufficientCredits,
    MediaInvalid,
    MediaNotFound,
    NotFound,
    StorageQuotaExceeded,
    UnsupportedMediaType,
    UploadFailed,
)
from shared.documents.document import Document
from shared.jobs.cancel import cancel_job
from shared.jobs.errors import (
    AlreadyFinished,
    JobCancelled,
    JobHasFailed,
    JobNotFinished,
    NotRepeatable,
    PartOfBatch,
    ResultDeleted,
    ResultExpired,
)
from shared.jobs.find import list_jobs, own_job
from shared.jobs.job import FINAL, Job
from shared.jobs.retry import retry_job
from shared.jobs.start import Wanted
from shared.jobs.view import ASK_AGAIN_SECONDS, etag_of, job_view
from shared.jobs.watch import waiting_slot
from shared.media.media import media_path
from shared.operations.files import shown
from shared.operations.registry import OPERATIONS

ENDPOINT = "POST /v1/jobs"
LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class JobType:
    """`takes` is the model of its input, `begins` what its own endpoint does with it; a scoped key needs `scope`.
    `once_at_a_time`: who asks for the same again while it runs means the same."""

    takes: type[RequestBody]
    begins: Callable[[Call, Any, Ports], Beginning]
    scope: Scope
    once_at_a_time: bool = False


_INPUT = "body.input"
TYPES: Mapping[str, JobType] = {
    "media": JobType(media.NewMedia, media.beginning_of, "media"),
    "template": JobType(templates.Drawing, partial(templates.beginning_of, root=_INPUT), "ai"),
    "transcription": JobType(
        transcriptions.TranscriptRequest, partial(transcriptions.beginning_of, root=_INPUT), "ai", once_at_a_time=True
    ),
    **{
        kind: JobType(takes, partial(operations.beginning_of, kind, root=_INPUT), "ai", OPERATIONS[kind].once_at_a_time)
        for kind, takes in operations_schemas.INPUTS.items()
    },
}
# Whose result is a file that is kept.
_MAKES_MEDIA = frozenset({"media", "direct_upload", "template"})


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("jobs", __name__)
    documents, clock, base_url = ports.documents, ports.clock, ports.settings.base_url

    def replied(uid: str, job_id: str, status: int, **headers: str) -> Reply:
        return job_reply(own_job(uid, job_id, documents), ports, status=status, headers=headers)

    @blueprint.post("/v1/jobs")
    @endpoint(
        ports,
        credential="either",
        takes=NewJob,
        gives={202: ShownJob, 200: ShownJob},
        errors=(
            NotFound,
            MediaNotFound,
            MediaInvalid,
            UnsupportedMediaType,
            UploadFailed,
            InsufficientCredits,
            StorageQuotaExceeded,
            IdempotencyConflict,
        ),
        limit=30,
        scope="ai",
    )
    def create(call: Call) -> Reply:
        given: NewJob = call.given
        kind = TYPES[given.type]
        require_scope(call.api_key, kind.scope)
        found = kind.begins(call, validated(kind.takes, given.input, _INPUT), ports)

        def ask(wanted: Wanted) -> Wanted:
            return replace(wanted, tags=list(dict.fromkeys(given.tags or ())), metadata=given.metadata or {})

        started = begun_anew(call, ENDPOINT, found, ports, once=kind.once_at_a_time, ask=ask)
        headers = {"Idempotency-Replayed": "true"} if started.is_replay and not started.is_running else {}
        return replied(call.user.uid, started.job_id, 200 if started.is_running else 202, **headers)

    @blueprint.get("/v1/jobs")
    @endpoint(ports, credential="either", asks=JobsQuery, gives={200: ShownJobs}, scope="posts:read")
    def index(call: Call) -> Reply:
        where = call.asked.conditions(call.user.uid)

        def find(limit: int, after: Place | None) -> Sequence[Document]:
            return list_jobs(where, documents, limit=limit + 1, after=after)

        page, following = page_of(call.asked, "jobs", find, place_by("createdAt"))
        return Reply(200, {"jobs": [job_view(job, base_url) for job in page], "nextCursor": following})

    @blueprint.get("/v1/jobs/<id:job_id>")
    @endpoint(ports, credential="either", asks=JobQuery, gives={200: ShownJob, 304: None}, errors=(NotFound,), scope="posts:read")
    def show(call: Call, job_id: str) -> Reply:
        job = own_job(call.user.uid, job_id, documents)
        reply = job_reply(job, ports, status=200)
        if call.asked.wait and job.fields["status"] not in FINAL and ("If-None-Match" not in request.headers or is_known(reply)):
            reply = job_reply(moved(job, call.asked.wait, ports), ports, status=200)
        return unless_known(reply)

    @blueprint.get("/v1/jobs/<id:job_id>/result")
    @endpoint(
        ports,
        credential="either",
        gives={200: JobResult},
        errors=(NotFound, JobNotFinished, JobHasFailed, JobCancelled, ResultExpired, ResultDeleted),
        scope="posts:read",
    )
    def show_result(call: Call, job_id: str) -> Reply:
        return Reply(200, _result(own_job(call.user.uid, job_id, documents), ports))

    @blueprint.delete("/v1/jobs/<id:job_id>")
    @endpoint(ports, credential="either", gives={200: ShownJob}, errors=(NotFound, AlreadyFinished, PartOfBatch), scope="ai")
    def cancel(call: Call, job_id: str) -> Reply:
        cancel_job(call.user.uid, job_id, documents=documents, tasks=ports.tasks, clock=clock)
        return replied(call.user.uid, job_id, 200)

    @blueprint.post("/v1/jobs/<id:job_id>/retry")
    @endpoint(
        ports,
        credential="either",
        takes=Nothing,
        body_is_optional=True,
        gives={202: ShownJob, 200: ShownJob},
        errors=(NotFound, NotRepeatable, PartOfBatch, InsufficientCredits),
        limit=30,
        scope="ai",
    )
    def retry(call: Call, job_id: str) -> Reply:
        kind: str = own_job(call.user.uid, job_id, documents).fields["type"]
        require_scope(call.api_key, "media" if kind in ("media", "direct_upload") else "ai")
        started = retry_job(
            call.user.uid, job_id, call.request_id, call.user.webhook_types, documents=documents, tasks=ports.tasks, clock=clock
        )
        return replied(call.user.uid, started.job_id, 200 if started.is_replay else 202)

    return blueprint


def moved(job: Document, seconds: int, ports: Ports) -> Document:
    """The job once it looks different, or as it is after so long; at once if too many wait already."""
    base_url = ports.settings.base_url
    known = etag_of(job_view(job, base_url))
    with waiting_slot(job.fields["uid"]) as is_free:
        until = ports.clock.now().timestamp() + seconds
        while is_free and ports.clock.now().timestamp() < until:
            ports.sleep(LOOK_SECONDS)
            [current] = ports.documents.get(job.path)
            if current is None:
                return job
            if etag_of(job_view(current, base_url)) != known:
                return current
    return job


def _result(document: Document, ports: Ports) -> Mapping[str, Any]:
    """Raises why there is none."""
    job = Job.from_document(document)
    match job.status:
        case "succeeded":
            return _kept(document, job, ports)
        case "cancelled":
            raise JobCancelled
        case "failed" | "expired":
            raise JobHasFailed(facts=job.error)
        case _:
            raise JobNotFinished(facts={"status": job.status}, retry_after_seconds=ASK_AGAIN_SECONDS)


def _kept(document: Document, job: Job, ports: Ports) -> Mapping[str, Any]:
    expires_at = document.fields.get("resultExpiresAt")
    if job.result is None or (expires_at is not None and expires_at <= ports.clock.now()):
        raise ResultExpired
    if job.type in _MAKES_MEDIA:
        [made] = ports.documents.get(media_path(job.result["id"]))
        if made is None or made.fields.get("deletedAt") is not None:
            raise ResultDeleted
    return shown(job.result, ports.settings.media_url)
