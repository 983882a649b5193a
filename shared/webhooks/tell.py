"""An event, to every endpoint that wants it: a delivery each, and a task that sends what is due. Doing it twice changes nothing."""

import logging

from shared.documents.change import read_modify_write
from shared.documents.document import REMOVE, Update
from shared.events.event import event_path
from shared.tasks.hand_over import hand_over
from shared.tasks.task import deliver_to
from shared.webhooks.delivery import new_delivery
from shared.webhooks.endpoint import Endpoint, endpoints_of
from shared.webhooks.ports import WebhookPorts

_log = logging.getLogger(__name__)


def tell(uid: str, event_id: str, ports: WebhookPorts) -> None:
    for endpoint in read_modify_write(lambda: _told(uid, event_id, ports)):
        hand_over(deliver_to(endpoint.id), ports.tasks)


def _told(uid: str, event_id: str, ports: WebhookPorts) -> list[Endpoint]:
    """Those for which there is something to send by this, now or already. Raises Conflict if the event was told just now."""
    [event] = ports.documents.get(event_path(uid, event_id))
    if event is None:
        _log.warning("event.not_found", extra={"event": event_id})
        return []
    wanting = [endpoint for endpoint in endpoints_of(uid, ports.documents) if endpoint.wants(event.fields["type"])]
    if "sweepAt" in event.fields:
        now = ports.clock.now()
        made = [new_delivery(endpoint.id, event, now) for endpoint in wanting]
        ports.documents.commit(Update(event.path, {"sweepAt": REMOVE}, if_version=event.version), *made)
    return wanting
