"""Every queue and the function its tasks go to, as data: what is deployed, emulated and tested is read from here.

Delivery is at least once; the retry policy lives in the run's document, so queues retry for a day and slowly.
"""

from dataclasses import dataclass
from zlib import crc32

from shared.core.platforms import PLATFORMS


@dataclass(frozen=True)
class Queue:
    name: str
    target: str
    # Cloud Tasks' own ceiling is 500/s; a platform's queue is slower so that one platform's trouble stays its own.
    dispatches_per_second: int
    concurrent_dispatches: int
    min_backoff_seconds: int = 2
    max_backoff_seconds: int = 300
    max_doublings: int = 5
    max_retry_seconds: int = 24 * 3600
    # How long one delivery may take: a little more than its function's timeout, as far as Cloud Tasks goes (1,800 s).
    dispatch_deadline_seconds: int = 555


ORCHESTRATE = Queue("orchestrate", "orchestrator", dispatches_per_second=500, concurrent_dispatches=100)
PUBLISH = {
    platform: Queue(f"publish-{platform}", "publisher", dispatches_per_second=100, concurrent_dispatches=100)
    for platform in PLATFORMS
}
# A customer's posts share one of these, so that slow servers hold up few others; four files of a queue are copied at once.
INGEST = tuple(Queue(f"ingest-{number:02}", "ingest", dispatches_per_second=50, concurrent_dispatches=4) for number in range(16))
REFRESH = Queue("refresh", "refresher", dispatches_per_second=20, concurrent_dispatches=20, max_retry_seconds=600)
TEMPLATES_QUEUE = Queue("templates", "templates", dispatches_per_second=50, concurrent_dispatches=50)
TRANSCRIBE_QUEUE = Queue("transcribe", "transcribe", dispatches_per_second=20, concurrent_dispatches=40)
ENCODE_QUEUE = Queue("encode", "encode", dispatches_per_second=5, concurrent_dispatches=10, dispatch_deadline_seconds=1800)
# Each endpoint's deliveries are one task's at a time.
WEBHOOKS_QUEUE = Queue("webhooks", "webhooks", dispatches_per_second=200, concurrent_dispatches=200)
JOBS_QUEUE = Queue("jobs", "jobs", dispatches_per_second=50, concurrent_dispatches=60)
QUEUES = (
    *(ORCHESTRATE, *INGEST, *PUBLISH.values(), REFRESH),
    *(TEMPLATES_QUEUE, TRANSCRIBE_QUEUE, ENCODE_QUEUE, JOBS_QUEUE, WEBHOOKS_QUEUE),
)
BY_NAME = {queue.name: queue for queue in QUEUES}


def ingest_queue(uid: str) -> Queue:
    """The one that all of this user's copying goes through."""
    return INGEST[crc32(uid.encode()) % len(INGEST)]
