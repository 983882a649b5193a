"""Target `transcribe`: called by Cloud Tasks (queue `transcribe`) with {jobId}.

Writes the job, and with one that fails the refund. On failure Cloud Tasks delivers again, and the job's lease decides whether
there is anything to do; the sweeper after that.
"""

from functools import partial

from functions.task import Payload, task_function
from functions.transcribe import wiring
from shared.core.log import start_logging
from shared.jobs.work import work_on
from shared.operations.registry import handlers
from shared.operations.spoken import transcript
from shared.transcription.transcribe import transcribe as send
from shared.transcription.wanted import JOB_TYPE

start_logging()


def handle(payload: Payload, ports: wiring.Ports) -> None:
    sending = partial(send, ports=ports.transcribing)
    steps = {"transcript": partial(transcript, step=sending, storage=ports.transcribing.storage)}
    work_on(payload["jobId"], "transcribe", {JOB_TYPE: sending, **handlers(steps)}, ports.working)


transcribe = task_function(handle, wiring.ports)
