"""/v1/media/uploads: files that come to a private bucket by an address of their own, past the functions.

POST   /v1/media/uploads                begin a direct upload: an address that takes the file
POST   /v1/media/uploads/{id}/complete  judge what has arrived                      waits, as POST /v1/media does
"""

from typing import Annotated, Literal

from flask import Blueprint, request
from pydantic import BaseModel, BeforeValidator, Field

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.jobs import AsyncQuery, Beginning, outcome_of
from functions.api.request.once import once
from functions.api.request.validation import RequestBody
from functions.api.v1.jobs_schemas import ShownJob
from functions.api.v1.media import CreatedMedia
from shared.core.clock import iso8601
from shared.core.errors import (
    Detail,
    IdempotencyConflict,
    NotFound,
    StorageQuotaExceeded,
    UploadFailed,
    ValidationFailed,
)
from shared.core.wrong import shaped
from shared.idempotency.once import Guard
from shared.jobs.errors import JobCancelled
from shared.jobs.start import Wanted
from shared.media.direct import Begun, Declared, begin, begin_again, wanted_completion

ContentType = Literal[
    "image/jpeg", "image/png", "image/webp", "image/gif", "image/heic", "image/avif", "video/mp4", "video/quicktime",
    "video/webm", "audio/mpeg", "audio/mp4", "audio/x-wav", "audio/ogg",
]  # fmt: skip
# What programs and browsers call some of these.
_ALIASES = {
    "image/jpg": "image/jpeg",
    "audio/mp3": "audio/mpeg",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "audio/wav": "audio/x-wav",
    "audio/wave": "audio/x-wav",
    "audio/vnd.wave": "audio/x-wav",
}


def _canonical(given: object) -> object:
    return _ALIASES.get(given, given) if isinstance(given, str) else given


class NewUpload(RequestBody):
    """What will be sent; the file is refused if it is anything else."""

    contentType: Annotated[ContentType, BeforeValidator(_canonical)]
    sizeBytes: Annotated[int, Field(ge=1)]
    sha256: Annotated[str, *shaped(r"^[0-9a-f]{64}$", "64 hexadecimal digits in lower case")] | None = None


class BegunUpload(BaseModel):
    """PUT the file's bytes to `uploadUrl`, then complete it, until `expiresAt`."""

    id: str
    uploadUrl: str
    expiresAt: str


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("media_uploads", __name__)
    settings, documents, clock = ports.settings, ports.documents, ports.clock

    @blueprint.post("/v1/media/uploads")
    @endpoint(
        ports,
        credential="either",
        takes=NewUpload,
        gives={201: BegunUpload},
        errors=(StorageQuotaExceeded, IdempotencyConflict, NotFound),
        limit=30,
        scope="media",
    )
    def create(call: Call) -> Reply:
        given: NewUpload = call.given
        if given.sizeBytes > settings.max_media_bytes:
            most = settings.max_media_bytes
            message = f"sizeBytes must be at most {most} ({most / (1 << 20):.4g} MiB)"
            raise ValidationFailed(message, details=[Detail("body.sizeBytes", message, "too_big", given.sizeBytes)])
        origin = request.headers.get("Origin")
        page = origin if origin in settings.cors_origins else None
        declared = Declared(given.contentType, given.sizeBytes, given.sha256)

        def work(guard: Guard) -> Reply:
            begun = begin(
                call.user,
                declared,
                page,
                quota_bytes=settings.storage_quota_bytes,
                open_session=ports.open_session,
                documents=documents,
                clock=clock,
                guard=guard,
            )
            return _shown(begun)

        def show(upload_id: str) -> Reply:
            return _shown(
                begin_again(call.user.uid, upload_id, page, open_session=ports.open_session, documents=documents, clock=clock)
            )

        return once(call, "POST /v1/media/uploads", work, show, ports)

    @blueprint.post("/v1/media/uploads/<id:upload_id>/complete")
    @endpoint(
        ports,
        credential="either",
        asks=AsyncQuery,
        gives={201: CreatedMedia, 202: ShownJob},
        errors=(NotFound, UploadFailed, StorageQuotaExceeded, JobCancelled),
        limit=30,
        scope="media",
    )
    def complete(call: Call, upload_id: str) -> Reply:
        def prepare() -> Wanted:
            return wanted_completion(call.user.uid, upload_id, documents=documents, clock=clock)

        return outcome_of(call, f"POST /v1/media/uploads/{upload_id}/complete", Beginning(prepare), ports, status=201)

    return blueprint


def _shown(upload: Begun) -> Reply:
    return Reply(201, {"id": upload.upload_id, "uploadUrl": upload.url, "expiresAt": iso8601(upload.expires_at)})
