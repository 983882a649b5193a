"""Wait until a job ends, as the request that asked for it does: one read a second, for a bounded time, by a bounded number.

A request that waits holds a thread of its instance and nothing else: the job goes on without it.
"""

import threading
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta

from shared.core.clock import Clock
from shared.core.errors import ServiceUnavailable
from shared.documents.document import Documents
from shared.jobs.job import Job, job_path

# Of an instance's 32 threads (functions/targets.py).
WAITING = 20
# Of one user's requests, so that nobody keeps all others from waiting.
WAITING_OF_ONE = 8
# Less than the API's own timeout, so that it is we who answer.
PATIENCE = timedelta(seconds=500)
# Until each of the first looks, and between the later ones.
FIRST_PAUSES_SECONDS, PAUSE_SECONDS = (0.2, 0.4, 0.8), 1.0

_waiting: Counter[str] = Counter()
_lock = threading.Lock()


@contextmanager
def waiting_slot(uid: str) -> Generator[bool]:
    """Whether one of the instance's threads may wait inside the block; of one user's at most WAITING_OF_ONE."""
    with _lock:
        is_free = _waiting.total() < WAITING and _waiting[uid] < WAITING_OF_ONE
        _waiting[uid] += is_free
    try:
        yield is_free
    finally:
        with _lock:
            _waiting[uid] -= is_free
            if not _waiting[uid]:
                del _waiting[uid]


def watch(
    job_id: str,
    uid: str,
    *,
    documents: Documents,
    clock: Clock,
    sleep: Callable[[float], None],
    may_have_ended: bool = False,
    patience: timedelta | None = None,
) -> Job:
    """The job, ended; one that `may_have_ended` before is looked at first. Raises ServiceUnavailable if it takes longer, or if too
    many wait already: the same request waits on."""
    if may_have_ended:
        [document] = documents.get(job_path(job_id))
        if document is not None and (job := Job.from_document(document)).is_final:
            return job
    with waiting_slot(uid) as is_free:
        if not is_free:
            raise ServiceUnavailable("Too many requests are waiting for what they began: send it again, it goes on meanwhile.")
        until, pauses = clock.now() + min(PATIENCE, patience or PATIENCE), iter(FIRST_PAUSES_SECONDS)
        while clock.now() < until:
            sleep(next(pauses, PAUSE_SECONDS))
            [document] = documents.get(job_path(job_id))
            if document is None:
                break
            job = Job.from_document(document)
            if job.is_final:
                return job
    raise ServiceUnavailable("It is still being worked on: send the same request again to wait on.", retry_after_seconds=5)
