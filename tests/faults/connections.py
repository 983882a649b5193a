"""Accounts connected and disconnected on the real stack, the API struck at every call that it makes for it.

A person does it by hand: asks for the address, consents, comes back with a code, posts it; and again, where there was no answer.
Each account is one of its own; on LinkedIn two, of one consent: a person and an organisation.
"""

import itertools
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

import requests

from emulator.users import local_cipher
from shared.accounts.account import account_path, credentials_path, open_credentials
from shared.core.platforms import PLATFORMS
from shared.documents.document import Documents
from shared.users.user import user_path
from tests.conftest import LocalStack
from tests.faults.kills import LOSABLE, WAYS
from tests.platforms import all_cases

Step = Literal["begin", "complete", "disconnect", "disconnect one of two"]
STEPS: tuple[Step, ...] = ("begin", "complete", "disconnect", "disconnect one of two")
UID = "connecting"
PATIENCE_SECONDS = 60.0
WHO = {platform: cases.who for platform, cases in all_cases().items() if cases.who}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class ConnectPoint:
    platform: str
    step: Step
    call: str
    nth: int
    way: str

    @property
    def group(self) -> tuple[str, str]:
        return self.platform, self.step

    def __str__(self) -> str:
        return f"{self.platform} {self.step} {self.call} {self.nth} {self.way}"


