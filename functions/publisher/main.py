"""Target `publisher`: called by Cloud Tasks (queues `publish-…`) with {postSubmissionId, runId}.

Writes the run, copies files into storage, calls the platform, enqueues delayed tasks. On failure Cloud Tasks delivers again,
and the run's lease decides whether there is anything to do; the sweeper after that.
"""

from collections.abc import Mapping

from flask import Request

from functions.publisher import wiring
from shared.core.log import start_logging
from shared.posts.run import RunPath
from shared.publishing.publish import publish_run
from shared.tasks.receive import Answer, receive

start_logging()


def publisher(request: Request) -> Answer:
    return answer(request, wiring.ports())


def answer(request: Request, ports: wiring.Ports) -> Answer:
    def handle(payload: Mapping[str, str]) -> None:
        publish_run(RunPath(payload["postSubmissionId"], payload["runId"]), ports.publishing)

    return receive(request.headers.get("Authorization"), request.get_data(), verifier=ports.verifier, handle=handle)
