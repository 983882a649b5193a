"""What happened in a history, as none of its processes knows it: whose answers were lost, what was refused, which tokens died."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from emulator.sandbox.accounts import Token, read_token
from emulator.sandbox.faults import Fault
from shared.documents.document import Delete, Version, Write
from shared.http.client import HttpAnswer, HttpRequest
from tests.fakes.world import World
from tests.faults.scheduler import Process

# A platform, and Soku's id of an account there.
Account = tuple[str, str]
# From its beginning until its end, if it is over.
Period = tuple[datetime, datetime | None]

# After these a post may honestly fail; whoever only asks is not refused for good.
FOR_GOOD = ("processing_failed", "reject")
_NO_ANSWER = ("server_error_before", "server_error_after", "reset_before", "reset_after", "hang_after")
# A process may hold an access token for over that is still good for so long, by clocks that differ.
NEARLY_OVER = timedelta(seconds=30)


def is_within(periods: list[Period], since: datetime, until: datetime) -> bool:
    return any(start <= until and (end is None or end >= since) for start, end in periods)


@dataclass
class Witness:
    """`in_doubt` are paths of runs whose public call may have gone without its answer reaching Soku's database; `refused` the steps
    that a run was refused at for good; `reached` the (platform, step) that platforms were asked for."""

    world: World
    now: Callable[[], datetime]
    in_doubt: set[str] = field(default_factory=set)
    refused: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    # Likewise the steps that failed in any way, of those that only ask; "" where nobody knows which.
    failed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    reached: set[tuple[str, str]] = field(default_factory=set)
    # (platform, the sandbox's name of an account) → when its token was last refused for no reason.
    slandered: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def lost(self, process: Process, is_known: bool = False) -> None:
        """A process lost its life, an answer or the database; `is_known`: it is told that nothing was done."""
        if not process.run:
            return
        self.failed[process.run].add("")
        if not is_known and self._waits_for_an_answer(process.run):
            self.in_doubt.add(process.run)

    def struck(self, process: Process | None, platform: str, account: str | None, step: str, fault: Fault | None) -> None:
        """A platform was asked, and answered wrongly if there is a fault."""
        self.reached.add((platform, step))
        if fault is None:
            return
        if fault.kind == "unauthorized" and account is not None:
            self.slandered[platform, account] = self.now()
        if process is None or not process.run:
            return
        self.failed[process.run].add(step)
        if fault.kind in FOR_GOOD:
            self.refused[process.run].add(step)
        if fault.kind in _NO_ANSWER and step == "publish":
            self.in_doubt.add(process.run)

    def _waits_for_an_answer(self, run: str) -> bool:
        fields = self.world.memory.contents[run][0] if run in self.world.memory.contents else {}
        if fields.get("phase") != "intent":
            return False
        if fields["platform"] == "tiktok" and "handle" in fields:
            # From then on TikTok can be asked.
            return "publish_id" not in self.world.cipher.open(fields["handle"], path=run)
        return True


class StoredTokens:
    """The database, watched for tokens: older ones written over newer ones of a consent, accounts that were given up, and whether
    that was true."""

    def __init__(self, witness: Witness) -> None:
        self._witness, self._world = witness, witness.world
        self.get, self.query = self._world.memory.get, self._world.memory.query
        self.went_back: list[str] = []
        self.buried_alive: list[str] = []
        self._dead: dict[Account, list[Period]] = defaultdict(list)
        self._newest: dict[str, tuple[str, int]] = {}
        self._stored_at: dict[str, datetime] = {}
        # Consents that others replaced.
        self._replaced: set[tuple[str, str]] = set()

    def commit(self, *writes: Write) -> Version:
        version = self._world.memory.commit(*writes)
        for write in writes:
            if "/credentials/" in write.path:
                self._note(write)
        return version

    def was_dead(self, account: Account, since: datetime, until: datetime) -> bool:
        return is_within(self._dead[account], since, until)

    def _note(self, write: Write) -> None:
        platform, _, account_id = write.path.rpartition("/")[2].partition(":")
        periods = self._dead[platform, account_id]
        if isinstance(write, Delete):
            self._newest.pop(write.path, None)
            self._end(periods)
            return
        if "ciphertext" in write.fields:
            self._end(periods)
            self._stored_at[write.path] = self._witness.now()
            self._compare(write.path, write.fields)
        if write.fields.get("dead"):
            periods.append((self._witness.now(), None))
            self._mourn(platform, write.path)

    def _end(self, periods: list[Period]) -> None:
        if periods and periods[-1][1] is None:
            periods[-1] = (periods[-1][0], self._witness.now())

    def _compare(self, path: str, fields: Mapping[Any, Any]) -> None:
        secret, platform = self._world.cipher.open(fields, path=path), str(fields["platform"])
        token = read_token(secret["accessToken"], platform)
        generation, connection = (token.generation if token else None) or 0, str(fields["connection"])
        before, newest = self._newest.get(path, ("", 0))
        if connection != before:
            self._replaced.add((path, before))
        if (path, connection) in self._replaced or (connection == before and generation < newest):
            self.went_back.append(f"{path}: generation {generation} over {newest}")
        self._newest[path] = connection, generation

    def _mourn(self, platform: str, path: str) -> None:
        secret = self._world.cipher.open(self._world.memory.contents[path][0], path=path)
        renewing = read_token(secret.get("refreshToken") or "", platform)
        token = renewing or read_token(secret["accessToken"], platform)
        assert token is not None, path
        was_slandered = self._witness.slandered.get((platform, token.account.account_id))
        since = self._stored_at.get(path)
        if was_slandered is not None and (since is None or was_slandered >= since):
            return
        if self._works(platform, token):
            self.buried_alive.append(f"{path}: generation {token.generation}")

    def _works(self, platform: str, token: Token) -> bool:
        """Whether the platform would give others for it, or, of an access token, take it."""
        sandbox, owner, generation = self._world.sandbox, (platform, token.account.account_id), token.generation or 0
        if generation <= sandbox.revoked.get(owner, -1):
            return False
        if token.kind == "refresh":
            oauth: Any = self._world.platforms[platform].oauth  # type: ignore[attr-defined]
            return not (oauth._dialect.rotates and generation in sandbox.used.get(owner, ()))
        return token.until is None or token.until > (self._witness.now() + NEARLY_OVER).timestamp()


class Renewals:
    """The platforms, and how often the same token was on its way to one twice at once, to be renewed.

    LinkedIn's do not count: a person and their organisations, who are accounts of their own, begin with the same one.
    """

    def __init__(self, http: Any) -> None:
        self._http = http
        self._under_way: Counter[str] = Counter()
        self.at_once = 0

    def send(self, request: HttpRequest) -> HttpAnswer:
        token = (request.form or {}).get("refresh_token")
        if request.params.get("grant_type", "").endswith("_refresh_token"):
            token = request.params["access_token"]
        if token is None or "linkedin" in request.url:
            return self._http.send(request)
        self.at_once += self._under_way[token] > 0
        self._under_way[token] += 1
        try:
            return self._http.send(request)
        finally:
            self._under_way[token] -= 1
