"""Target `webhooks`: called by Cloud Tasks (queue `webhooks`) with {uid, eventId}, or with {endpointId}.

An event becomes a delivery for each endpoint that wants it; for an endpoint, what is due is sent. Enqueues the next time. On
failure Cloud Tasks delivers again, and the documents decide whether there is anything to do; the sweeper after that.
"""

from functions.task import Payload, task_function
from functions.webhooks import wiring
from shared.core.log import start_logging
from shared.webhooks.deliver import deliver
from shared.webhooks.tell import tell

start_logging()


def handle(payload: Payload, ports: wiring.Ports) -> None:
    if "eventId" in payload:
        tell(payload["uid"], payload["eventId"], ports.telling)
    else:
        deliver(payload["endpointId"], ports.telling)


webhooks = task_function(handle, wiring.ports)
