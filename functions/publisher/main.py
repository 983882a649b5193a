"""Target `publisher`: called by Cloud Tasks (queues `publish-…`) with {postSubmissionId, runId}.

Writes the run, calls the platform, enqueues delayed tasks. On failure Cloud Tasks delivers again,
and the run's lease decides whether there is anything to do; the sweeper after that.
"""

from functions.publisher import wiring
from functions.task import Payload, task_function
from shared.core.log import start_logging
from shared.posts.run import RunPath
from shared.publishing.publish import publish_run

start_logging()


def handle(payload: Payload, ports: wiring.Ports) -> None:
    publish_run(RunPath(payload["postSubmissionId"], payload["runId"]), ports.publishing)


publisher = task_function(handle, wiring.ports)
