"""GET /health: is the API there? It asks nothing else. GET /ready: does what it needs answer, database, queue and storage?"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from flask import Blueprint
from pydantic import BaseModel

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from shared.core.clock import Clock, iso8601

_log = logging.getLogger(__name__)

# Whoever asks, and however often: what is asked of others is asked once in this time, by each instance.
KEPT_FOR = timedelta(seconds=10)


class Health(BaseModel):
    status: Literal["ok"]
    version: str
    timestamp: str


class Readiness(BaseModel):
    """`checks` says of each, by its name, whether it answers; `timestamp` is when they were asked."""

    status: Literal["ready", "not_ready"]
    checks: dict[str, Literal["ok", "failed"]]
    timestamp: str


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("health", __name__)
    asked = _Asked(ports.checks, ports.clock)

    @blueprint.get("/health")
    @endpoint(ports, credential="anybody", gives={200: Health})
    def health(call: Call) -> Reply:
        now = iso8601(ports.clock.now())
        return Reply(200, {"status": "ok", "version": ports.settings.version, "timestamp": now})

    @blueprint.get("/ready")
    @endpoint(ports, credential="anybody", gives={200: Readiness, 503: Readiness})
    def ready(call: Call) -> Reply:
        checks, at = asked.checks()
        is_ready = all(check == "ok" for check in checks.values())
        status = "ready" if is_ready else "not_ready"
        return Reply(200 if is_ready else 503, {"status": status, "checks": dict(checks), "timestamp": iso8601(at)})

    return blueprint


@dataclass
class _Asked:
    """What the others said last."""

    ask: Mapping[str, Callable[[], None]]
    clock: Clock
    _said: Mapping[str, str] = field(default_factory=dict)
    _at: datetime | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def checks(self) -> tuple[Mapping[str, str], datetime]:
        with self._lock:
            now = self.clock.now()
            if self._at is None or now - self._at >= KEPT_FOR:
                self._said, self._at = {name: _outcome(name, check) for name, check in self.ask.items()}, now
            return self._said, self._at


def _outcome(name: str, check: Callable[[], None]) -> str:
    try:
        check()
    except Exception:
        _log.warning("ready.failed", exc_info=True, extra={"check": name})
        return "failed"
    return "ok"
