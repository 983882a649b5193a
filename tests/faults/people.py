"""The people of a history: they connect their accounts through the API and the platforms' consent pages, connect again what died,
and disconnect one now and then, to think better of it minutes later.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from emulator.sandbox.accounts import SandboxAccount
from shared.accounts.account import account_path, credentials_path
from shared.documents.reliable import BUDGET_SECONDS
from shared.users.user import user_path
from tests.fakes.world import World
from tests.faults.ports import LATE_COMMIT_SECONDS
from tests.faults.scheduler import Process, Scheduler
from tests.faults.witness import Account, Period, is_within
from tests.platforms import all_cases

UID = "ada"
SIGNED_IN = {"Authorization": f"Bearer token-of-{UID}"}
# What is typed in on the consent pages.
NAMES = {platform: cases.account for platform, cases in all_cases().items()}
LOOK_MINUTES = 4
# As long as a request may take to read what it needs of the database, which it asks twice.
SEEN_SECONDS = 2 * (BUDGET_SECONDS + 4.0) + 1.0
_DECLINED = ("connection_refused", "validation_error")


def _name_of(platform: str, connected: Mapping[str, str]) -> str:
    """The sandbox's name of an account; an organisation whose own LinkedIn did not tell is called by its URN."""
    name = connected["username"]
    if not name.startswith("urn:"):
        return name
    names = (SandboxAccount(platform, one) for one in NAMES[platform].split(", "))
    return next(one.account_id for one in names if one.user_id == name)


