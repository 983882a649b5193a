"""Send something by hand: an event once more, or a ping that says that the endpoint is there."""

from shared.core.clock import Clock
from shared.core.errors import NotFound
from shared.core.ids import random_base62
from shared.documents.change import read_modify_write
from shared.documents.document import REMOVE, Create, Document, Documents, Update
from shared.events.event import PING, Subject, event_fields, event_path
from shared.tasks.hand_over import hand_over
from shared.tasks.task import Tasks, deliver_to
from shared.webhooks.delivery import Delivery, delivery_path, due_at, new_delivery
from shared.webhooks.endpoint import Endpoint, own_endpoint
from shared.webhooks.errors import WebhookDisabled


def ping(uid: str, endpoint_id: str, *, documents: Documents, tasks: Tasks, clock: Clock) -> str:
    """The event's id. Raises NotFound, WebhookDisabled."""
    endpoint, now = _enabled(uid, endpoint_id, documents), clock.now()
    subject = Subject("webhook", endpoint.id, endpoint.path, f"/v1/webhooks/{endpoint.id}")
    path = event_path(uid, f"evt_{random_base62(24)}")
    fields = event_fields(PING, uid, subject, "enabled", now)
    made = Create(path, fields)
    documents.commit(made, new_delivery(endpoint.id, Document(path, fields, now), now))
    hand_over(deliver_to(endpoint.id), tasks)
    return path.rpartition("/")[2]


def send_again(uid: str, endpoint_id: str, event_id: str, *, documents: Documents, tasks: Tasks, clock: Clock) -> None:
    """A new series of attempts, beginning now; or an event that the endpoint was not told of. Raises NotFound, WebhookDisabled."""
    endpoint = _enabled(uid, endpoint_id, documents)

    def attempt() -> None:
        delivery, event = documents.get(delivery_path(endpoint.id, event_id), event_path(uid, event_id))
        now = clock.now()
        if event is None:
            raise NotFound("There is no event with this id, or no more")
        if delivery is None:
            documents.commit(new_delivery(endpoint.id, event, now))
            return
        changes = {"tries": 0, "givenUp": REMOVE, "deliveredAt": REMOVE, **due_at(now)}
        documents.commit(Update(delivery.path, changes, if_version=Delivery.from_document(delivery).version))

    read_modify_write(attempt)
    hand_over(deliver_to(endpoint.id), tasks)


def _enabled(uid: str, endpoint_id: str, documents: Documents) -> Endpoint:
    endpoint = own_endpoint(uid, endpoint_id, documents)
    if not endpoint.is_enabled:
        raise WebhookDisabled(facts={"reason": endpoint.disabled_reason})
    return endpoint
