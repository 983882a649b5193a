"""/v1/webhooks: addresses of a user's own that are told what happens (webhooks_deliveries.py: how telling them went).

POST   /v1/webhooks                register one; the answer holds its secret, once
GET    /v1/webhooks[/{id}]         as they are, and how they have been answering
PATCH  /v1/webhooks/{id}           change it, disable it, enable it again
DELETE /v1/webhooks/{id}
POST   /v1/webhooks/{id}/rotate    a new secret; the one before signs as well for a day
"""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.validation import Nothing
from functions.api.v1.webhooks_schemas import (
    CreatedWebhook,
    DeletedWebhook,
    NewSecret,
    NewWebhook,
    ShownWebhook,
    ShownWebhooks,
    WebhookChanges,
)
from shared.core.clock import iso8601
from shared.core.errors import Detail, NotFound, ValidationFailed
from shared.http.address import AddressRefused, require_public_address, rewritten
from shared.webhooks.endpoint import BOTH_SIGN, Endpoint, endpoints_of, own_endpoint
from shared.webhooks.errors import WebhookLimitReached
from shared.webhooks.register import RegisterPorts, change_endpoint, delete_endpoint, register, rotate_secret


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("webhooks", __name__)
    documents, clock = ports.documents, ports.clock
    registering = RegisterPorts(documents, ports.connecting.cipher, clock)

    @blueprint.post("/v1/webhooks")
    @endpoint(
        ports, credential="either", takes=NewWebhook, gives={201: CreatedWebhook}, errors=(WebhookLimitReached,), scope="webhooks"
    )
    def create(call: Call) -> Reply:
        given: NewWebhook = call.given
        _require_address(given.url, ports)
        fields = {"url": given.url, "events": _unique(given.events), "payload": given.payload, "description": given.description}
        endpoint_id, secret = register(call.user.uid, fields, registering)
        shown = _shown(own_endpoint(call.user.uid, endpoint_id, documents))
        return Reply(201, {**shown, "secret": secret})

    @blueprint.get("/v1/webhooks")
    @endpoint(ports, credential="either", gives={200: ShownWebhooks}, scope="webhooks")
    def index(call: Call) -> Reply:
        return Reply(200, {"webhooks": [_shown(one) for one in endpoints_of(call.user.uid, documents)]})

    @blueprint.get("/v1/webhooks/<id:webhook_id>")
    @endpoint(ports, credential="either", gives={200: ShownWebhook}, errors=(NotFound,), scope="webhooks")
    def show(call: Call, webhook_id: str) -> Reply:
        return Reply(200, _shown(own_endpoint(call.user.uid, webhook_id, documents)))

    @blueprint.patch("/v1/webhooks/<id:webhook_id>")
    @endpoint(ports, credential="either", takes=WebhookChanges, gives={200: ShownWebhook}, errors=(NotFound,), scope="webhooks")
    def change(call: Call, webhook_id: str) -> Reply:
        given: WebhookChanges = call.given
        if given.url is not None:
            _require_address(given.url, ports)
        changes = {name: getattr(given, name) for name in given.model_fields_set}
        if given.events is not None:
            changes["events"] = _unique(given.events)
        change_endpoint(call.user.uid, webhook_id, changes, registering)
        return Reply(200, _shown(own_endpoint(call.user.uid, webhook_id, documents)))

    @blueprint.delete("/v1/webhooks/<id:webhook_id>")
    @endpoint(ports, credential="either", gives={200: DeletedWebhook}, errors=(NotFound,), scope="webhooks")
    def delete(call: Call, webhook_id: str) -> Reply:
        delete_endpoint(call.user.uid, webhook_id, registering)
        return Reply(200, {"deleted": True})

    @blueprint.post("/v1/webhooks/<id:webhook_id>/rotate")
    @endpoint(
        ports,
        credential="either",
        takes=Nothing,
        body_is_optional=True,
        gives={201: NewSecret},
        errors=(NotFound,),
        scope="webhooks",
    )
    def rotate(call: Call, webhook_id: str) -> Reply:
        secret = rotate_secret(call.user.uid, webhook_id, registering)
        return Reply(201, {"secret": secret, "previousUntil": iso8601(clock.now() + BOTH_SIGN)})

    return blueprint


def _require_address(url: str, ports: Ports) -> None:
    """Raises ValidationFailed for what will never be sent to."""
    if rewritten(url, ports.settings.fetch_rewrites) is not None:
        return
    try:
        require_public_address(url)
        if not url.startswith("https://"):
            raise AddressRefused("the address must begin with https://: what is sent there is nobody else's to read")
    except AddressRefused as refused:
        message = f"{str(refused)[:1].upper()}{str(refused)[1:]}"
        raise ValidationFailed(details=[Detail("body.url", message, "invalid_string", url[:200])]) from refused


def _unique(events: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(events))


def _shown(webhook: Endpoint) -> dict[str, Any]:
    last = webhook.last_failure
    moments = {
        "failingSince": webhook.failing_since,
        "waitsUntil": webhook.waits_until,
        "lastSuccessAt": webhook.last_success_at,
        "createdAt": webhook.created_at,
        "updatedAt": webhook.updated_at,
    }
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": list(webhook.events),
        "payload": webhook.payload,
        "description": webhook.description,
        "enabled": webhook.is_enabled,
        "disabledReason": webhook.disabled_reason,
        "lastFailure": {**last, "at": iso8601(last["at"])} if last is not None else None,
        **{name: iso8601(at) if at is not None else None for name, at in moments.items()},
    }
