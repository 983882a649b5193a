"""What the sweeper does with accounts whose tokens lapse if nobody renews them: it enqueues their renewal."""

from datetime import timedelta

from shared.documents.document import Document
from shared.tasks.hand_over import hand_over
from shared.tasks.sweep import PUSH, Outbox, SweepPorts, put_off
from shared.tasks.task import refresh

# What was enqueued and is still due comes up again after this long.
RENEWAL_PUSH = timedelta(minutes=15)


def _move(document: Document, ports: SweepPorts) -> None:
    fields, now = document.fields, ports.clock.now()
    enqueued = hand_over(refresh(fields["uid"], fields["platform"], fields["accountId"]), ports.tasks)
    put_off(document.path, document.version, now + (RENEWAL_PUSH if enqueued else PUSH), ports, field="refreshAt")


CREDENTIALS = Outbox("credentials", group=True, field="refreshAt", move=_move)
