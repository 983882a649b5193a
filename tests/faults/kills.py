"""The real stack, its processes killed at every call that leaves them, and every answer lost once: does each post get there once?

The calls are not listed here: a post of each kind is published undisturbed first, and whatever its workers called is struck
afterwards, before it, after it, and with its answer lost.
"""

import itertools
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

import requests

from emulator.sandbox.accounts import SandboxAccount
from emulator.users import credentials_of, local_cipher
from shared.accounts.account import account_path
from shared.accounts.connect import connect_account
from shared.core.clock import SystemClock
from shared.documents.document import Documents
from tests.conftest import LocalStack
from tests.platforms import RANGE, Kind, all_cases

CASES = all_cases()
# A post of each kind of upload and of each kind of public call, and the platform that it goes to.
KINDS: Mapping[str, Kind] = {name: kind for cases in CASES.values() for name, kind in cases.kinds.items()}
PLATFORM: Mapping[str, str] = {name: platform for platform, cases in CASES.items() for name in cases.kinds}
WAYS = ("before", "after", "lost")
# Which calls have an answer that can be lost (emulator/killing/traps.py).
LOSABLE = frozenset(
    {
        "documents.commit",
        "documents.get",
        "documents.query",
        "tasks.enqueue",
        "http.send",
        "quick.send",
        "storage.read",
        "storage.write",
        "arrived.read",
        "fetcher.fetch",
        "transcriber.words",
    }
)
PATIENCE_SECONDS, SLOW_PATIENCE_SECONDS = 300.0, 1800.0
# How a run may fail that its platform refused for good.
REFUSALS = ("rejected", "media_invalid", "duplicate")
# A process that is told to die at a call that it does not make this time, does not. The sweeper looks after half a minute.
STRIKE_SECONDS, SWEEPER_STRIKE_SECONDS = 25.0, 60.0
_numbers = itertools.count(1)
# A kind of post and a function on its way.
Group = tuple[str, str]


class _Grouped(Protocol):
    @property
    def group(self) -> tuple[str, str]: ...


Struck = TypeVar("Struck", bound=_Grouped)


@dataclass(frozen=True)
class Point:
    """Where to strike: the function's `nth` call of that name for one post. `honest`: what may come of it but success soon."""

    kind: str
    function: str
    call: str
    nth: int
    way: str
    honest: str = ""

    @property
    def group(self) -> tuple[str, str]:
        return self.kind, self.function

    def __str__(self) -> str:
        return f"{self.kind} {self.function} {self.call} {self.nth} {self.way}"


@dataclass
class Shot:
    """A post that was struck on its way; `struck` False if the call was not made this time."""

    point: Point
    text: str
    account: str
    submission_id: str
    struck: bool = True
    struck_at: datetime | None = None


