"""One leased run on its way to one platform: what the steps of publishing share, and what an explicit refusal leads to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from shared.accounts.tokens import TokenKeeper, Unusable
from shared.core.clock import Clock
from shared.core.encryption import Cipher
from shared.core.wait import Wait
from shared.documents.document import Changes, Documents
from shared.http.client import Http
from shared.media.storage import Storage
from shared.platforms.connector import Connector
from shared.platforms.failure import PlatformFailure
from shared.platforms.platform import Failed, Platform
from shared.posts.run import Run
from shared.publishing.backoff import pause_of
from shared.publishing.publication import LeasedPublication
from shared.publishing.run_lease import RunLease
from shared.tasks.task import Tasks

# A limit that is over sooner is not worth telling the account's other runs about.
MIN_PARKING = timedelta(seconds=2)
# How often a run has its account's token renewed because the platform refused it; then the account is taken for dead.
MAX_REAUTHS = 2
# How often a run whose outcome only its dead account can tell looks whether it was connected again.
RECONNECT_SECONDS = 300.0


@dataclass(frozen=True)
class PublisherPorts:
    """Everything outside of the process that publishing touches; the tests' twins and the fault harness stand in here."""

    documents: Documents
    tasks: Tasks
    http: Http
    storage: Storage
    cipher: Cipher
    clock: Clock
    platforms: Mapping[str, Platform]
    connectors: Mapping[str, Connector]
    # What one user's posts may cost a day, by platform, in US dollars; without an entry, whatever they cost.
    daily_ceilings: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def tokens(self) -> TokenKeeper:
        return TokenKeeper(self.documents, self.cipher, self.http, self.clock, self.connectors)


@dataclass
class Attempt:
    lease: RunLease
    platform: Platform
    publication: LeasedPublication
    ports: PublisherPorts

    @property
    def run(self) -> Run:
        return self.lease.run

    @property
    def is_late(self) -> bool:
        return self.lease.is_late

    def redacted(self, failure: PlatformFailure) -> PlatformFailure:
        """Without the account's tokens: what will be shown or stored."""
        return failure.without(self.publication.account.secrets)

    def after(self, failure: PlatformFailure) -> Wait | Failed:
        """What an explicit refusal leads to: another try, or the end where waiting would not help.

        A limit parks the account, so that its other runs do not run into it too; a refused token is renewed, once or twice.
        """
        failure = self.redacted(failure)
        if failure.kind == "reauth":
            return self._renewed(failure)
        pause = pause_of(failure, self.run, self.lease.clock)
        if pause is None:
            return Failed(failure)
        if failure.kind == "throttled" and pause >= MIN_PARKING:
            self.ports.tokens.park(self.run.account, self.lease.clock.now() + pause)
        return waiting_after(failure, pause.total_seconds())

    def _renewed(self, failure: PlatformFailure) -> Wait | Failed:
        refused, key = self.publication.account.access_token, self.run.account
        if self.run.reauths >= MAX_REAUTHS:
            self.ports.tokens.declare_dead(key, refused)
            return Failed(failure)
        try:
            renewed = self.ports.tokens.usable(key, refused=refused)
        except PlatformFailure as unavailable:
            pause = pause_of(unavailable, self.run, self.lease.clock)
            return Failed(failure) if pause is None else waiting_after(failure, pause.total_seconds())
        match renewed:
            case Unusable():
                return Failed(failure.replace(message=f"{failure.message.rstrip('.')}. {renewed.reason}"))
            case Wait():
                return waiting_after(failure, renewed.seconds)
            case _:
                return waiting_after(failure, 0.0, {"reauths": self.run.reauths + 1})


def waiting_after(failure: PlatformFailure, seconds: float, changes: Changes | None = None) -> Wait:
    """The failure is one of the run's attempts, not its end."""
    return Wait(seconds, failure.message, failure.code, failure.to_fields(), changes or {})
