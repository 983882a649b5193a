"""What the sweeper does with accounts whose tokens lapse, or whose facts age, if nobody renews them: it enqueues that."""

from datetime import timedelta

from shared.documents.document import Document
from shared.tasks.hand_over import hand_over
from shared.tasks.sweep import PUSH, Outbox, SweepPorts, put_off
from shared.tasks.task import refresh, refresh_facts

# What was enqueued and is still due comes up again after this long.
RENEWAL_PUSH = timedelta(minutes=15)
FACTS_PUSH = timedelta(days=1)


def _move(document: Document, ports: SweepPorts) -> None:
    fields, now = document.fields, ports.clock.now()
    enqueued = hand_over(refresh(fields["uid"], fields["platform"], fields["accountId"]), ports.tasks)
    put_off(document.path, document.version, now + (RENEWAL_PUSH if enqueued else PUSH), ports, field="refreshAt")


def _move_facts(document: Document, ports: SweepPorts) -> None:
    fields, now = document.fields, ports.clock.now()
    enqueued = hand_over(refresh_facts(fields["uid"], fields["platform"], fields["accountId"]), ports.tasks)
    put_off(document.path, document.version, now + (FACTS_PUSH if enqueued else PUSH), ports, field="factsDueAt")


CREDENTIALS = Outbox("credentials", group=True, field="refreshAt", move=_move)
FACTS = Outbox("credentials", group=True, field="factsDueAt", move=_move_facts)
