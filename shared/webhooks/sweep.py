"""What the sweeper does with events that nobody was told of, and with deliveries whose time has come: their tasks were lost."""

import logging

from shared.documents.document import Document
from shared.tasks.hand_over import hand_over
from shared.tasks.sweep import LONGEST_PAUSE, PUSH, Outbox, SweepPorts, put_off
from shared.tasks.task import deliver_to, tell

_log = logging.getLogger(__name__)


def _move_event(document: Document, ports: SweepPorts) -> None:
    if hand_over(tell(document.fields["uid"], document.id), ports.tasks):
        _log.info("sweep.enqueued", extra={"document": document.path})
    put_off(document.path, document.version, ports.clock.now() + PUSH, ports)


def _move_delivery(document: Document, ports: SweepPorts) -> None:
    """Seldom, the older it is: most likely its endpoint does not answer, and all that waits for it is due."""
    now = ports.clock.now()
    if hand_over(deliver_to(document.fields["endpointId"]), ports.tasks):
        _log.info("sweep.enqueued", extra={"document": document.path})
    put_off(document.path, document.version, now + min(max(PUSH, now - document.fields["createdAt"]), LONGEST_PAUSE), ports)


EVENTS = Outbox("events", group=True, field="sweepAt", move=_move_event)
DELIVERIES = Outbox("deliveries", group=True, field="sweepAt", move=_move_delivery)
