"""What all sandbox platforms share: requests and answers as plain values, the ledger, faults, and the way through a call.

A platform is an object whose `route` names the step a request is, and whose `answer` carries it out. It knows nothing of HTTP
servers, so the tests' fault harness calls it in its own process.
"""

import itertools
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from emulator.sandbox.accounts import SandboxAccount, read_token
from emulator.sandbox.faults import AFTER, Fault, Faults
from emulator.sandbox.files import Measure, measured

# What goes on the wire when there is no answer at all.
RESET = "reset"
HANG = "hang"


@dataclass(frozen=True)
class Call:
    """A request. `fields` are its form fields or JSON members, `files` the uploaded parts; header names in lower case."""

    method: str
    host: str
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
    # A page for people, in place of the body.
    html: str | None = None
    # A file, in place of the body, and what it is.
    content: bytes | None = None
    content_type: str = "application/json"

    @property
    def raw(self) -> bytes:
        if self.content is not None:
            return self.content
        if self.html is not None:
            return self.html.encode()
        return b"" if self.body is None else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Entry:
    """One accepted post, or what was sent after it: `kind` is post, reply, comment or thumbnail (whose id is its video's)."""

    platform: str
    account_id: str
    id: str
    url: str
    text: str
    media: tuple[str, ...]
    accepted_at: datetime
    kind: str = "post"
    # What else was sent with it, in the platform's words.
    options: Mapping[str, Any] = field(default_factory=dict)
    # What it is a reply to, or a comment on.
    parent: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "platform": self.platform,
            "accountId": self.account_id,
            "id": self.id,
            "url": self.url,
            "text": self.text,
            "media": list(self.media),
            "kind": self.kind,
            "acceptedAt": self.accepted_at.isoformat().replace("+00:00", "Z"),
            "options": dict(self.options),
            **({"parent": self.parent} if self.parent else {}),
        }


@dataclass
class World:
    """What the platforms have in common. `pull` fetches a URL as their servers would: the bytes, or None if it cannot be had."""

    now: Callable[[], datetime]
    pull: Callable[[str], bytes | None]
    # What files are, as processing finds out; None where they are none, as in simulations.
    measure: Measure | None = measured
    # Where the sandbox is, for the addresses that platforms name.
    base_url: str = "https://sandbox.test"
    # What TikTok's app has verified as its own; everything, if empty.
    verified_prefix: str = ""
    # What every app has registered as its redirect address, `{platform}` for the platform; any, if empty.
    registered_callback: str = ""
    ledger: list[Entry] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    # How long processing a video takes, and how long when asked to be slow.
    processing_seconds: float = 0.5
    slow_processing_seconds: float = 8.0
    # How long a new post stays out of listings.
    listing_lag_seconds: float = 0.0
    # How long a new post stays out of what its own handle says (a status that lags).
    status_lag_seconds: float = 0.0
    # How long LinkedIn does not know that a post is a copy of a new one.
    copy_lag_seconds: float = 0.0
    # (platform, account) → the newest generation of its tokens, those whose refresh token was used, and the one up to which they
    # were revoked.
    generations: dict[tuple[str, str], int] = field(default_factory=dict)
    used: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    revoked: dict[tuple[str, str], int] = field(default_factory=dict)
    # (platform, account, step) → how often it was asked for.
    asked: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def new_id(self) -> str:
        """Unique over all platforms, growing with time as the platforms' ids do."""
        return str(int(self.now().timestamp() * 1000) * 10**5 + next(self._ids))

    def accept(self, entry: Entry, options: Mapping[str, Any] | None = None, *, parent: str | None = None) -> None:
        entry = replace(
            entry, options={name: value for name, value in (options or {}).items() if value not in (None, "")}, parent=parent
        )
        self.ledger.append(entry)

    def account_of(self, token: str, platform: str) -> SandboxAccount | None:
        """Whose access token it is, if it is good."""
        read = read_token(token, platform)
        if read is None or read.kind != "sandbox" or (read.until is not None and read.until <= self.now().timestamp()):
            return None
        revoked = self.revoked.get((platform, read.account.account_id))
        return None if revoked is not None and (read.generation or 0) <= revoked else read.account


class Sandbox(Protocol):
    name: str
    # Every call the platform takes, by the name that `route` gives it; `publish` makes a post public.
    steps: tuple[str, ...]
    # Which of them slow processing, a failed one and a lapsed session or container can be met at.
    affected: Mapping[str, tuple[str, ...]]
    # Where the platform's interfaces and its consent page are.
    hosts: tuple[str, ...]
    # Steps that carry no access token; `account_in` says whose they are, if anything does.
    open_steps: frozenset[str]
    world: World

    def route(self, call: Call) -> str | None:
        """The step this request is; `publish` for the one that makes a post public; None for what does not exist."""
        ...

    def account_in(self, step: str, call: Call) -> SandboxAccount | None: ...
    def answer(self, step: str, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer: ...
    def open_answer(self, step: str, call: Call, fault: Fault | None) -> Answer:
        """Of a step without an access token."""
        ...

    def failure(self, kind: str) -> Answer:
        """The platform's own words for not_found, unauthorized, rate_limit, server_error, reject, duplicate."""
        ...

    def failure_at(self, step: str, kind: str) -> Answer:
        """The same, where a step has words of its own (an authorization server's)."""
        ...


def respond(sandbox: Sandbox, call: Call) -> Answer:
    """Route, authenticate, apply the fault that is due if any, carry out."""
    with sandbox.world.lock:
        step = sandbox.route(call)
        if step is None:
            return sandbox.failure("not_found")
        is_open = step in sandbox.open_steps
        account = sandbox.account_in(step, call) if is_open else sandbox.world.account_of(call.token, sandbox.name)
        if account is None and not is_open:
            return sandbox.failure("unauthorized")
        # `publish_…` is the public call too, where a platform has several and this one carries no token.
        named = "publish" if step.startswith("publish_") and is_open else step
        if named not in sandbox.steps:
            raise LookupError(f"{sandbox.name}'s {named} is missing from its steps: nobody could name it in a fault")
        owner = account.account_id if account else None
        world = sandbox.world
        world.asked[sandbox.name, owner or "", named] += 1
        fault = world.faults.take(sandbox.name, owner, named)
        match fault.kind if fault else None:
            case "rate_limit" | "unauthorized" | "reject" | "duplicate" as kind:
                return sandbox.failure_at(step, kind)
            case "server_error_before":
                return sandbox.failure_at(step, "server_error")
            case "reset_before":
                return Answer(0, silence=RESET)
            case _ if account is None or is_open:
                answered = sandbox.open_answer(step, call, fault)
            case _:
                answered = sandbox.answer(step, call, account, fault)
        if fault is None or fault.kind not in AFTER or answered.silence is not None or answered.status >= 400:
            return answered
        world.faults.strike(sandbox.name, owner, named, fault)
        match fault.kind:
            case "server_error_after":
                return sandbox.failure_at(step, "server_error")
            case "reset_after":
                return Answer(0, silence=RESET)
            case "hang_after":
                return Answer(0, silence=HANG)
            case _:
                return answered
