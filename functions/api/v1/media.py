"""/v1/media: files that are kept, to be named in any number of posts. The bytes go through `ingest`; what is here waits for them.

POST   /v1/media                        copy a file from its address                waits until it is there
GET    /v1/media                        all of them, newest first, in pages
GET    /v1/media/{id}                   one
DELETE /v1/media/{id}                   delete one that no unfinished post names
POST   /v1/media/uploads                begin a direct upload: an address that takes the file
POST   /v1/media/uploads/{id}/complete  judge what has arrived                      waits, as POST /v1/media does
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from flask import Blueprint, request
from pydantic import BaseModel, BeforeValidator, Field
from werkzeug.routing import BaseConverter

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.jobs import outcome_of
from functions.api.request.page import PageQuery, Place, page_of, place_by
from functions.api.request.validation import RequestBody
from shared.core.clock import iso8601
from shared.core.errors import (
    Detail,
    IdempotencyConflict,
    MediaInUse,
    NotFound,
    StorageQuotaExceeded,
    UploadFailed,
    ValidationFailed,
)
from shared.documents.document import Condition, Document, Query
from shared.http.address import AddressRefused, require_public_address
from shared.jobs.start import Wanted
from shared.media.delete import delete_media, own_media
from shared.media.direct import Declared, begin, wanted_completion
from shared.media.media import MEASURED
from shared.media.uploads import require_room, wanted_upload
from shared.platforms.options import Url

ENDPOINT = "POST /v1/media"
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


class MediaId(BaseConverter):
    """In addresses: what is another endpoint is no file's."""

    regex = r"(?!(?:render-og|uploads)$)[0-9A-Za-z][0-9A-Za-z_-]{0,127}"


class NewMedia(RequestBody):
    url: Url


class NewUpload(RequestBody):
    """What will be sent; the file is refused if it is anything else."""

    contentType: Annotated[ContentType, BeforeValidator(_canonical)]
    sizeBytes: Annotated[int, Field(ge=1)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class BegunUpload(BaseModel):
    """PUT the file's bytes to `uploadUrl`, then complete it, until `expiresAt`."""

    id: str
    uploadUrl: str
    expiresAt: str


class CreatedMedia(BaseModel):
    """`url` is public and stays the same; both name the file in posts."""

    url: str
    id: str


class StoredFile(BaseModel):
    """As measured; what the file does not tell is null."""

    id: str
    url: str
    contentType: str
    sizeBytes: int
    sha256: str
    createdAt: str
    width: int | None
    height: int | None
    durationSeconds: float | None
    frameRate: float | None
    videoCodec: str | None
    audioCodec: str | None
    chroma: str | None
    frames: int | None


class StoredFiles(BaseModel):
    media: list[StoredFile]
    nextCursor: str | None


class DeletedMedia(BaseModel):
    deleted: Literal[True]


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("media", __name__)
    settings, documents = ports.settings, ports.documents

    @blueprint.post("/v1/media")
    @endpoint(
        ports,
        credential="api_key",
        takes=NewMedia,
        gives={201: CreatedMedia},
        errors=(UploadFailed, StorageQuotaExceeded, IdempotencyConflict),
        limit=30,
        scope="media",
    )
    def create(call: Call) -> Reply:
        url: str = call.given.url

        def prepare() -> Wanted:
            if not any(url.startswith(prefix) for prefix in settings.fetch_rewrites):
                _require_public(url)
            require_room(call.user, settings.storage_quota_bytes)
            return wanted_upload(call.user.uid, url)

        return outcome_of(call, ENDPOINT, prepare, ports, status=201)

    @blueprint.get("/v1/media")
    @endpoint(ports, credential="either", asks=PageQuery, gives={200: StoredFiles}, scope="media")
    def index(call: Call) -> Reply:
        where: Sequence[Condition] = (("uid", "==", call.user.uid), ("deletedAt", "==", None))

        def find(limit: int, after: Place | None) -> Sequence[Document]:
            return documents.query(Query("media", where=where, order_by="createdAt", descending=True, limit=limit + 1, after=after))

        page, following = page_of(call.asked, "media", find, place_by("createdAt"))
        return Reply(200, {"media": [_shown(one) for one in page], "nextCursor": following})

    @blueprint.get("/v1/media/<media_id:media_id>")
    @endpoint(ports, credential="either", gives={200: StoredFile}, errors=(NotFound,), scope="media")
    def show(call: Call, media_id: str) -> Reply:
        return Reply(200, _shown(own_media(call.user.uid, media_id, documents)))

    @blueprint.delete("/v1/media/<media_id:media_id>")
    @endpoint(ports, credential="either", gives={200: DeletedMedia}, errors=(NotFound, MediaInUse), scope="media")
    def delete(call: Call, media_id: str) -> Reply:
        delete_media(call.user.uid, media_id, documents=documents, clock=ports.clock)
        return Reply(200, {"deleted": True})

    @blueprint.post("/v1/media/uploads")
    @endpoint(
        ports,
        credential="either",
        takes=NewUpload,
        gives={201: BegunUpload},
        errors=(StorageQuotaExceeded,),
        limit=30,
        scope="media",
    )
    def begin_upload(call: Call) -> Reply:
        given: NewUpload = call.given
        if given.sizeBytes > settings.max_media_bytes:
            most = settings.max_media_bytes
            message = f"sizeBytes must be at most {most} ({most / (1 << 20):.4g} MiB)"
            raise ValidationFailed(message, details=[Detail("body.sizeBytes", message, "too_big", given.sizeBytes)])
        origin = request.headers.get("Origin")
        begun = begin(
            call.user,
            Declared(given.contentType, given.sizeBytes, given.sha256),
            origin if origin in settings.cors_origins else None,
            quota_bytes=settings.storage_quota_bytes,
            open_session=ports.open_session,
            documents=documents,
            clock=ports.clock,
        )
        return Reply(201, {"id": begun.upload_id, "uploadUrl": begun.url, "expiresAt": iso8601(begun.expires_at)})

    @blueprint.post("/v1/media/uploads/<id:upload_id>/complete")
    @endpoint(
        ports,
        credential="either",
        gives={201: CreatedMedia},
        errors=(NotFound, UploadFailed, StorageQuotaExceeded),
        limit=30,
        scope="media",
    )
    def complete_upload(call: Call, upload_id: str) -> Reply:
        def prepare() -> Wanted:
            return wanted_completion(call.user.uid, upload_id, documents=documents, clock=ports.clock)

        return outcome_of(call, f"POST /v1/media/uploads/{upload_id}/complete", prepare, ports, status=201)

    return blueprint


def _require_public(url: str) -> None:
    """What the text alone shows. Raises UploadFailed."""
    try:
        require_public_address(url)
    except AddressRefused as refused:
        raise UploadFailed(f"The file could not be uploaded: {refused}.") from refused


def _shown(document: Document) -> dict[str, Any]:
    fields = document.fields
    facts = {name: fields.get(name) for name in ("url", "contentType", "sizeBytes", "sha256", *MEASURED)}
    return {"id": document.id, **facts, "createdAt": iso8601(fields["createdAt"])}