@dataclass
class Range:
    """Publishes and strikes on one stack: one user, and an account of its own for each post, so that ledgers tell posts apart."""

    stack: LocalStack
    documents: Documents
    shots: list[Shot] = field(default_factory=list)
    _keys: dict[str, str] = field(default_factory=dict)
    # Submissions and accounts of earlier posts, which are on their way still.
    _spared: list[str] = field(default_factory=list)

    @staticmethod
    def on(stack: LocalStack) -> "Range":
        return Range(stack, stack.documents)

    def points(self, kinds: Sequence[str]) -> list[Point]:
        """All there are."""
        groups = [(kind, function) for kind in kinds for function in KINDS[kind].functions]
        calls = self._discovered(groups)
        return [
            Point(kind, function, call, nth, way, honest)
            for kind, function in groups
            for call, nth, honest in calls[kind, function]
            for way in WAYS
            if way != "lost" or call in LOSABLE
        ]

    def _discovered(self, groups: Sequence[Group]) -> Mapping[Group, Sequence[tuple[str, int, str]]]:
        """What each function calls for a post of each kind, in order: name, number, what it may honestly end as from there on.

        All are published at once and undisturbed; but the sweeper's calls are of no post, so those kinds go one by one.
        """
        together = [group for group in groups if group[1] != "sweeper"]
        found = self._recorded(together)
        for group in groups:
            if group not in together:
                found |= self._recorded([group])
        return found

    def _recorded(self, groups: Sequence[Group]) -> dict[Group, Sequence[tuple[str, int, str]]]:
        records = {function: self.stack.kill_plans / f"{function}.calls" for _, function in groups}
        for record in records.values():
            record.write_text("")
        shots = {kind: self._publish(Point(kind, "", "none", 0, "undisturbed")) for kind in dict.fromkeys(k for k, _ in groups)}
        for kind, shot in shots.items():
            self._until(lambda shot=shot: self.submission(shot).get("completedAt"), f"{kind}, undisturbed")
            self.verify(shot)
        calls = {function: [json.loads(line) for line in record.read_text().splitlines()] for function, record in records.items()}
        for record in records.values():
            record.unlink()
        found: dict[Group, Sequence[tuple[str, int, str]]] = {}
        for kind, function in groups:
            shot = shots[kind]
            subjects = (shot.submission_id, shot.account, shot.text, *([None] if function == "sweeper" else []))
            own = [(c["call"], c["nth"], c["about"]) for c in calls[function] if c["subject"] in subjects]
            found[kind, function] = _with_honest_ends(KINDS[kind], list(dict.fromkeys(own)))
        return found

    def strike(self, point: Point) -> Shot:
        self.stack.plan_kill(point.function, point.call, point.nth, point.way, self._spared)
        shot = self._publish(point)
        plan = self.stack.kill_plans / point.function
        seconds = SWEEPER_STRIKE_SECONDS if point.function == "sweeper" else STRIKE_SECONDS
        deadline = time.monotonic() + seconds
        while plan.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        if plan.exists():
            plan.unlink(missing_ok=True)
            shot.struck = False
        shot.struck_at = datetime.now(UTC)
        self.shots.append(shot)
        return shot

    def disturb(self, point: Point, faults: Sequence[Mapping[str, Any]]) -> Shot:
        """A post whose platform fails at these steps, for its account alone."""
        shot = self._publish(point, faults)
        self.shots.append(shot)
        return shot

    def asked(self, shot: Shot) -> set[str]:
        """The steps at which its platform was asked."""
        found = requests.get(f"{self.stack.sandboxUrl}/_asked", params={"accountId": shot.account}, timeout=60).json()
        return {entry["step"] for entry in found}

    def faults_left(self, shots: Sequence[Shot]) -> dict[str, list[str]]:
        """account → the steps at which its platform was not asked."""
        left: dict[str, list[str]] = {shot.account: [] for shot in shots}
        for fault in requests.get(f"{self.stack.sandboxUrl}/_faults", timeout=60).json():
            left.setdefault(fault.get("accountId", ""), []).append(fault["step"])
        return left

    def _publish(self, point: Point, faults: Sequence[Mapping[str, Any]] = ()) -> Shot:
        platform, kind = PLATFORM[point.kind], KINDS[point.kind]
        number = next(_numbers)
        text, account = f"{point} {number}", f"{platform}_{number}"
        key = self._user(platform, account, kind)
        if kind.by_the_sweeper and kind.lives is not None:
            self._until(lambda: self._is_renewed(platform, account) or self._has_struck(point), f"{point}: renewed")
        if faults:
            given = [{"platform": platform, "accountId": account, "times": 1, **fault} for fault in faults]
            requests.post(f"{self.stack.sandboxUrl}/_faults", json=given, timeout=60).raise_for_status()
        if kind.lose:
            prank = [{"queue": kind.lose, "kind": "lost", "times": 1}]
            requests.put(f"{self.stack.tasksUrl}/_deliveries", json=prank, timeout=60).raise_for_status()
        spoken = {"thread": [f"{text} reply"]} if kind.thread else {}
        target = {"platform": platform, "accountId": account, "options": spoken}
        body = {"post": {"content": {**kind.content, "text": text, "platform": [target]}}}
        headers = {"soku-api-key": key, "Idempotency-Key": text}
        deadline = time.monotonic() + 60
        while True:
            try:
                answer = requests.post(f"{self.stack.apiUrl}/v1/posts", json=body, headers=headers, timeout=30)
            except requests.ConnectionError:
                answer = None
            if answer is not None and answer.status_code == 201:
                self._spared += [account, answer.json()["postSubmissionId"]]
                return Shot(point, text, account, answer.json()["postSubmissionId"])
            assert time.monotonic() < deadline, answer.text if answer is not None else "no answer"
            time.sleep(0.2)

    def _user(self, platform: str, account: str, kind: Kind) -> str:
        """One user for all; each post goes to an account of its own."""
        if "key" not in self._keys:
            user = self.stack.add_user(RANGE, admin=True)
            self._keys["key"] = user["apiKey"]
        self.connect(platform, account, lives=kind.lives, issued=kind.issued)
        return self._keys["key"]

    def connect(self, platform: str, account: str, *, lives: timedelta | None, issued: timedelta) -> None:
        """`lives` None: with tokens that work for ever; else with those of so long ago, good for so long from now."""
        credentials = credentials_of(SandboxAccount(platform, account))
        if lives is not None:
            now = datetime.now(UTC)
            access_token = SandboxAccount(platform, account).access_token_of(0, now + lives)
            credentials = replace(credentials, access_token=access_token, issued_at=now - issued, expires_at=now + lives)
        connect_account(RANGE, platform, account, credentials, cipher=local_cipher(), documents=self.documents, clock=SystemClock())

    def connect_again(self, shot: Shot, seconds: float = 30.0) -> None:
        """What its person does if the account dies within that time while the post waits for it."""
        platform, deadline = PLATFORM[shot.point.kind], time.monotonic() + seconds
        while time.monotonic() < deadline and not self.submission(shot).get("completedAt"):
            [account] = self.documents.get(account_path(RANGE, platform, shot.account))
            if account is not None and account.fields["status"] == "needs_reauth":
                self.connect(platform, shot.account, lives=None, issued=timedelta(hours=2))
                return
            time.sleep(0.2)

    def _is_renewed(self, platform: str, account: str) -> bool:
        [document] = self.documents.get(account_path(RANGE, platform, account))
        return document is not None and document.fields["tokenExpiresAt"] > datetime.now(UTC) + timedelta(
            days=6 if platform == "threads" else 0
        )

    def _has_struck(self, point: Point) -> bool:
        return point.nth > 0 and not (self.stack.kill_plans / point.function).exists()

    # What came of it

    def submission(self, shot: Shot) -> Mapping[str, Any]:
        [document] = self.documents.get(f"postSubmissions/{shot.submission_id}")
        assert document is not None, f"{shot.point}: the submission is gone"
        return document.fields

    def await_all(self) -> None:
        """Until all have ended, or should have: `verify` tells."""
        for shot in self.shots:
            seconds = SLOW_PATIENCE_SECONDS if KINDS[shot.point.kind].slow_from else PATIENCE_SECONDS
            deadline = time.monotonic() + seconds
            while not self.submission(shot).get("completedAt") and time.monotonic() < deadline:
                time.sleep(0.1)

    def _until(self, check: Callable[[], Any], what: str, seconds: float = PATIENCE_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not check():
            assert time.monotonic() < deadline, f"not settled: {what}"
            time.sleep(0.1)

    def wrong_with(self, shot: Shot) -> list[str]:
        """What `verify` finds."""
        try:
            self.verify(shot)
        except AssertionError as error:
            return [str(error)]
        return []

    def verify(self, shot: Shot) -> str:
        """How it ended: succeeded, refused, unknown or needs_reauth. Raises AssertionError for what is wrong."""
        platform = PLATFORM[shot.point.kind]
        [run] = self.documents.get(f"postSubmissions/{shot.submission_id}/runs/{platform}")
        assert run is not None, f"{shot.point}: there is no run"
        entries = [entry for entry in self.stack.ledger(shot.account) if entry["kind"] == "post"]
        replies = [entry for entry in self.stack.ledger(shot.account) if entry["kind"] == "reply"]
        assert len(entries) <= 1, f"{shot.point}: published {len(entries)} times"
        assert len(replies) <= 1, f"{shot.point}: replied {len(replies)} times"
        is_thread = KINDS[shot.point.kind].thread and run.fields["status"] == "succeeded"
        assert not is_thread or replies or run.fields.get("notes"), f"{shot.point}: no reply, and no note"
        if run.fields["status"] == "failed":
            error = run.fields["error"]
            excused = {shot.point.honest} | self._may_be_caught_in(shot)
            if error["code"] == "reauth_required" and "needs_reauth" in excused:
                [account] = self.documents.get(f"users/{RANGE}/integrations/{platform}/accounts/{shot.account}")
                assert account is not None, f"{shot.point}: the account is gone"
                assert account.fields["status"] == "needs_reauth", f"{shot.point}: {account.fields['status']}"
                assert entries == [], f"{shot.point}: published, but said to need a new connection"
                return "needs_reauth"
            if error["class"] in REFUSALS and "refused" in excused:
                assert entries == [], f"{shot.point}: published, but said to be refused"
                return "refused"
            assert error["code"] == "outcome_unknown", f"{shot.point}: {error}"
            assert "unknown" in excused, f"{shot.point}: {error}"
            assert run.fields["intents"] > 0, f"{shot.point}: unknown, though nothing was sent"
            return "unknown"
        assert run.fields["status"] == "succeeded", f"{shot.point}: {run.fields}"
        assert len(entries) == 1, f"{shot.point}: succeeded, but is not there"
        names = [entries[0]["id"], None] if shot.point.honest == "nameless" else [entries[0]["id"]]
        assert run.fields["platformPostId"] in names, f"{shot.point}: {run.fields['platformPostId']} {entries}"
        return "succeeded"

    def _may_be_caught_in(self, shot: Shot) -> set[str]:
        """What a post may end as that a kill meant for a later one caught on its way: a process works on several."""
        if shot not in self.shots:
            return set()
        ended: datetime = self.submission(shot)["completedAt"]
        later = self.shots[self.shots.index(shot) + 1 :]
        caught = any(one.struck_at is not None and one.struck_at < ended for one in later if one.point.way != "lost")
        kind = KINDS[shot.point.kind]
        may = {"unknown": kind.unknowable_from, "needs_reauth": kind.loses_tokens_from}
        return {end for end, address in may.items() if caught and address}


def _with_honest_ends(kind: Kind, calls: Sequence[tuple[str, int, str]]) -> list[tuple[str, int, str]]:
    unknown = _first(calls, kind.unknowable_from) - 1
    needs_reauth = _first(calls, kind.loses_tokens_from)
    slow = _first(calls, kind.slow_from)

    def honest(position: int) -> str:
        if position >= unknown:
            return "unknown"
        if position >= needs_reauth:
            return "needs_reauth"
        return "slow" if position in (slow - 1, slow) else ""

    return [(name, number, honest(position)) for position, (name, number, _) in enumerate(calls)]


def _first(calls: Sequence[tuple[str, int, str]], address: str) -> int:
    """The position of the first call to the address; beyond the end if there is none."""
    positions = [position for position, (_, _, about) in enumerate(calls) if address and address in about]
    return min(positions, default=len(calls) + 1)


def sampled(points: Sequence[Struck], number: int, seed: int) -> list[Struck]:
    """Some of each group, the same for the same seed."""
    chance = random.Random(seed)
    chosen: list[Struck] = []
    for _, group in itertools.groupby(points, key=lambda point: point.group):
        of_kind = list(group)
        chosen += chance.sample(of_kind, min(number, len(of_kind)))
    return chosen
