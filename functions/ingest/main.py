"""Target `ingest`: called by Cloud Tasks (queues `ingest-…`) with {postSubmissionId, uid} of a post that names files by address,
{jobId} of an upload, or {mediaId} of one that was deleted.

Writes copies of files and the submission, uploads and their jobs; enqueues orchestration, or itself for a later try. On failure
Cloud Tasks delivers again, and the leases decide whether there is anything to do; the sweeper after that.
"""

from functools import partial

from functions.ingest import wiring
from functions.task import Payload, task_function
from shared.core.log import start_logging
from shared.jobs.work import WorkPorts, work_on
from shared.media.delete import free
from shared.media.upload import upload
from shared.media.uploads import JOB_TYPE
from shared.posts.ingest import ingest_submission

start_logging()


def handle(payload: Payload, ports: wiring.Ports) -> None:
    if "jobId" in payload:
        uploading = ports.uploading
        work_on(
            payload["jobId"],
            {JOB_TYPE: partial(upload, ports=uploading)},
            WorkPorts(uploading.documents, ports.ingesting.tasks, uploading.clock),
        )
    elif "mediaId" in payload:
        documents, storage = ports.uploading.documents, ports.ingesting.storage
        free(payload["mediaId"], documents=documents, storage=storage, clock=ports.uploading.clock)
    else:
        ingest_submission(payload["postSubmissionId"], ports.ingesting)


ingest = task_function(handle, wiring.ports)
