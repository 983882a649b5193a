"""/v1/api-keys: what the web app's settings page calls, as the signed-in user. Never idempotent: the answer holds a secret."""

from typing import Annotated

from flask import Blueprint
from pydantic import BaseModel, ConfigDict, Field

from functions.api.ports import Ports
from functions.api.request.endpoint import Call, Reply, endpoint
from functions.api.request.validation import validated
from shared.api_keys.issue import issue_key, list_keys, revoke_key
from shared.api_keys.key import ApiKey
from shared.core.clock import iso8601


class NewKey(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, Field(min_length=1, max_length=100)] | None = None


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("api_keys", __name__)

    @blueprint.post("/v1/api-keys")
    @endpoint(ports, credential="id_token", body="optional")
    def create(call: Call) -> Reply:
        wanted = validated(NewKey, call.body)
        key = issue_key(call.user.uid, wanted.name, documents=ports.documents, clock=ports.clock)
        return Reply(201, {"apiKey": key})

    @blueprint.get("/v1/api-keys")
    @endpoint(ports, credential="id_token")
    def index(call: Call) -> Reply:
        return Reply(200, {"keys": [_shown(key) for key in list_keys(call.user.uid, documents=ports.documents)]})

    @blueprint.delete("/v1/api-keys/<key_id>")
    @endpoint(ports, credential="id_token")
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
