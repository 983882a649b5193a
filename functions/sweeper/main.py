"""Target `sweeper`: called by Cloud Scheduler every minute, with nothing.

Enqueues tasks for what is due: submissions, copies, runs, jobs, events, tokens; settles what a worker left. On failure the next
call goes on.
"""

import logging

from functions.sweeper import wiring
from functions.task import Payload, task_function
from shared.accounts.reseal import reseal
from shared.accounts.sweep import CREDENTIALS, FACTS
from shared.core.log import start_logging
from shared.jobs.sweep import JOBS
from shared.posts.sweep import COPIES, RUNS, SUBMISSIONS
from shared.tasks.sweep import sweep
from shared.webhooks.reseal import reseal_webhooks
from shared.webhooks.sweep import DELIVERIES, EVENTS

start_logging()
_log = logging.getLogger(__name__)

# In the order in which a tick looks at them.
OUTBOXES = (SUBMISSIONS, COPIES, RUNS, JOBS, EVENTS, DELIVERIES, CREDENTIALS, FACTS)


def handle(_: Payload, ports: wiring.Ports) -> None:
    moved = sweep(OUTBOXES, ports.sweeping)
    if any(moved.values()):
        _log.info("sweep.done", extra={"moved": dict(moved)})
    for again in (reseal, reseal_webhooks):
        again(ports.cipher, documents=ports.sweeping.documents, clock=ports.sweeping.clock)


sweeper = task_function(handle, wiring.ports)
