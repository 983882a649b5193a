"""/v1/api-keys: what the web app's settings page calls, as the signed-in user. Never idempotent: the answer holds a secret."""

from typing import Annotated, Literal

from flask import Blueprint
from pydantic import BaseModel, Field

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.validation import RequestBody
from shared.api_keys.issue import issue_key, list_keys, revoke_key
from shared.api_keys.key import ApiKey
from shared.core.clock import iso8601
from shared.core.errors import NotFound


class NewKey(RequestBody):
    name: Annotated[str, Field(min_length=1, max_length=100)] | None = None


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
    keys: list[ListedKey]


class RevokedKey(BaseModel):
    revoked: Literal[True]


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("api_keys", __name__)

    @blueprint.post("/v1/api-keys")
    @endpoint(ports, credential="id_token", takes=NewKey, body_is_optional=True, gives={201: CreatedKey})
    def create(call: Call) -> Reply:
        key = issue_key(call.user.uid, call.given.name, documents=ports.documents, clock=ports.clock)
        return Reply(201, {"apiKey": key})

    @blueprint.get("/v1/api-keys")
    @endpoint(ports, credential="id_token", gives={200: ListedKeys})
    def index(call: Call) -> Reply:
        return Reply(200, {"keys": [_shown(key) for key in list_keys(call.user.uid, documents=ports.documents)]})

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
