"""What all sandbox platforms share: requests and answers as plain values, the ledger, faults, and the way through a call.

A platform is an object whose `route` names the step a request is, and whose `answer` carries it out. It knows nothing of HTTP
servers, so the tests' fault harness calls it in its own process.
"""

import itertools
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from emulator.sandbox.accounts import SandboxAccount, account_of_token
from emulator.sandbox.faults import Fault, Faults

# What goes on the wire when there is no answer at all.
RESET = "reset"
HANG = "hang"


@dataclass(frozen=True)
class Call:
    """A request. `fields` are its form fields or JSON members, `files` the uploaded parts; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    body: bytes = b""

    @property
    def token(self) -> str:
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return (
            token if scheme in ("Bearer", "OAuth") else str(self.query.get("access_token") or self.fields.get("access_token") or "")
        )


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    # RESET or HANG: nothing of this is sent.
    silence: str | None = None

    @property
    def raw(self) -> bytes:
        return b"" if self.body is None else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Entry:
    """One accepted post."""

    platform: str
    account_id: str
    id: str
    url: str
    text: str
    media: tuple[str, ...]
    accepted_at: datetime

    def to_json(self) -> dict[str, Any]:
        return {
            "platform": self.platform,
            "accountId": self.account_id,
            "id": self.id,
            "url": self.url,
            "text": self.text,
            "media": list(self.media),
            "acceptedAt": self.accepted_at.isoformat().replace("+00:00", "Z"),
        }


@dataclass
class World:
    """What the platforms have in common. `pull` fetches a URL as their servers would: the bytes, or None if it cannot be had."""

    now: Callable[[], datetime]
    pull: Callable[[str], bytes | None]
    ledger: list[Entry] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    # How long processing a video takes, and how long when asked to be slow.
    processing_seconds: float = 0.5
    slow_processing_seconds: float = 8.0
    # How long a new post stays out of listings.
    listing_lag_seconds: float = 0.0
    lock: threading.RLock = field(default_factory=threading.RLock)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def new_id(self) -> str:
        """Unique over all platforms, growing with time as the platforms' ids do."""
        return str(int(self.now().timestamp() * 1000) * 10**5 + next(self._ids))


class Sandbox(Protocol):
    name: str
    world: World

    def route(self, call: Call) -> str | None:
        """The step this request is; `publish` for the one that makes a post public; None for what does not exist."""
        ...

    def answer(self, step: str, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer: ...
    def failure(self, kind: str) -> Answer:
        """The platform's own words for not_found, unauthorized, rate_limit, server_error, reject, duplicate."""
        ...


def respond(sandbox: Sandbox, call: Call) -> Answer:
    """Route, authenticate, apply the fault that is due if any, carry out."""
    with sandbox.world.lock:
        step = sandbox.route(call)
        if step is None:
            return sandbox.failure("not_found")
        account = account_of_token(call.token, sandbox.name)
        if account is None:
            return sandbox.failure("unauthorized")
        fault = sandbox.world.faults.take(sandbox.name, account.account_id, step)
        match fault.kind if fault else None:
            case "rate_limit" | "unauthorized" | "reject" | "duplicate" as kind:
                return sandbox.failure(kind)
            case "server_error_before":
                return sandbox.failure("server_error")
            case "reset_before":
                return Answer(0, silence=RESET)
            case _:
                answered = sandbox.answer(step, call, account, fault)
        match fault.kind if fault else None:
            case "server_error_after":
                return sandbox.failure("server_error")
            case "reset_after":
                return Answer(0, silence=RESET)
            case "hang_after":
                return Answer(0, silence=HANG)
            case _:
                return answered
