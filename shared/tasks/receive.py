"""What every function that only Google calls does with a request: is it really Google, and what is asked?

The answer tells Cloud Tasks what to do next: 2xx is done, anything else is delivered again later. 429 and 503 slow the whole queue
down, so a handler never answers them for one user's sake.
"""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from shared.core.errors import SokuError
from shared.documents.document import Unavailable

_log = logging.getLogger(__name__)

Answer = tuple[str, int]


class Unauthenticated(SokuError):
    """The request carries no valid OIDC token."""


class Forbidden(SokuError):
    """The request's OIDC token belongs to somebody else."""


class Verifier(Protocol):
    def verify(self, authorization: str | None) -> None: ...


def receive(authorization: str | None, body: bytes, *, verifier: Verifier, handle: Callable[[Mapping[str, str]], None]) -> Answer:
    """Verify, decode, handle; body and status for the caller, who is Google."""
    try:
        verifier.verify(authorization)
    except Unauthenticated as refused:
        _log.warning("refused a request without a valid token", extra={"reason": str(refused)})
        return "unauthorized", 401
    except Forbidden:
        _log.warning("refused a token of another account")
        return "forbidden", 403
    try:
        payload = json.loads(body or b"{}")
    except ValueError:
        payload = None
    if not isinstance(payload, dict):
        # No later delivery would read any better: accept it away, and leave the work to the sweeper.
        _log.error("dropped a task whose body is no JSON object")
        return "dropped", 200
    try:
        handle(payload)
    except Unavailable:
        _log.warning("the database did not answer; the task will be delivered again")
        return "database unavailable", 503
    except Exception:
        _log.exception("a task failed; it will be delivered again")
        return "failed", 500
    return "done", 200
