"""Target `ingest`: called by Cloud Tasks (queues `ingest-…`) with {postSubmissionId, uid} of a post that names files by address,
{jobId} of an upload by address or of a direct one, or of an operation that needs a file, or {mediaId} of one that was deleted.

Writes copies of files and the submission, uploads and their jobs; enqueues orchestration, or itself for a later try. On failure
Cloud Tasks delivers again, and the leases decide whether there is anything to do; the sweeper after that.
"""

from functools import partial

from functions.ingest import wiring
from functions.task import Payload, task_function
from shared.core.log import start_logging
from shared.jobs.work import work_on
from shared.media.delete import free
from shared.media.direct import JOB_TYPE as DIRECT
from shared.media.upload import complete_upload, upload
from shared.media.uploads import JOB_TYPE as UPLOAD
from shared.operations.ingested import fetched, file
from shared.operations.registry import handlers
from shared.posts.ingest import ingest_submission
from shared.templates.pictures import fetch_pictures
from shared.templates.wanted import JOB_TYPE as TEMPLATE

start_logging()


def handle(payload: Payload, ports: wiring.Ports) -> None:
    if "jobId" in payload:
        steps = {"file": partial(file, ports=ports.uploading), "fetched": partial(fetched, ports=ports.uploading)}
        by_type = {
            UPLOAD: partial(upload, ports=ports.uploading),
            DIRECT: partial(complete_upload, ports=ports.uploading),
            TEMPLATE: partial(fetch_pictures, ports=ports.picturing),
            **handlers(steps),
        }
        work_on(payload["jobId"], "ingest", by_type, ports.working)
    elif "mediaId" in payload:
        keeping = ports.uploading.keeping
        free(payload["mediaId"], documents=keeping.documents, storage=keeping.storage, clock=keeping.clock)
    else:
        ingest_submission(payload["postSubmissionId"], payload.get("uid"), ports.ingesting)


ingest = task_function(handle, wiring.ports)
