"""The tokens to publish with, fresh, whoever asks: single-flight refresh per account, over all processes.

good ─ nearly over, or refused by the platform ─► leased (compare-and-set, 60 s) ─► asked ─► stored (compare-and-set)
                                                    │ others: use the old ones while they are good, or come back
                                                    └ refused: read once more; still these tokens ─► dead, account needs_reauth

Every write carries the version that was read, so an older token never overwrites a newer one. A worker that dies between the
platform's answer and our write has lost what it was told; where the refresh token works only once, the next refresh is refused, and
the account ends as needs_reauth, which is the truth.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.accounts.account import AccountKey, open_credentials
from shared.accounts.events import account_event, told_about
from shared.accounts.stored_tokens import mark_needs_reauth, store
from shared.core.clock import Clock
from shared.core.encryption import Cipher
from shared.core.platforms import PLATFORMS
from shared.core.wait import Wait
from shared.documents.change import read_modify_write
from shared.documents.document import Conflict, Document, Documents, Update, Write
from shared.documents.lease import Fenced, Lease, Term
from shared.http.client import Http, NoAnswer, NotSent
from shared.platforms.connector import Connector, revoke
from shared.platforms.credentials import Credentials
from shared.platforms.failure import PlatformFailure

_log = logging.getLogger(__name__)

# Longer than a call to a platform may take: whoever holds the lease has its answer, or has died.
TERM = Term(timedelta(seconds=60), ("refreshingUntil",))
LOOK_AGAIN_SECONDS = 3.0


@dataclass(frozen=True)
class Unusable:
    """No tokens until the person connects the account again; `reason` says so. `is_dead`: the account is still there."""

    reason: str
    is_dead: bool = True


@dataclass(frozen=True)
class TokenKeeper:
    documents: Documents
    cipher: Cipher
    http: Http
    clock: Clock
    connectors: Mapping[str, Connector]

    def usable(
        self, key: AccountKey, *, refused: str | None = None, until: datetime | None = None
    ) -> Credentials | Wait | Unusable:
        """Tokens to publish with now; one read where they are good. `refused` is an access token that the platform did not take;
        `until`: those that end before then are renewed as well, where that can be done.

        Wait: the platform wants no requests for this account before then, or somebody is refreshing the tokens. Raises
        PlatformFailure (transient, throttled) when new ones are needed and the platform cannot be asked for them.
        """

        def attempt() -> Credentials | Wait | Unusable:
            [document] = self.documents.get(key.credentials_path)
            if document is None:
                return _gone(key)
            if document.fields.get("dead"):
                return Unusable(_has_to_be_connected(key))
            parked = self._parked(document)
            if parked is not None and refused is None:
                return parked
            credentials = open_credentials(document, self.cipher)
            if not self._needs_another(credentials, refused, until):
                return credentials
            return self._renewed(key, document, credentials, refused)

        # Again if somebody else leased, stored, parked or reconnected meanwhile.
        return read_modify_write(attempt)

    def refresh(self, key: AccountKey) -> None:
        """Ahead of time, as the sweeper wants it. Raises PlatformFailure when the platform cannot be asked now."""

        def attempt() -> None:
            [document] = self.documents.get(key.credentials_path)
            if document is None or document.fields.get("dead") or key.platform not in self.connectors:
                return
            credentials, now = open_credentials(document, self.cipher), self.clock.now()
            if credentials.refresh_at is None or credentials.refresh_at > now:
                return
            if not self._can_renew(key, credentials, None) and credentials.expires_at and credentials.expires_at > now:
                # Good until its end, and then nobody can renew it.
                until = {"refreshAt": credentials.expires_at}
                events = self._expiring(key)
                self.documents.commit(Update(document.path, until, if_version=document.version), *events)
            else:
                self._renewed(key, document, credentials, None)

        # Again if the sweeper put it off once it had enqueued it, or somebody else has these tokens in hand.
        read_modify_write(attempt)

    def _expiring(self, key: AccountKey) -> Sequence[Write]:
        """Its person is the only one who can do something about it."""
        return account_event(key, "expiring", told_about(key, self.documents), self.clock.now())

    def park(self, key: AccountKey, until: datetime) -> None:
        """No requests for this account before `until`; nobody else's waits."""
        try:
            self.documents.commit(Update(key.credentials_path, {"parkedUntil": until}))
        except Conflict:
            _log.info("account.gone", extra={"account": key.credentials_path})

    def declare_dead(self, key: AccountKey, token: str) -> None:
        """The platform takes neither `token` nor what it was renewed to, unless a newer one came meanwhile."""

        def attempt() -> None:
            [document] = self.documents.get(key.credentials_path)
            if document is None or document.fields.get("dead"):
                return
            if open_credentials(document, self.cipher).access_token == token:
                mark_needs_reauth(key, document, self.documents, self.clock.now())

        read_modify_write(attempt)

    def _needs_another(self, credentials: Credentials, refused: str | None, until: datetime | None) -> bool:
        if refused is not None:
            return credentials.access_token == refused
        if until is not None and credentials.expires_at is not None and credentials.expires_at <= until:
            return True
        return credentials.renew_from is not None and credentials.renew_from <= self.clock.now()

    def _renewed(
        self, key: AccountKey, document: Document, credentials: Credentials, refused: str | None
    ) -> Credentials | Wait | Unusable:
        """Raises Conflict when the document changed before it was ours."""
        now = self.clock.now()
        still_good = refused is None and credentials.expires_at is not None and credentials.expires_at > now
        if TERM.is_held(document.fields, now):
            return credentials if still_good else Wait(LOOK_AGAIN_SECONDS, "the account's tokens are being renewed")
        if key.platform not in self.connectors:
            if still_good:
                return credentials
            # The operator may switch it on again.
            raise PlatformFailure("transient", f"{PLATFORMS[key.platform]} is switched off here: its tokens cannot be renewed.")
        if not self._can_renew(key, credentials, refused):
            if still_good:
                return credentials
            mark_needs_reauth(key, document, self.documents, self.clock.now())
            return Unusable(_has_to_be_connected(key))
        lease = Lease.claim(document.path, TERM, {}, if_version=document.version, documents=self.documents, clock=self.clock)
        leased = Document(document.path, {**document.fields, **TERM.ends(lease.until)}, lease.version)
        try:
            fresh = self._ask(key, credentials)
        except PlatformFailure as failure:
            if failure.kind == "reauth":
                return self._refused(key, leased, failure)
            self._release(lease)
            if still_good:
                return credentials
            raise failure.without(credentials.secrets) from None
        except (NotSent, NoAnswer) as error:
            self._release(lease)
            if still_good:
                return credentials
            label = PLATFORMS[key.platform]
            raise PlatformFailure("transient", f"{label} did not renew the account's tokens ({error}).") from error
        stored = store(key, leased, fresh, documents=self.documents, cipher=self.cipher)
        if stored is None and self.connectors[key.platform].revocation_is_per_grant:
            # Disconnected meanwhile, by somebody who knew only the older ones. Elsewhere these ended with those, and the account
            # may be connected again by now.
            revoke(self.http, self.connectors[key.platform], fresh)
        return stored or _gone(key)

    def _can_renew(self, key: AccountKey, credentials: Credentials, refused: str | None) -> bool:
        """By a refresh token; or, where `renews_refused` is False, by the access token itself as long as it is good."""
        connector = self.connectors.get(key.platform)
        if connector is None or connector.refresh is None:
            return False
        return credentials.refresh_token is not None if connector.renews_refused else refused is None

    def _ask(self, key: AccountKey, credentials: Credentials) -> Credentials:
        refresh = self.connectors[key.platform].refresh
        if refresh is None:
            raise ValueError(f"{key.platform} renews no tokens")
        return refresh(self.http, credentials, self.clock.now())

    def _refused(self, key: AccountKey, held: Document, failure: PlatformFailure) -> Credentials | Unusable:
        """Dead only after a fresh read: whoever connected the account again, or renewed it before us, is right."""
        _log.warning("account.refresh_refused", extra={"account": key.credentials_path, "reason": failure.platform_code})

        def attempt() -> Credentials | Unusable:
            [document] = self.documents.get(key.credentials_path)
            if document is None:
                return _gone(key)
            if document.fields.get("generation") != held.fields.get("generation"):
                return open_credentials(document, self.cipher)
            mark_needs_reauth(key, document, self.documents, self.clock.now())
            return Unusable(_has_to_be_connected(key))

        return read_modify_write(attempt)

    def _release(self, lease: Lease) -> None:
        try:
            lease.write({"refreshingUntil": None})
        except Fenced:
            _log.info("account.lease_lost", extra={"account": lease.path})

    def _parked(self, document: Document) -> Wait | None:
        until: Any = document.fields.get("parkedUntil")
        if until is None or until <= self.clock.now():
            return None
        return Wait((until - self.clock.now()).total_seconds(), "the platform's limit for this account has not reset yet")


def _gone(key: AccountKey) -> Unusable:
    return Unusable(f"The account {key.account_id} is no longer connected to {PLATFORMS[key.platform]}.", is_dead=False)


def _has_to_be_connected(key: AccountKey) -> str:
    return f"{PLATFORMS[key.platform]} no longer accepts the account {key.account_id}'s tokens: it has to be connected again."
