"""Target `sweeper`: called by Cloud Scheduler every minute, with nothing.

Enqueues tasks for what is due, runs and tokens alike, and settles what its worker left. On failure the next minute's call goes on.
"""

import logging
from collections.abc import Mapping

from flask import Request

from functions.sweeper import wiring
from shared.accounts.sweep import sweep_tokens
from shared.core.log import start_logging
from shared.posts.sweep import sweep
from shared.tasks.receive import Answer, receive

start_logging()
_log = logging.getLogger(__name__)


def sweeper(request: Request) -> Answer:
    return answer(request, wiring.ports())


def answer(request: Request, ports: wiring.Ports) -> Answer:
    def handle(_: Mapping[str, str]) -> None:
        swept = sweep(documents=ports.documents, tasks=ports.tasks, clock=ports.clock)
        accounts = sweep_tokens(documents=ports.documents, tasks=ports.tasks, clock=ports.clock)
        if swept.submissions or swept.runs or accounts:
            _log.info("swept", extra={"submissions": swept.submissions, "runs": swept.runs, "accounts": accounts})

    return receive(request.headers.get("Authorization"), request.get_data(), verifier=ports.verifier, handle=handle)
