"""Target `ingest`: called by Cloud Tasks (queues `ingest-…`) with {postSubmissionId, uid}.

Writes copies of files and the submission, enqueues its orchestration, or itself for a later try. On failure Cloud Tasks delivers
again, and the copies' leases decide whether there is anything to do; the sweeper after that.
"""

from functions.ingest import wiring
from functions.task import Payload, task_function
from shared.core.log import start_logging
from shared.posts.ingest import ingest_submission

start_logging()


def handle(payload: Payload, ports: wiring.Ports) -> None:
    ingest_submission(payload["postSubmissionId"], ports.ingesting)


ingest = task_function(handle, wiring.ports)
