"""What goes into and comes out of /v1/webhooks and /v1/events."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from functions.api.request.moments import moment_named
from functions.api.request.page import PageQuery
from functions.api.request.validation import RequestBody
from shared.core.text import NonBlank
from shared.core.wrong import wrong
from shared.documents.document import Condition
from shared.events.event import EventType
from shared.webhooks.delivery import DeliveryStatus
from shared.webhooks.endpoint import EVERYTHING, Payload

Wanted = Literal[EventType, "*"]
Events = Annotated[list[Wanted], Field(min_length=1, max_length=50)]
Url = Annotated[str, Field(min_length=1, max_length=2000)]
Description = Annotated[NonBlank, Field(min_length=1, max_length=200)]


class NewWebhook(RequestBody):
    """Without `events`, or with "*", every one; `payload` thin says what happened to what, and full the thing itself as well."""

    url: Url
    events: Events = Field(default_factory=lambda: [EVERYTHING])
    payload: Payload = "thin"
    description: Description | None = None


class WebhookChanges(RequestBody):
    """Each member that is named is replaced."""

    url: Url | None = None
    events: Events | None = None
    payload: Payload | None = None
    description: Description | None = None
    enabled: bool | None = None

    @model_validator(mode="after")
    def _some(self) -> "WebhookChanges":
        if not self.model_fields_set:
            raise wrong("custom", "Name at least one member to change")
        nulls = [name for name in self.model_fields_set - {"description"} if getattr(self, name) is None]
        if nulls:
            raise wrong("invalid_type", f"{', '.join(sorted(nulls))} cannot be null: leave out what is not to change")
        return self


class LastFailure(BaseModel):
    at: str
    message: str
    status: int | None


class ShownWebhook(BaseModel):
    """`failingSince`: it has taken nothing since then; after five days it is disabled. `waitsUntil`: nothing is sent before."""

    id: str
    url: str
    events: list[str]
    payload: Payload
    description: str | None
    enabled: bool
    disabledReason: str | None
    failingSince: str | None
    waitsUntil: str | None
    lastSuccessAt: str | None
    lastFailure: LastFailure | None
    createdAt: str
    updatedAt: str


class CreatedWebhook(ShownWebhook):
    """With the secret that signs, which is shown once."""

    secret: str


class NewSecret(BaseModel):
    """The secret before signs beside it until `previousUntil`."""

    secret: str
    previousUntil: str


class ShownWebhooks(BaseModel):
    webhooks: list[ShownWebhook]


class DeletedWebhook(BaseModel):
    deleted: Literal[True]


class Pinged(BaseModel):
    eventId: str


class ShownAttempt(BaseModel):
    at: str
    status: int | None
    error: str | None
    durationMs: int


class ShownDelivery(BaseModel):
    """`attempts` are the latest of all, and `answer` is what the endpoint said to the last, up to 20 kB."""

    eventId: str
    type: str
    status: DeliveryStatus
    attempts: list[ShownAttempt]
    answer: str | None
    nextAttemptAt: str | None
    givenUp: str | None
    createdAt: str
    deliveredAt: str | None


class ShownDeliveries(BaseModel):
    deliveries: list[ShownDelivery]
    nextCursor: str | None


class EventData(BaseModel):
    """`state` is that of the thing when it happened; more members name it more closely."""

    model_config = ConfigDict(extra="allow")

    id: str
    object: str
    state: str
    url: str


class ShownEvent(BaseModel):
    id: str
    type: str
    timestamp: str
    data: EventData


class ShownEvents(BaseModel):
    events: list[ShownEvent]
    nextCursor: str | None


class DeliveriesQuery(PageQuery):
    status: DeliveryStatus | None = None

    def conditions(self) -> Sequence[Condition]:
        return [("status", "==", self.status)] if self.status is not None else []


class EventsQuery(PageQuery):
    """`from` and `to` are of `timestamp`."""

    kind: Annotated[Literal[EventType, "ping"] | None, Field(alias="type")] = None
    since: Annotated[datetime | None, BeforeValidator(moment_named("from")), Field(alias="from")] = None
    until: Annotated[datetime | None, BeforeValidator(moment_named("to")), Field(alias="to")] = None

    def conditions(self) -> Sequence[Condition]:
        found: list[tuple[str, Literal["==", "<=", ">="], Any]] = []
        if self.kind is not None:
            found.append(("type", "==", self.kind))
        if self.since is not None:
            found.append(("createdAt", ">=", self.since))
        if self.until is not None:
            found.append(("createdAt", "<=", self.until))
        return found
