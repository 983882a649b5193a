"""From an HTTP delivery of a task to a verb: is it really from Google, what is asked, and what becomes of the task.

The status tells Cloud Tasks what to do next: 2xx is done, anything else is delivered again later. 429 and 503 slow the whole queue
down, so a handler never answers them for one user's sake.
"""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from flask import Request

from functions import connections
from shared.documents.document import Unavailable
from shared.tasks.invoker import Forbidden, Unauthenticated, Verifier

_log = logging.getLogger(__name__)

Answer = tuple[str, int]
Payload = Mapping[str, str]


class TaskPorts(Protocol):
    """What every function that Cloud Tasks or Cloud Scheduler calls needs, beside the ports of its own."""

    @property
    def verifier(self) -> Verifier: ...


P = TypeVar("P", bound=TaskPorts)


def task_function(handle: Callable[[Payload, P], None], ports: Callable[[], P]) -> Callable[[Request], Answer]:
    """The function to deploy: every delivery is verified, decoded and handled. `ports` is called on the first one, not before."""
    connections.keep()

    def function(request: Request) -> Answer:
        return answer(request, handle, ports())

    return function


def answer(request: Request, handle: Callable[[Payload, P], None], ports: P) -> Answer:
    """Body and status for the caller, who is Google."""
    try:
        ports.verifier.verify(request.headers.get("Authorization"))
    except Unauthenticated as refused:
        _log.warning("task.unauthenticated", extra={"reason": str(refused)})
        return "unauthorized", 401
    except Forbidden:
        _log.warning("task.forbidden")
        return "forbidden", 403
    try:
        payload = json.loads(request.get_data() or b"{}")
    except ValueError:
        payload = None
    if not isinstance(payload, dict):
        # A poison message: no later delivery would read any better. It is acknowledged, and the sweeper recovers the work.
        _log.error("task.poison_message")
        return "dropped", 200
    try:
        handle(payload, ports)
    except Unavailable:
        _log.warning("task.database_unavailable")
        return "database unavailable", 503
    except Exception:
        _log.exception("task.failed")
        return "failed", 500
    return "done", 200
