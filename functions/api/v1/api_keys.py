"""/v1/api-keys: what the web app's settings page calls, as the signed-in user. Never idempotent: the answer holds a secret."""

from typing import Annotated, Literal

from flask import Blueprint
from pydantic import BaseModel, Field

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.page import DEFAULT_LIMIT, PageQuery, cut, decode_cursor, encode_cursor
from functions.api.request.validation import RequestBody
from shared.api_keys.issue import issue_key, list_keys, revoke_key
from shared.api_keys.key import ApiKey, key_path
from shared.core.clock import iso8601
from shared.core.errors import ApiKeyLimitReached, NotFound
from shared.core.text import NonBlank


class NewKey(RequestBody):
    name: Annotated[NonBlank, Field(min_length=1, max_length=100)] | None = None


class CreatedKey(BaseModel):
    """The key itself, which is shown once."""

    apiKey: str


class ListedKey(BaseModel):
    id: str
    name: str | None
    createdAt: str
    revokedAt: str | None
    tokenPreview: str


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
        key = issue_key(call.user.uid, call.given.name, documents=ports.documents, clock=ports.clock)
        return Reply(201, {"apiKey": key})

    @blueprint.get("/v1/api-keys")
    @endpoint(ports, credential="id_token", asks=PageQuery, gives={200: ListedKeys})
    def index(call: Call) -> Reply:
        uid, asked = call.user.uid, call.asked
        if asked.limit is None and asked.cursor is None:
            return Reply(200, {"keys": [_shown(key) for key in list_keys(uid, documents=ports.documents)]})
        limit = asked.limit or DEFAULT_LIMIT
        after = decode_cursor(asked.cursor, "apiKeys") if asked.cursor is not None else None
        page, last = cut(list_keys(uid, documents=ports.documents, limit=limit + 1, after=after), limit)
        following = encode_cursor(last.created_at, key_path(last.id)) if last is not None else None
        return Reply(200, {"keys": [_shown(key) for key in page], "nextCursor": following})

    @blueprint.delete("/v1/api-keys/<key_id>")
    @endpoint(ports, credential="id_token", gives={200: RevokedKey}, errors=(NotFound,))
    def revoke(call: Call, key_id: str) -> Reply:
        revoke_key(call.user.uid, key_id, documents=ports.documents, clock=ports.clock)
        return Reply(200, {"revoked": True})

    return blueprint


def _shown(key: ApiKey) -> dict[str, str | None]:
    return {
        "id": key.id,
        "name": key.name,
        "createdAt": iso8601(key.created_at),
        "revokedAt": iso8601(key.revoked_at) if key.revoked_at else None,
        "tokenPreview": key.token_preview,
    }
