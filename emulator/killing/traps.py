"""Kills its own process, or loses an answer, at a chosen call of a port.

A plan is a file named after the function in the folder SOKU_KILL_PLANS: {"call": "documents.commit", "nth": 2, "when": "before"},
or "after", or "lost". Calls are counted over all requests about the same subject: a post, a job, a file, an account (the
refresher), a request of one Idempotency-Key (the API); the sweeper's per request. `spared` are the subjects that are not meant. It
strikes once: whoever removes the file, dies (or, with "lost", is not told what it did).
Where a file FUNCTION.calls is there, every call is written into it, a JSON object a line, with its subject: that is how the calls
that can be struck are found.
"""

import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Request

from shared.core.clock import DatabaseClock
from shared.core.together import one_by_one
from shared.documents.document import Unavailable
from shared.documents.reliable import ReliableDocuments
from shared.gcp.firestore import FirestoreDocuments
from shared.http.client import NoAnswer
from shared.media.fetch import FetchFailed
from shared.media.storage import StorageUnavailable
from shared.tasks.task import NotEnqueued
from shared.transcription.transcribe import ProviderBusy

_LOST: dict[str, Callable[[], Exception]] = {
    "documents.commit": Unavailable,
    "documents.get": Unavailable,
    "tasks.enqueue": NotEnqueued,
    "documents.query": Unavailable,
    "http.send": NoAnswer,
    "quick.send": NoAnswer,
    "storage.read": StorageUnavailable,
    "storage.write": StorageUnavailable,
    "arrived.read": StorageUnavailable,
    "fetcher.fetch": FetchFailed,
    "transcriber.words": ProviderBusy,
}


# The ports that leave the process, beside the database.
OUTWARD = ("tasks", "http", "quick", "storage", "arrived", "fetcher", "measurer", "transcriber", "sender")


class SkewedClock:
    """The machine's clock, as far off as the file says, in seconds; right if there is none."""

    offset = timedelta(0)

    def __init__(self, skew: Path) -> None:
        self._skew = skew

    def now(self) -> datetime:
        seconds = float(self._skew.read_text()) if self._skew.exists() else 0.0
        return datetime.now(UTC) + timedelta(seconds=seconds)


class Traps:
    def __init__(self, function: str) -> None:
        self._plan = Path(os.environ["SOKU_KILL_PLANS"]) / function
        self.clock = SkewedClock(self._plan.with_name(f"{function}.skew"))
        self._record = self._plan.with_name(f"{function}.calls")
        self._request = threading.local()
        self._counts: dict[str, Counter[str]] = {}

    def begin_request(self, subject: str | None) -> None:
        """Each is handled on one thread. `subject` is what it is about, if it says so."""
        self._request.subject = subject
        self._request.calls = self._counts.setdefault(subject, Counter()) if subject else Counter()

    def around(self, call: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def trapped(*arguments: Any, **options: Any) -> Any:
            when = self._due(call, arguments)
            if when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            result = method(*arguments, **options)
            if when == "after":
                os.kill(os.getpid(), signal.SIGKILL)
            if when == "lost":
                raise _LOST[call]()
            return result

        return trapped

    def _due(self, call: str, arguments: tuple[Any, ...]) -> str | None:
        """When to strike at this call, if it is the one; removes the plan."""
        self._request.calls[call] += 1
        if self._record.exists():
            about = arguments[0].url if call in ("http.send", "quick.send") else ""
            with self._record.open("a") as record:
                number = self._request.calls[call]
                record.write(json.dumps({"subject": self._request.subject, "call": call, "nth": number, "about": about}) + "\n")
        try:
            plan = json.loads(self._plan.read_text())
            if call != plan["call"] or self._request.calls[call] != plan["nth"] or self._request.subject in plan["spared"]:
                return None
            self._plan.unlink()
        except FileNotFoundError:
            return None
        return plan["when"]


def subject_of_task(request: Request) -> str | None:
    """The post, job, file or account that a task names."""
    payload = request.get_json(silent=True)
    named = payload if isinstance(payload, dict) else {}
    return next(
        (named[name] for name in ("postSubmissionId", "jobId", "mediaId", "accountId", "eventId", "endpointId") if named.get(name)),
        None,
    )


class Trapped:
    """A port with a trap around every method."""

    def __init__(self, port: Any, name: str, traps: Traps) -> None:
        self._port, self._name, self._traps = port, name, traps

    def __getattr__(self, attribute: str) -> Any:
        return self._traps.around(f"{self._name}.{attribute}", getattr(self._port, attribute))


def trapped_ports(ports: Any, traps: Traps, project_id: str) -> Any:
    """The dataclass of ports, and those inside it, with what leaves the process trapped; single attempts at the database, below
    its retries."""
    clock = DatabaseClock(traps.clock)
    documents = ReliableDocuments(Trapped(FirestoreDocuments(project_id), "documents", traps), clock=clock)
    return _trapped(ports, traps, documents)


def _trapped(ports: Any, traps: Traps, documents: ReliableDocuments) -> Any:
    changed: dict[str, Any] = {}
    for field in fields(ports):
        port = getattr(ports, field.name)
        if field.name == "documents":
            changed[field.name] = documents
        elif field.name == "clock":
            changed[field.name] = documents.clock
        elif field.name == "together":
            # Calls are counted on the thread that a request is handled on.
            changed[field.name] = one_by_one
        elif field.name in OUTWARD:
            changed[field.name] = Trapped(port, field.name, traps)
        elif is_dataclass(port) and not isinstance(port, type):
            changed[field.name] = _trapped(port, traps, documents)
    return replace(ports, **changed)
