"""/v1/media: files that are kept, to be named in any number of posts. The bytes go through `ingest`; what is here waits for them.

POST   /v1/media                        copy a file from its address                waits until it is there
GET    /v1/media                        all of them, newest first, in pages
GET    /v1/media/{id}                   one
DELETE /v1/media/{id}                   delete one that no unfinished post names
"""

from collections.abc import Sequence
from typing import Any, Literal

from flask import Blueprint
from pydantic import BaseModel
from werkzeug.routing import BaseConverter

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.jobs import AsyncQuery, Beginning, outcome_of
from functions.api.request.page import PageQuery, Place, page_of, place_by
from functions.api.request.validation import RequestBody
from functions.api.v1.jobs_schemas import ShownJob
from shared.core.clock import iso8601
from shared.core.errors import (
    IdempotencyConflict,
    MediaInUse,
    NotFound,
    StorageQuotaExceeded,
    UploadFailed,
)
from shared.documents.document import Condition, Document, Query
from shared.http.address import AddressRefused, require_public_address, rewritten
from shared.jobs.errors import JobCancelled
from shared.jobs.start import Wanted
from shared.media.delete import delete_media, own_media
from shared.media.media import MEASURED
from shared.media.uploads import require_room, wanted_upload
from shared.platforms.options import Url

ENDPOINT = "POST /v1/media"


class MediaId(BaseConverter):
    """In addresses: what is another endpoint is no file's."""

    regex = r"(?!(?:render-og|uploads)$)[0-9A-Za-z][0-9A-Za-z_-]{0,127}"


class NewMedia(RequestBody):
    url: Url


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
    documents = ports.documents

    @blueprint.post("/v1/media")
    @endpoint(
        ports,
        credential="api_key",
        asks=AsyncQuery,
        takes=NewMedia,
        gives={201: CreatedMedia, 202: ShownJob},
        errors=(UploadFailed, StorageQuotaExceeded, IdempotencyConflict, JobCancelled),
        limit=30,
        scope="media",
    )
    def create(call: Call) -> Reply:
        return outcome_of(call, ENDPOINT, beginning_of(call, call.given, ports), ports, status=201)

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

    return blueprint


def beginning_of(call: Call, given: NewMedia, ports: Ports) -> Beginning:
    settings = ports.settings

    def prepare() -> Wanted:
        if rewritten(given.url, settings.fetch_rewrites) is None:
            _require_public(given.url)
        require_room(call.user, settings.storage_quota_bytes)
        return wanted_upload(call.user.uid, given.url)

    return Beginning(prepare)


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