@dataclass
class Connections:
    """`wrong` says what was not as it should be; `struck` how many points of a step were reached."""

    stack: LocalStack
    documents: Documents
    wrong: list[str] = field(default_factory=list)
    struck: Counter[Step] = field(default_factory=Counter)
    # platform → the accounts that are connected in the end
    there: dict[str, list[str]] = field(default_factory=lambda: {platform: [] for platform in PLATFORMS})

    @staticmethod
    def on(stack: LocalStack) -> "Connections":
        connections = Connections(stack, stack.documents)
        connections._key = stack.add_user(UID, admin=True)["apiKey"]
        return connections

    def __post_init__(self) -> None:
        self._cipher = local_cipher()
        self._key = ""

    def points(self, platforms: Sequence[str]) -> list[ConnectPoint]:
        """All there are, found by going through it undisturbed."""
        self._headers = self.stack.signed_in(UID)
        found: list[ConnectPoint] = []
        for platform in platforms:
            for step, calls in self._calls_of(platform).items():
                ways = [(call, nth, way) for call, nth in calls for way in WAYS if way != "lost" or call in LOSABLE]
                found += [ConnectPoint(platform, step, *one) for one in ways]
        return found

    def strike(self, point: ConnectPoint) -> None:
        self._headers = self.stack.signed_in(UID)
        name = f"{point.platform}_{point.step}_{next(_numbers)}"

        def arm(step: Step) -> None:
            if step == point.step:
                self.stack.plan_kill("api", point.call, point.nth, point.way)

        accounts = self._connected(point.platform, name, arm)
        for account_id in accounts:
            self._verify_there(point, account_id)
        stays, token = self._first_of_two(point, accounts, arm), self._access_token(point.platform, accounts[0])
        if point.step == "disconnect":
            self._disconnected(point.platform, stays.pop(), "disconnect", arm)
            self._verify_gone(point, accounts[0])
            self._verify_token(point, token, works=False)
        elif point.step == "disconnect one of two":
            self._verify_token(point, token, works=True)
        self.there[point.platform] += stays
        plan = self.stack.kill_plans / "api"
        self.struck[point.step] += not plan.exists()
        plan.unlink(missing_ok=True)

    def publish(self) -> None:
        """To every account that is connected now: what it was given works."""
        for accounts in itertools.zip_longest(*self.there.values()):
            named = [(platform, account) for platform, account in zip(self.there, accounts, strict=True) if account]
            targets = [{"platform": platform, "accountId": account} for platform, account in named]
            content = {"text": f"connected {next(_numbers)}", "videoUrl": "https://example.com/vertical.mp4", "platform": targets}
            headers = {"soku-api-key": self._key}
            answer = requests.post(
                f"{self.stack.apiUrl}/v1/posts", json={"post": {"content": content}}, headers=headers, timeout=60
            )
            if answer.status_code != 201:
                self.wrong.append(f"a post to {named}: {answer.text}")
                continue
            self._verify_published(answer.json()["postSubmissionId"], named)

    # What a person does

    def _first_of_two(self, point: ConnectPoint, accounts: Sequence[str], arm: Callable[[Step], None]) -> list[str]:
        """The accounts that are left: where a consent brought two, one is given up before the other."""
        left = list(accounts)
        if len(left) > 1 and point.step.startswith("disconnect"):
            self._disconnected(point.platform, left.pop(), "disconnect one of two", arm)
            self._verify_gone(point, accounts[-1])
            self._verify_there(point, left[0])
        return left

    def _connected(self, platform: str, name: str, arm: Callable[[Step], None]) -> list[str]:
        name = f"{name}, org_{name}" if platform == "linkedin" else name
        arm("begin")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            began = self._asked("POST", f"/{platform}/connect")
            assert began.status_code == 200, began.text
            consent = requests.get(
                began.json()["authorizationUrl"],
                params={"_account": name, "_decision": "allow"},
                allow_redirects=False,
                timeout=30,
            )
            told = dict(parse_qsl(urlsplit(consent.headers["Location"]).query))
            arm("complete")
            arm = lambda _: None  # noqa: E731 (once)
            answer = self._asked("POST", f"/{platform}/complete", {"code": told["code"], "state": told["state"]})
            if answer.status_code == 200:
                return [account["accountId"] for account in answer.json()["accounts"]]
            # The state was used by the request that got no answer: begin again, as the answer says.
            assert "egin again" in answer.text, answer.text
        raise AssertionError(f"{platform} {name} could not be connected")

    def _disconnected(self, platform: str, account_id: str, step: Step, arm: Callable[[Step], None]) -> None:
        arm(step)
        answer = self._asked("DELETE", f"/{platform}/accounts/{account_id}")
        assert answer.status_code in (200, 404), answer.text

    def _asked(self, method: str, path: str, body: Any = None) -> requests.Response:
        """The first answer that is not "try again later"."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                url = f"{self.stack.apiUrl}/v1/integrations{path}"
                answer = requests.request(method, url, json=body, headers=self._headers, timeout=30)
                if answer.status_code != 503 or "egin again" in answer.text:
                    return answer
            except requests.ConnectionError:
                pass
            assert time.monotonic() < deadline, f"{method} {path}: no answer"
            time.sleep(0.2)

    # What came of it

    def _verify_there(self, point: ConnectPoint, account_id: str) -> None:
        digest, account, tokens = self._stored(point.platform, account_id)
        if not digest == account == tokens == "connected":
            self.wrong.append(f"{point}: {digest} in the digest, {account} itself, {tokens} by its tokens")

    def _verify_gone(self, point: ConnectPoint, account_id: str) -> None:
        stored = self._stored(point.platform, account_id)
        if stored != (None, None, None):
            self.wrong.append(f"{point}: said to be disconnected, but {stored}")

    def _verify_token(self, point: ConnectPoint, token: str, *, works: bool) -> None:
        if point.platform not in WHO or (point.call == "http.send" and point.way == "lost"):
            return
        method, address = WHO[point.platform]
        headers = {"Authorization": f"Bearer {token}"}
        body = {} if method == "POST" else None
        asked = requests.request(method, f"{self.stack.sandboxUrl}/{address}", headers=headers, json=body, timeout=30)
        if (asked.status_code != 401) != works:
            self.wrong.append(f"{point}: tokens that should {'' if works else 'not '}work: {asked.status_code} {asked.text[:80]}")

    def _verify_published(self, submission_id: str, targets: Sequence[tuple[str, str]]) -> None:
        deadline = time.monotonic() + 300
        while True:
            [submission] = self.documents.get(f"postSubmissions/{submission_id}")
            if submission is not None and submission.fields.get("completedAt"):
                break
            assert time.monotonic() < deadline, f"{submission_id} does not end"
            time.sleep(0.2)
        for platform, account in targets:
            [run] = self.documents.get(f"postSubmissions/{submission_id}/runs/{platform}")
            if run is None or run.fields["status"] != "succeeded":
                self.wrong.append(f"a post to {platform} {account}: {run and run.fields.get('error')}")

    def _stored(self, platform: str, account_id: str) -> tuple[str | None, str | None, str | None]:
        """The status of the account in the user's digest, in its document, and by its tokens."""
        paths = (user_path(UID), account_path(UID, platform, account_id), credentials_path(UID, platform, account_id))
        user, account, secret = self.documents.get(*paths)
        digest = user.fields.get("accounts", {}).get(platform, {}).get(account_id) if user else None
        tokens = None if secret is None else "needs_reauth" if secret.fields.get("dead") else "connected"
        return digest, account.fields["status"] if account else None, tokens

    def _access_token(self, platform: str, account_id: str) -> str:
        [secret] = self.documents.get(credentials_path(UID, platform, account_id))
        assert secret is not None
        return open_credentials(secret, self._cipher).access_token

    def _calls_of(self, platform: str) -> dict[Step, list[tuple[str, int]]]:
        record, found = self.stack.kill_plans / "api.calls", dict[Step, list[tuple[str, int]]]()
        current: list[Step] = []

        def read(step: Step | None) -> None:
            """What the step before called; then listen to the next."""
            if current:
                calls = map(json.loads, record.read_text().splitlines())
                found[current.pop()] = list(dict.fromkeys((call["call"], call["nth"]) for call in calls))
            if step is not None:
                record.write_text("")
                current.append(step)

        accounts = self._connected(platform, f"{platform}_undisturbed_{next(_numbers)}", read)
        for account_id in reversed(accounts[1:]):
            self._disconnected(platform, account_id, "disconnect one of two", read)
        self._disconnected(platform, accounts[0], "disconnect", read)
        read(None)
        record.unlink()
        return found
