"""How telling a webhook went, and telling it by hand.

POST /v1/webhooks/{id}/ping                            send something now
GET  /v1/webhooks/{id}/deliveries[/{event}]            every attempt, and when the next one is
POST /v1/webhooks/{id}/deliveries/{event}/redeliver
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.page import newest_first
from functions.api.request.validation import Nothing
from functions.api.v1.webhooks_schemas import DeliveriesQuery, Pinged, ShownDeliveries, ShownDelivery
from shared.core.clock import iso8601
from shared.core.errors import NotFound
from shared.documents.document import Document
from shared.webhooks.again import ping, send_again
from shared.webhooks.delivery import delivery_path
from shared.webhooks.endpoint import endpoint_path, own_endpoint
from shared.webhooks.errors import WebhookDisabled


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("webhooks_deliveries", __name__)
    documents, clock, tasks = ports.documents, ports.clock, ports.tasks

    @blueprint.post("/v1/webhooks/<id:webhook_id>/ping")
    @endpoint(
        ports,
        credential="either",
        takes=Nothing,
        body_is_optional=True,
        gives={202: Pinged},
        errors=(NotFound, WebhookDisabled),
        limit=30,
        scope="webhooks",
    )
    def send_ping(call: Call, webhook_id: str) -> Reply:
        return Reply(202, {"eventId": ping(call.user.uid, webhook_id, documents=documents, tasks=tasks, clock=clock)})

    @blueprint.get("/v1/webhooks/<id:webhook_id>/deliveries")
    @endpoint(ports, credential="either", asks=DeliveriesQuery, gives={200: ShownDeliveries}, errors=(NotFound,), scope="webhooks")
    def deliveries(call: Call, webhook_id: str) -> Reply:
        own_endpoint(call.user.uid, webhook_id, documents)
        collection = f"{endpoint_path(webhook_id)}/deliveries"
        page, following = newest_first(call.asked, collection, call.asked.conditions(), documents)
        return Reply(200, {"deliveries": [_delivery(one) for one in page], "nextCursor": following})

    @blueprint.get("/v1/webhooks/<id:webhook_id>/deliveries/<id:event_id>")
    @endpoint(ports, credential="either", gives={200: ShownDelivery}, errors=(NotFound,), scope="webhooks")
    def delivery(call: Call, webhook_id: str, event_id: str) -> Reply:
        return Reply(200, _own_delivery(call.user.uid, webhook_id, event_id, ports))

    @blueprint.post("/v1/webhooks/<id:webhook_id>/deliveries/<id:event_id>/redeliver")
    @endpoint(
        ports,
        credential="either",
        takes=Nothing,
        body_is_optional=True,
        gives={202: ShownDelivery},
        errors=(NotFound, WebhookDisabled),
        limit=30,
        scope="webhooks",
    )
    def redeliver(call: Call, webhook_id: str, event_id: str) -> Reply:
        send_again(call.user.uid, webhook_id, event_id, documents=documents, tasks=tasks, clock=clock)
        return Reply(202, _own_delivery(call.user.uid, webhook_id, event_id, ports))

    return blueprint


def _own_delivery(uid: str, webhook_id: str, event_id: str, ports: Ports) -> Mapping[str, Any]:
    """Raises NotFound."""
    own_endpoint(uid, webhook_id, ports.documents)
    [found] = ports.documents.get(delivery_path(webhook_id, event_id))
    if found is None:
        raise NotFound("There is no delivery of this event to this webhook")
    return _delivery(found)


def _delivery(document: Document) -> dict[str, Any]:
    fields = document.fields
    moments = ("nextAttemptAt", "createdAt", "deliveredAt")
    return {
        "eventId": document.id,
        "type": fields["type"],
        "status": fields["status"],
        "attempts": [{**one, "at": iso8601(one["at"])} for one in fields.get("attempts", ())],
        "answer": fields.get("answer"),
        "givenUp": fields.get("givenUp"),
        **{name: iso8601(at) if (at := fields.get(name)) is not None else None for name in moments},
    }
