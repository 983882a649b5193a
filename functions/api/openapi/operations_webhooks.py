"""What the description says of webhooks and events (operations.py has the others)."""

from collections.abc import Mapping
from typing import Any

from functions.api.openapi.operation import Operation

_WEBHOOK: dict[str, Any] = {
    "id": "wh_4tE0qaYy1J9WcVYlYzfpVt",
    "url": "https://example.com/soku",
    "events": ["post.completed", "post.failed"],
    "payload": "thin",
    "description": "Our CMS",
    "enabled": True,
    "disabledReason": None,
    "failingSince": None,
    "waitsUntil": None,
    "lastSuccessAt": None,
    "lastFailure": None,
    "createdAt": "2026-11-27T12:00:00.000Z",
    "updatedAt": "2026-11-27T12:00:00.000Z",
}
_EVENT: dict[str, Any] = {
    "id": "evt_1f8a0c52b9d04e7fa3c6d5e2",
    "type": "post.completed",
    "timestamp": "2026-11-27T12:00:02.000Z",
    "data": {
        "id": "550e8400-e29b-41d4-a716-446655440000",
        "object": "post",
        "state": "published",
        "url": "https://us-central1-project.cloudfunctions.net/api/v1/posts/550e8400-e29b-41d4-a716-446655440000",
    },
}
_DELIVERY: dict[str, Any] = {
    "eventId": _EVENT["id"],
    "type": "post.completed",
    "status": "delivered",
    "attempts": [{"at": "2026-11-27T12:00:03.000Z", "status": 200, "error": None, "durationMs": 41}],
    "answer": "ok",
    "nextAttemptAt": None,
    "givenUp": None,
    "createdAt": "2026-11-27T12:00:02.000Z",
    "deliveredAt": "2026-11-27T12:00:03.000Z",
}

WEBHOOKS: Mapping[str, Operation] = {
    "webhooks.create": Operation(
        "createWebhook",
        "Have an address of yours told what happens",
        "no",
        asked={"url": "https://example.com/soku", "events": ["post.completed", "post.failed"], "description": "Our CMS"},
        answered={**_WEBHOOK, "secret": "whsec_…"},
    ),
    "webhooks.index": Operation("listWebhooks", "Your webhooks, the oldest first", "safe", answered={"webhooks": [_WEBHOOK]}),
    "webhooks.show": Operation("getWebhook", "One webhook, and how it has been answering", "safe", answered=_WEBHOOK),
    "webhooks.change": Operation(
        "updateWebhook",
        "Change a webhook, disable it, or enable it again",
        "state",
        asked={"enabled": True},
        answered=_WEBHOOK,
    ),
    "webhooks.delete": Operation("deleteWebhook", "Forget a webhook", "no", answered={"deleted": True}),
    "webhooks.rotate": Operation(
        "rotateWebhookSecret",
        "A new secret; the one before signs as well for a day",
        "no",
        answered={"secret": "whsec_…", "previousUntil": "2026-11-28T12:00:00.000Z"},
    ),
    "webhooks_deliveries.send_ping": Operation(
        "pingWebhook", "Send it something now", "no", goes_on=True, answered={"eventId": _EVENT["id"]}
    ),
    "webhooks_deliveries.deliveries": Operation(
        "listDeliveries",
        "What a webhook was told, and how that went, newest first",
        "safe",
        answered={"deliveries": [_DELIVERY], "nextCursor": None},
    ),
    "webhooks_deliveries.delivery": Operation("getDelivery", "What became of telling one event", "safe", answered=_DELIVERY),
    "webhooks_deliveries.redeliver": Operation(
        "redeliver",
        "Tell a webhook of an event once more, from now on",
        "no",
        goes_on=True,
        answered={**_DELIVERY, "status": "pending", "nextAttemptAt": "2026-11-27T12:05:00.000Z", "deliveredAt": None},
    ),
    "events.index": Operation(
        "listEvents", "What happened, newest first", "safe", answered={"events": [_EVENT], "nextCursor": None}
    ),
    "events.show": Operation("getEvent", "One thing that happened", "safe", answered=_EVENT),
}
