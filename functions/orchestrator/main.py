"""Target `orchestrator`: called by Cloud Tasks (queue `orchestrate`) with {postSubmissionId, uid}.

Writes the submission and its runs, enqueues one task per run. On failure Cloud Tasks delivers again; the sweeper after that.
"""

from functions.orchestrator import wiring
from functions.task import Payload, task_function
from shared.core.log import start_logging
from shared.posts.orchestrate import orchestrate_submission

start_logging()


def handle(payload: Payload, ports: wiring.Ports) -> None:
    orchestrate_submission(
        payload["postSubmissionId"], payload.get("uid"), documents=ports.documents, tasks=ports.tasks, clock=ports.clock
    )


orchestrator = task_function(handle, wiring.ports)
