"""Target `templates`: called by Cloud Tasks (queue `templates`) with {jobId}.

Writes the image, its media document and the job. On failure Cloud Tasks delivers again, and the job's lease decides whether there
is anything to do; the sweeper after that.
"""

from functools import partial

from functions.task import Payload, task_function
from functions.templates import wiring
from shared.core.log import start_logging
from shared.jobs.work import work_on
from shared.templates.draw import draw
from shared.templates.wanted import JOB_TYPE

start_logging()


def handle(payload: Payload, ports: wiring.Ports) -> None:
    work_on(payload["jobId"], "templates", {JOB_TYPE: partial(draw, ports=ports.drawing)}, ports.working)


templates = task_function(handle, wiring.ports)
