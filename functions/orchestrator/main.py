"""Target `orchestrator`: called by Cloud Tasks (queue `orchestrate`) with {postSubmissionId}.

Writes the submission and its runs, enqueues one task per run. On failure Cloud Tasks delivers again; the sweeper after that.
"""

from collections.abc import Mapping

from flask import Request

from functions.orchestrator import wiring
from shared.core.log import start_logging
from shared.posts.orchestrate import orchestrate_submission
from shared.tasks.receive import Answer, receive

start_logging()


def orchestrator(request: Request) -> Answer:
    return answer(request, wiring.ports())


def answer(request: Request, ports: wiring.Ports) -> Answer:
    def handle(payload: Mapping[str, str]) -> None:
        orchestrate_submission(payload["postSubmissionId"], documents=ports.documents, tasks=ports.tasks, clock=ports.clock)

    return receive(request.headers.get("Authorization"), request.get_data(), verifier=ports.verifier, handle=handle)
