"""Target `publisher`: called by Cloud Tasks (queues `publish-…`) with {postSubmissionId, runId}.

Writes the run, calls the platform, enqueues delayed tasks; makes the posts that automations want of a run that succeeded. On
failure Cloud Tasks delivers again, and the run's lease decides whether there is anything to do; the sweeper after that.
"""

from functions.publisher import wiring
from functions.task import Payload, task_function
from shared.automations.fire import fire
from shared.core.log import start_logging
from shared.posts.run import RunPath
from shared.publishing.publish import publish_run

start_logging()


def handle(payload: Payload, ports: wiring.Ports) -> None:
    path = RunPath(payload["postSubmissionId"], payload["runId"])
    run = publish_run(path, ports.publishing)
    if run is not None and run.awaits_automations:
        fire(path, ports.automating)


publisher = task_function(handle, wiring.ports)
