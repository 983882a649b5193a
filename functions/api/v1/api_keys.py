"""/v1/api-keys: what the web app's settings page calls, as the signed-in user. Never idempotent: the answer holds a secret."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from flask import Blueprint
from pydantic import BaseModel, Field

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.moments import Moment
from functions.api.request.page import PageQuery, Place, page_of
from functions.api.request.validation import RequestBody
from shared.api_keys.issue import issue_key, list_keys, revoke_key, rotate_key
from shared.api_keys.key import ApiKey, Scope, key_path
from shared.core.clock import iso8601
from shared.core.errors import ApiKeyLimitReached, Detail, NotFound, ValidationFailed
from shared.core.text import NonBlank


class NewKey(RequestBody):
    """Without `scopes` a key may do everything; without `expiresAt` it works until it is revoked."""

    name: Annotated[NonBlank, Field(min_length=1, max_length=100)] | None = None
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=10)] | None = None
    expiresAt: Moment | None = None


class Rotation(RequestBody):
    """How long the old key works on: a week at most; not at all by default."""

    overlapSeconds: Annotated[int, Field(ge=0, le=604_800)] = 0


class CreatedKey(BaseModel):
    """The key itself, which is shown once."""

    apiKey: str


class ListedKey(BaseModel):
    id: str
    name: str | None
    createdAt: str
    revokedAt: str | None
    tokenPreview: str
    scopes: list[Scope] | None = None
    expiresAt: str | None = None
    lastUsedAt: str | None = None


class ListedKeys(BaseModel):
    """`nextCursor`, null on the last page, comes where a page was asked for."""

    keys: list[ListedKey]
    nextCursor: str | None = None


class RevokedKey(BaseModel):
    revoked: Literal[True]


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("api_keys", __name__)

    @blueprint.post("/v1/api-keys")
    @endpoint(
        ports, credential="id_token", takes=NewKey, body_is_optional=True, gives={201: CreatedKey}, errors=(ApiKeyLimitReached,)
    )
    def create(call: Call) -> Reply:
        given: NewKey = call.given
        if given.expiresAt is not None and given.expiresAt <= ports.clock.now():
            message = "expiresAt must be in the future"
            raise ValidationFailed(message, details=[Detail("body.expiresAt", message, "custom")])
        key = issue_key(
            call.user.uid,
            given.name,
            documents=ports.documents,
            clock=ports.clock,
            scopes=given.scopes,
            expires_at=given.expiresAt,
        )
        return Reply(201, {"apiKey": key})

    @blueprint.post("/v1/api-keys/<key_id>/rotate")
    @endpoint(
        ports,
        credential="id_token",
        takes=Rotation,
        body_is_optional=True,
        gives={201: CreatedKey},
        errors=(NotFound, ApiKeyLimitReached),
    )
    def rotate(call: Call, key_id: str) -> Reply:
        overlap = timedelta(seconds=call.given.overlapSeconds)
        key = rotate_key(call.user.uid, key_id, overlap, documents=ports.documents, clock=ports.clock)
        return Reply(201, {"apiKey": key})

    @blueprint.get("/v1/api-keys")
    @endpoint(ports, credential="id_token", asks=PageQuery, gives={200: ListedKeys})
    def index(call: Call) -> Reply:
        uid, asked = call.user.uid, call.asked
        if asked.limit is None and asked.cursor is None:
            return Reply(200, {"keys": [_shown(key) for key in list_keys(uid, documents=ports.documents)]})

        def find(limit: int, after: Place | None) -> Sequence[ApiKey]:
            return list_keys(uid, documents=ports.documents, limit=limit + 1, after=after)

        page, following = page_of(asked, "apiKeys", find, lambda key: (key.created_at, key_path(key.id)))
        return Reply(200, {"keys": [_shown(key) for key in page], "nextCursor": following})

    @blueprint.delete("/v1/api-keys/<key_id>")
    @endpoint(ports, credential="id_token", gives={200: RevokedKey}, errors=(NotFound,))
    def revoke(call: Call, key_id: str) -> Reply:
        revoke_key(call.user.uid, key_id, documents=ports.documents, clock=ports.clock)
        return Reply(200, {"revoked": True})

    return blueprint


def _shown(key: ApiKey) -> dict[str, Any]:
    more = {
        "scopes": list(key.scopes) if key.scopes is not None else None,
        "expiresAt": iso8601(key.expires_at) if key.expires_at else None,
        "lastUsedAt": iso8601(key.last_used_at) if key.last_used_at else None,
    }
    return {
        "id": key.id,
        "name": key.name,
        "createdAt": iso8601(key.created_at),
        "revokedAt": iso8601(key.revoked_at) if key.revoked_at else None,
        "tokenPreview": key.token_preview,
        **{name: value for name, value in more.items() if value is not None},
    }
