"""A delivery: one event on its way to one endpoint, and what became of each attempt.

pending ─► delivered
   └─────► failed      not taken in nine attempts, or its endpoint was disabled: it can be sent again by hand
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from shared.documents.document import REMOVE, Condition, Create, Document, Documents, Query, Version
from shared.events.event import KEPT
from shared.webhooks.endpoint import endpoint_path

DeliveryStatus = Literal["pending", "delivered", "failed"]
# From one attempt to the next: nine attempts in 51.6 hours (contract, section 7a).
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600))
# The sweeper leaves what is due to its own task for this long.
SWEEP_GRACE = timedelta(seconds=60)
# Of the attempts, the latest.
MAX_LOGGED = 20
MAX_ANSWER_BYTES = 20_000


@dataclass(frozen=True)
class Attempted:
    """What came of one attempt: `answer` is what the endpoint said, as far as it is kept."""

    at: datetime
    is_taken: bool
    status: int | None
    answer: str
    error: str | None
    duration_ms: int
    # Nothing else would get through now: it is not there, or wants to be left alone.
    is_down: bool = False
    # It says that it wants no more.
    is_gone: bool = False
    retry_after_seconds: int | None = None


@dataclass(frozen=True)
class Delivery:
    endpoint_id: str
    event_id: str
    version: Version
    uid: str
    type: str
    status: DeliveryStatus
    # Of this series: sending it again by hand begins another one.
    tries: int
    log: tuple[Mapping[str, Any], ...]
    next_attempt_at: datetime | None

    @property
    def path(self) -> str:
        return delivery_path(self.endpoint_id, self.event_id)

    @staticmethod
    def from_document(document: Document) -> "Delivery":
        fields = document.fields
        return Delivery(
            fields["endpointId"],
            document.id,
            document.version,
            fields["uid"],
            fields["type"],
            fields["status"],
            fields["tries"],
            tuple(fields.get("attempts", ())),
            fields.get("nextAttemptAt"),
        )


def delivery_path(endpoint_id: str, event_id: str) -> str:
    return f"{endpoint_path(endpoint_id)}/deliveries/{event_id}"


def new_delivery(endpoint_id: str, event: Document, now: datetime) -> Create:
    fields = {
        "uid": event.fields["uid"],
        "endpointId": endpoint_id,
        "type": event.fields["type"],
        "eventCreatedAt": event.fields["createdAt"],
        "tries": 0,
        **due_at(now),
        "createdAt": now,
        "expireAt": now + KEPT,
    }
    return Create(delivery_path(endpoint_id, event.id), fields)


def due_at(at: datetime) -> dict[str, Any]:
    return {"status": "pending", "nextAttemptAt": at, "sweepAt": at + SWEEP_GRACE}


def after(delivery: Delivery, attempt: Attempted, now: datetime) -> dict[str, Any]:
    """What is written of it."""
    tries = delivery.tries + 1
    entry = {"at": attempt.at, "status": attempt.status, "error": attempt.error, "durationMs": attempt.duration_ms}
    told = {"tries": tries, "attempts": [*delivery.log, entry][-MAX_LOGGED:], "answer": attempt.answer}
    if attempt.is_taken:
        return {**told, **over("delivered"), "deliveredAt": now}
    if attempt.is_gone or tries > len(PAUSES):
        return {**told, **over("failed")}
    pause = max(PAUSES[tries - 1], timedelta(seconds=attempt.retry_after_seconds or 0))
    return {**told, **due_at(now + pause)}


def over(status: DeliveryStatus) -> dict[str, Any]:
    return {"status": status, "nextAttemptAt": REMOVE, "sweepAt": REMOVE}


def due(endpoint_id: str, documents: Documents, *, now: datetime | None, limit: int) -> list[Delivery]:
    """What is to be sent by `now`, the longest due first; by any time, if that is None."""
    until: Sequence[Condition] = [("nextAttemptAt", "<=", now)] if now is not None else []
    collection = f"{endpoint_path(endpoint_id)}/deliveries"
    return [
        Delivery.from_document(found)
        for found in documents.query(Query(collection, where=until, order_by="nextAttemptAt", limit=limit))
    ]
