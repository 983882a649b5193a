"""Posts changed on the real stack, the API struck at every call that it makes for it, and the refresher while it looks at a post
that is nearly due: each change is made once, and each post is published once, or not at all if that was wanted.

A customer asks again until there is an answer. Each post goes to an account of its own.
"""

import itertools
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from emulator.sandbox.accounts import SandboxAccount
from emulator.users import credentials_of, local_cipher
from shared.accounts.connect import connect_account
from shared.core.clock import SystemClock
from tests.conftest import LocalStack
from tests.faults.kills import LOSABLE, STRIKE_SECONDS, WAYS, Point

UID = "changing"
PATIENCE_SECONDS = 300.0
PHOTO = "https://example.com/photo.jpg"
_numbers = itertools.count(1)


@dataclass
class Change:
    """One post and what is done to it; `key` names the request that is struck."""

    point: Point | None
    platform: str
    account: str
    key: str
    post_id: str = ""
    struck: bool = False
    # How often it has to be on its platform in the end.
    wanted: int = 1
    text: str = ""
    is_gone: bool = False

    def __post_init__(self) -> None:
        self.text = self.text or f"{self.key} text"

    @property
    def name(self) -> str:
        return str(self.point or self.key)


@dataclass
class Changes:
    stack: LocalStack
    made: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._headers = {"soku-api-key": self.stack.add_user(UID, admin=True)["apiKey"]}
        days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        slots = [{"day": day, "time": f"{hour:02}:00"} for day in days for hour in range(24)]
        self._asked("PUT", "/v1/queue", {"timezone": "UTC", "slots": slots})

    def points(self) -> list[Point]:
        """All there are, found by doing it undisturbed."""
        found: list[Point] = []
        for kind in KINDS:
            function = function_of(kind)
            record = self.stack.kill_plans / f"{function}.calls"
            record.write_text("")
            change = self._begin(kind, None)
            if function == "refresher":
                self._until(record.read_text, f"{kind}: looked at")
                time.sleep(1)
            calls = [json.loads(line) for line in record.read_text().splitlines()]
            record.unlink()
            own = [(one["call"], one["nth"]) for one in calls if one["subject"] in (change.key, change.post_id)]
            ways = [(*one, way) for one in dict.fromkeys(own) for way in WAYS if way != "lost" or one[0] in LOSABLE]
            found += [Point(kind, function, *one) for one in ways]
        return found

    def strike(self, point: Point) -> None:
        change = self._begin(point.kind, point)
        plan = self.stack.kill_plans / point.function
        deadline = time.monotonic() + (STRIKE_SECONDS if point.function == "refresher" else 0)
        while plan.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        change.struck = not plan.exists()
        plan.unlink(missing_ok=True)

    def _begin(self, kind: str, point: Point | None) -> Change:
        number = next(_numbers)
        platform = "snapchat" if kind.startswith("resolve") else "threads" if kind == "check" else "x"
        change = Change(point, platform, f"{platform}_change_{number}", f"change {number} {kind}")
        self._connect(change)
        KINDS[kind](self, change)
        self.made.append(change)
        return change

    def _connect(self, change: Change) -> None:
        credentials = credentials_of(SandboxAccount(change.platform, change.account))
        outside: Any = {"cipher": local_cipher(), "documents": self.stack.documents, "clock": SystemClock()}
        connect_account(UID, change.platform, change.account, credentials, **outside)

    # What customers do

    def post(self, change: Change, key: str | None = None, **more: Any) -> None:
        target = {"platform": change.platform, "accountId": change.account}
        files = {"imageUrls": [PHOTO]} if change.platform == "snapchat" else {}
        body = {"post": {"content": {"text": change.text, "platform": target, **files}}, **more}
        answer = self._asked("POST", "/v1/posts", body, {"Idempotency-Key": key or f"{change.key} made"})
        assert answer.status_code == 201, answer.text
        change.post_id = answer.json()["postSubmissionId"]

    def act(self, change: Change, method: str, path: str, body: Any = None, also: Sequence[int] = ()) -> None:
        """The request that is struck. `also`: what a repeated one may be answered, besides 200."""
        if change.point is not None:
            self.arm(change.point)
        headers = {"Idempotency-Key": change.key, **({"If-Match": '"1"'} if method == "PATCH" else {})}
        answer = self._asked(method, f"/v1/posts/{change.post_id}{path}", body, headers)
        assert answer.status_code in (200, *also), f"{change.name}: {answer.text}"

    def arm(self, point: Point) -> None:
        spared = [name for change in self.made for name in (change.key, change.post_id)]
        self.stack.plan_kill(point.function, point.call, point.nth, point.way, spared)

    def fault(self, change: Change, kind: str) -> None:
        fault = {"platform": change.platform, "accountId": change.account, "step": "publish", "kind": kind, "times": 1}
        requests.post(f"{self.stack.sandboxUrl}/_faults", json=[fault], timeout=60).raise_for_status()

    def ended(self, change: Change) -> Any:
        self._until(lambda: self.fields(change).get("completedAt"), f"{change.name}: ended")
        [run] = self.stack.documents.get(f"postSubmissions/{change.post_id}/runs/{change.platform}")
        assert run is not None
        return run.fields

    def _asked(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> requests.Response:
        """The first answer that is not "try again later"."""
        deadline = time.monotonic() + 60
        while True:
            try:
                named = {**self._headers, **(headers or {})}
                answer = requests.request(method, f"{self.stack.apiUrl}{path}", json=body, headers=named, timeout=30)
                if answer.status_code != 503:
                    return answer
            except requests.ConnectionError:
                pass
            assert time.monotonic() < deadline, f"{method} {path}: no answer"
            time.sleep(0.2)

    # What came of it

    def fields(self, change: Change) -> Mapping[str, Any]:
        [document] = self.stack.documents.get(f"postSubmissions/{change.post_id}")
        return document.fields if document is not None else {}

    def _until(self, check: Callable[[], Any], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not check():
            assert time.monotonic() < deadline, f"not yet: {what}"
            time.sleep(0.1)

    def wrong_with(self, change: Change) -> list[str]:
        """What is not as it should be, once it has ended."""
        if change.is_gone:
            return [] if not self.fields(change) else [f"{change.name}: deleted, and there"]
        try:
            self._until(lambda: self.fields(change).get("completedAt"), f"{change.name}: ended")
        except AssertionError as error:
            return [str(error)]
        post, entries = self.fields(change), self.stack.ledger(change.account)
        wrong = [] if len(entries) == change.wanted else [f"{change.name}: published {len(entries)} times, not {change.wanted}"]
        if any(entry["text"] not in (change.text, "") for entry in entries):
            wrong.append(f"{change.name}: published as {entries[0]['text']!r}")
        counts, state = post["runCounts"], post["state"]
        expected = ("published", change.wanted) if change.wanted else ("cancelled", 0)
        if (state, counts["succeeded"]) != expected or counts["outcomeUnknown"] or counts["failed"]:
            wrong.append(f"{change.name}: {state} {counts}")
        return wrong


def _later() -> str:
    return (datetime.now(UTC) + timedelta(hours=1)).isoformat()


def _publish_draft(changes: Changes, change: Change) -> None:
    changes.post(change, draft=True)
    changes.act(change, "POST", "/publish")


def _publish_sooner(changes: Changes, change: Change) -> None:
    changes.post(change, scheduledTime=_later())
    changes.act(change, "POST", "/publish")


def _edit(changes: Changes, change: Change) -> None:
    changes.post(change, scheduledTime=_later())
    change.text = f"{change.text}, edited"
    content = {"text": change.text, "platform": {"platform": change.platform, "accountId": change.account}}
    changes.act(change, "PATCH", "", {"post": {"content": content}})
    changes.act(Change(None, change.platform, change.account, f"{change.key} now", change.post_id), "POST", "/publish")


def _cancel(changes: Changes, change: Change) -> None:
    change.wanted = 0
    changes.post(change, scheduledTime=_later())
    changes.act(change, "POST", "/cancel")


def _delete(changes: Changes, change: Change) -> None:
    change.is_gone = True
    changes.post(change, draft=True)
    changes.act(change, "DELETE", "", also=(404,))


def _retry(changes: Changes, change: Change) -> None:
    changes.fault(change, "reject")
    changes.post(change)
    assert changes.ended(change)["status"] == "failed"
    changes.act(change, "POST", "/retry")


def _resolve_published(changes: Changes, change: Change) -> None:
    changes.fault(change, "reset_after")
    changes.post(change)
    assert changes.ended(change)["error"]["code"] == "outcome_unknown"
    changes.act(change, "POST", "/runs/snapchat/resolve", {"published": True})


def _resolve_not_published(changes: Changes, change: Change) -> None:
    changes.fault(change, "reset_before")
    changes.post(change)
    assert changes.ended(change)["error"]["code"] == "outcome_unknown"
    changes.act(change, "POST", "/runs/snapchat/resolve", {"published": False})
    changes.act(Change(None, change.platform, change.account, f"{change.key} again", change.post_id), "POST", "/retry")


def _slot(changes: Changes, change: Change) -> None:
    """The post that is struck is cancelled, and its slot free again; else the next one's would be another's."""
    change.wanted = 0
    if change.point is not None:
        changes.arm(change.point)
    changes.post(change, change.key, scheduledTime="next-free-slot")
    taken = changes.fields(change)["slotAt"]
    changes.act(Change(None, change.platform, change.account, f"{change.key} over", change.post_id), "POST", "/cancel")
    [slot] = changes.stack.documents.get(f"users/{UID}/slots/{taken:%Y-%m-%dT%H:%M:%SZ}")
    assert slot is None, f"{change.name}: its slot is still taken"


def _check(changes: Changes, change: Change) -> None:
    if change.point is not None:
        changes.arm(change.point)
    changes.post(change, scheduledTime=(datetime.now(UTC) + timedelta(seconds=65)).isoformat())


KINDS: Mapping[str, Callable[[Changes, Change], None]] = {
    "publish draft": _publish_draft,
    "publish sooner": _publish_sooner,
    "edit": _edit,
    "cancel": _cancel,
    "delete": _delete,
    "retry": _retry,
    "resolve published": _resolve_published,
    "resolve not published": _resolve_not_published,
    "slot": _slot,
    "check": _check,
}


def function_of(kind: str) -> str:
    return "refresher" if kind == "check" else "api"
