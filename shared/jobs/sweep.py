"""What the sweeper does with jobs whose time has come: the task was lost, or its worker died."""

import logging

from shared.documents.document import Document
from shared.jobs.job import Job
from shared.tasks.hand_over import hand_over
from shared.tasks.queues import BY_NAME
from shared.tasks.sweep import PUSH, Outbox, SweepPorts, put_off
from shared.tasks.task import work_on_job

_log = logging.getLogger(__name__)


def _move_job(document: Document, ports: SweepPorts) -> None:
    job = Job.from_document(document)
    if hand_over(work_on_job(job.id, BY_NAME[job.queue]), ports.tasks):
        _log.info("sweep.enqueued", extra={"document": document.path})
    put_off(document.path, job.version, ports.clock.now() + PUSH, ports)


JOBS = Outbox("jobs", group=False, field="sweepAt", move=_move_job)
