"""One claimed run on its way to one platform: everything that the steps of publishing share, and how a step lets go of the run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared.accounts.account import AccountKey
from shared.accounts.tokens import Later, TokenKeeper, Unusable
from shared.core.clock import Clock
from shared.core.encryption import Cipher
from shared.documents.document import REMOVE, Changes, Documents
from shared.http.client import Http
from shared.media.fetch import Fetcher
from shared.media.storage import Storage
from shared.platforms.connector import Connector
from shared.platforms.failure import PlatformFailure
from shared.platforms.platform import Platform
from shared.posts.run import Run
from shared.posts.settle import settle
from shared.publishing.backoff import pause_of
from shared.publishing.outcome import fail
from shared.publishing.publication import OnTheWay
from shared.publishing.run_lease import Worker
from shared.tasks.task import Tasks

# After this long a post is history: what has not ended is reconciled and given up.
DEADLINE = timedelta(hours=24)
# A limit that is over sooner is not worth telling the account's other runs about.
MIN_PARKING = timedelta(seconds=2)
# How often a run has its account's token renewed because the platform refused it; then the account is taken for dead.
MAX_REAUTHS = 2
# How often a run whose outcome only its dead account can tell looks whether it was connected again.
RECONNECT_SECONDS = 300.0
# Before INTENT, or after a refusal: what a run that begins its call anew forgets.
BACK_TO_PREPARING: Changes = {"phase": "preparing", "intentAt": REMOVE, "absentListings": REMOVE, "callFailure": REMOVE}


@dataclass(frozen=True)
class PublisherPorts:
    """Everything outside of the process that publishing touches; the tests' twins and the fault harness stand in here."""

    documents: Documents
    tasks: Tasks
    http: Http
    storage: Storage
    fetcher: Fetcher
    cipher: Cipher
    clock: Clock
    platforms: Mapping[str, Platform]
    connectors: Mapping[str, Connector]

    @property
    def tokens(self) -> TokenKeeper:
        return TokenKeeper(self.documents, self.cipher, self.http, self.clock, self.connectors)


@dataclass
class Attempt:
    worker: Worker
    platform: Platform
    publication: OnTheWay
    ports: PublisherPorts

    @property
    def run(self) -> Run:
        return self.worker.run

    @property
    def is_late(self) -> bool:
        return self.worker.clock.now() >= self.run.due_at + DEADLINE

    def end(self, failure: PlatformFailure) -> None:
        fail(self.worker, failure.without(self.publication.account.secrets))
        settle(self.run.path.submission_id, documents=self.worker.documents, clock=self.worker.clock)

    def let_go(self, seconds: float, reason: Mapping[str, Any], changes: Changes | None = None) -> None:
        """Until `seconds` from now, but not over the deadline."""
        let_go(self.worker, seconds, reason, changes)

    def pause_for(self, failure: PlatformFailure) -> tuple[float, Changes] | None:
        """How long to wait after an explicit refusal, and what to remember; None where waiting would not help.

        A limit parks the account, so that its other runs do not run into it too; a refused token is renewed, once or twice.
        """
        if failure.kind == "reauth":
            return self._renewed(failure)
        pause = pause_of(failure, self.run, self.worker.clock)
        if pause is None:
            return None
        if failure.kind == "throttled" and pause >= MIN_PARKING:
            self.ports.tokens.park(key_of(self.run), self.worker.clock.now() + pause)
        return pause.total_seconds(), {}

    def _renewed(self, failure: PlatformFailure) -> tuple[float, Changes] | None:
        refused, key = self.publication.account.access_token, key_of(self.run)
        if self.run.reauths >= MAX_REAUTHS:
            self.ports.tokens.declare_dead(key, refused)
            return None
        try:
            renewed = self.ports.tokens.usable(key, refused=refused)
        except PlatformFailure as unavailable:
            pause = pause_of(unavailable, self.run, self.worker.clock)
            return None if pause is None else (pause.total_seconds(), {})
        match renewed:
            case Unusable():
                failure.message = f"{failure.message.rstrip('.')}. {renewed.reason}"
                return None
            case Later():
                return renewed.seconds, {}
            case _:
                return 0.0, {"reauths": self.run.reauths + 1}


def let_go(worker: Worker, seconds: float, reason: Mapping[str, Any], changes: Changes | None = None) -> None:
    now, deadline = worker.clock.now(), worker.run.due_at + DEADLINE
    until = now + timedelta(seconds=seconds)
    worker.wait(min(until, deadline) if now < deadline else until, reason, changes)


def key_of(run: Run) -> AccountKey:
    return AccountKey(run.uid, run.platform, run.account_id)
