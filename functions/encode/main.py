"""Target `encode`: called by Cloud Tasks (queue `encode`) with {jobId}.

Writes parts of files and the job, enqueues its next step. On failure Cloud Tasks delivers again, and the job's lease decides
whether there is anything to do; the sweeper after that.
"""

from functools import partial

from functions.encode import wiring
from functions.task import Payload, task_function
from shared.core.log import start_logging
from shared.jobs.work import work_on
from shared.operations.export import export
from shared.operations.registry import handlers
from shared.operations.spoken import transcript
from shared.transcription.cut import cut
from shared.transcription.wanted import JOB_TYPE

start_logging()


def handle(payload: Payload, ports: wiring.Ports) -> None:
    cutting = partial(cut, ports=ports.cutting)

    steps = {
        "transcript": partial(transcript, step=cutting, storage=ports.cutting.storage),
        "export": partial(export, ports=ports.cutting),
    }
    work_on(payload["jobId"], "encode", {JOB_TYPE: cutting, **handlers(steps)}, ports.working)


encode = task_function(handle, wiring.ports)