@dataclass
class People:
    """`names` are the sandbox's of the accounts; `away` is when they were disconnected, from the first request until they are there
    again."""

    world: World
    scheduler: Scheduler
    chance: random.Random
    client: FlaskClient
    new_process: Callable[[str], Process]
    names: dict[Account, str] = field(default_factory=dict)
    away: dict[Account, list[Period]] = field(default_factory=dict)
    # What the API said, and was not so.
    broken: list[str] = field(default_factory=list)
    _busy: set[str] = field(default_factory=set)
    # Of each platform's requests that connect accounts, until when they may yet do so.
    _connecting: dict[str, dict[int, datetime]] = field(default_factory=dict)

    def connect_all(self, platforms: Sequence[str]) -> None:
        """In peace, before the history begins."""
        for platform in platforms:
            assert self._connect(platform), platform
        assert not self.broken, self.broken

    def accounts(self, platform: str) -> list[str]:
        return [account_id for of, account_id in self.names if of == platform]

    @property
    def are_done(self) -> bool:
        return not self._busy

    def was_away(self, account: Account, since: datetime, until: datetime) -> bool:
        return is_within(self.away.get(account, []), since, until)

    def live(self, change_of_mind: Callable[[], float]) -> None:
        """Look after the accounts from now on, and change one's mind about one of them with that probability at each look."""
        for platform, account_id in self.names:
            if self._status((platform, account_id)) == "needs_reauth":
                self._see_to(platform, lambda platform=platform: self._connect(platform))
        if self.chance.random() < change_of_mind():
            platform, account_id = self.chance.choice(list(self.names))
            given_up = [account_id] if self.chance.random() < 0.5 else self.accounts(platform)
            self._see_to(platform, lambda: self._change_mind(platform, given_up))
        self.scheduler.at(self.scheduler.now + timedelta(minutes=LOOK_MINUTES), lambda: self.live(change_of_mind))

    def _see_to(self, platform: str, do: Callable[[], bool]) -> None:
        """Unless somebody is at it; until it is done, by whoever comes after a process that died of it."""
        if platform in self._busy:
            return
        self._busy.add(platform)

        def attempt() -> None:
            done = False
            try:
                while not (done := do()):
                    self.scheduler.sleep(self.chance.uniform(2, 20))
                self._busy.discard(platform)
            finally:
                if not done:
                    self.scheduler.spawn(self.new_process("person"), attempt, self.scheduler.now + timedelta(seconds=30))

        self.scheduler.spawn(self.new_process("person"), attempt, self.scheduler.now)

    def _change_mind(self, platform: str, given_up: Sequence[str]) -> bool:
        """True once the accounts are back."""
        if len(given_up) == 1 and self.chance.random() < 0.5:
            return self._change_it_at_once((platform, given_up[0]))
        for account in ((platform, account_id) for account_id in given_up):
            self._goes_away(account)
            if self._status(account) is not None and not self._disconnect(account):
                return False
        self.scheduler.sleep(self.chance.uniform(1, 300))
        return self._connect(platform)

    def _change_it_at_once(self, account: Account) -> bool:
        """Connects the account again while its disconnection, seen by then, is still under way: it must not end the new one."""
        self._goes_away(account)
        under_way = [True]

        def disconnect() -> None:
            try:
                self.client.delete(f"/v1/integrations/{account[0]}/accounts/{account[1]}", headers=SIGNED_IN)
            finally:
                under_way.clear()

        self.scheduler.spawn(self.new_process("impatient"), disconnect, self.scheduler.now)
        self.scheduler.sleep(SEEN_SECONDS)
        if not self._connect(account[0]):
            return False
        while under_way:
            self.scheduler.sleep(1)
        self.scheduler.sleep(LATE_COMMIT_SECONDS)
        if self._status(account) is None:
            self.broken.append(f"{account}: connected again after its disconnection began, and is not there")
        return True

    def _goes_away(self, account: Account) -> None:
        periods = self.away.setdefault(account, [])
        if not periods or periods[-1][1] is not None:
            periods.append((self.scheduler.now, None))

    def _connect(self, platform: str) -> bool:
        began = self.client.post(f"/v1/integrations/{platform}/connect", headers=SIGNED_IN)
        if began.status_code != 200:
            self._note_fault(began)
            return False
        told = self.world.consent(began.get_json()["authorizationUrl"], NAMES[platform])
        self.scheduler.sleep(self.chance.uniform(1, 20))
        body = {"code": told["code"], "state": told["state"]}
        answers: list[Sequence[dict[str, Any]]] = []

        def complete() -> None:
            with self._connects(platform):
                answer = self.client.post(f"/v1/integrations/{platform}/complete", json=body, headers=SIGNED_IN)
            if answer.status_code == 200:
                answers.append(answer.get_json()["accounts"])
                return
            if answer.get_json()["error"]["code"] not in _DECLINED:
                self._note_fault(answer)

        if self.chance.random() < 0.1 and self.scheduler.current() is not None:
            # A double click, whose other answer nobody waits for.
            self.scheduler.spawn(self.new_process("twin"), complete, self.scheduler.now)
        complete()
        if len(answers) > 1:
            self.broken.append(f"{platform}: one state connected {len(answers)} times")
        for one in answers[0] if answers else ():
            self._is_back((platform, one["accountId"]), _name_of(platform, one))
        # What is lacking (LinkedIn's organisations, which it did not tell) is connected by doing it again.
        return bool(answers) and not any(one["notes"] for one in answers[0])

    @contextmanager
    def _connects(self, platform: str) -> Iterator[None]:
        requests = self._connecting.setdefault(platform, {})
        mine = len(requests)
        requests[mine] = datetime.max.replace(tzinfo=UTC)
        try:
            yield
        finally:
            requests[mine] = self.scheduler.now + timedelta(seconds=LATE_COMMIT_SECONDS)

    def _is_back(self, account: Account, name: str) -> None:
        self.names[account] = name
        if self._status(account) is None:
            self.broken.append(f"{account}: said to be connected, and is not there")
        periods = self.away.get(account)
        if periods and periods[-1][1] is None:
            periods[-1] = (periods[-1][0], self.scheduler.now)

    def _disconnect(self, account: Account) -> bool:
        platform, account_id = account
        token, began = self._access_token(account), self.scheduler.now
        answer = self.client.delete(f"/v1/integrations/{platform}/accounts/{account_id}", headers=SIGNED_IN)
        if answer.status_code not in (200, 404):
            self._note_fault(answer)
            return False
        # By a second click, say, whose answer nobody waited for: what it connects comes after what was disconnected.
        is_connected_meanwhile = any(until > began for until in self._connecting[platform].values())
        if self._status(account) is not None and not is_connected_meanwhile:
            self.broken.append(f"{account}: said to be disconnected, and is there")
        if token and answer.get_json().get("revoked") and self.world.sandbox.account_of(token, platform):
            self.broken.append(f"{account}: its tokens were said to be revoked, and work")
        return True

    def _note_fault(self, answer: TestResponse) -> None:
        """Of what is not answered well, only "try again later" is in order."""
        if answer.status_code != 503:
            self.broken.append(f"{answer.request.path}: {answer.status_code} {answer.get_json()['error']['code']}")

    # What is stored of an account

    def _status(self, account: Account) -> str | None:
        contents = self.world.memory.contents
        return contents[user_path(UID)][0].get("accounts", {}).get(account[0], {}).get(account[1])

    def _access_token(self, account: Account) -> str | None:
        path = credentials_path(UID, *account)
        secret = self.world.memory.contents.get(path)
        return self.world.cipher.open(secret[0], path=path)["accessToken"] if secret else None

    def disagreements(self) -> list[str]:
        """Accounts of which the user's digest, the account and the tokens disagree, or that are gone though nobody gave them up."""
        contents, found = self.world.memory.contents, []
        for account in self.names:
            digest = self._status(account)
            shown = contents.get(account_path(UID, *account))
            secret = contents.get(credentials_path(UID, *account))
            status = shown[0]["status"] if shown else None
            tokens = None if secret is None else "needs_reauth" if secret[0].get("dead") else "connected"
            if not digest == status == tokens:
                found.append(f"{account}: {digest} in the digest, {status} itself, {tokens} by its tokens")
            periods = self.away.get(account, [])
            if digest is None and not (periods and periods[-1][1] is None):
                found.append(f"{account}: gone, though nobody gave it up")
        return found
