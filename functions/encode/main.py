"""Target `encode`: called by Cloud Tasks (queue `encode`) with {jobId}.

Writes parts of files and the job, enqueues its next step. On failure Cloud Tasks delivers again, and the job's lease decides
whether there is anything to do; the sweeper after that.
"""

from functools import partial

from functions.encode import wiring
from functions.task import Payload, task_function
from shared.core.log import start_logging
from shared.jobs.work import work_on
from shared.transcription.cut import cut
from shared.transcription.wanted import JOB_TYPE

start_logging()


def handle(payload: Payload, ports: wiring.Ports) -> None:
    work_on(payload["jobId"], "encode", {JOB_TYPE: partial(cut, ports=ports.cutting)}, ports.working)


encode = task_function(handle, wiring.ports)
