"""Hands on what is due: tokens that lapse if nobody renews them. Called by the sweeper."""

import logging
from datetime import timedelta

from shared.core.clock import Clock
from shared.documents.document import Conflict, Documents, Query, Update
from shared.tasks.task import NotEnqueued, Tasks, refresh

_log = logging.getLogger(__name__)

BATCH = 300
# What was handed on and is still due comes up again after this long.
PUSH = timedelta(minutes=15)


def sweep_tokens(*, documents: Documents, tasks: Tasks, clock: Clock) -> int:
    """How many accounts were handed on."""
    now = clock.now()
    found = documents.query(Query("credentials", where=(("refreshAt", "<=", now),), order_by="refreshAt", limit=BATCH, group=True))
    for document in found:
        fields = document.fields
        try:
            tasks.enqueue(refresh(fields["uid"], fields["platform"], fields["accountId"]))
            documents.commit(Update(document.path, {"refreshAt": now + PUSH}, if_version=document.version))
        except NotEnqueued as error:
            _log.error("not handed on; the next tick tries again", extra={"document": document.path, "reason": str(error)})
        except Conflict:
            _log.info("it moved by itself", extra={"document": document.path})
    return len(found)
