"""The platform-facing view of a leased run: the draft, the account, and a resume token that survives a crash."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.core.encryption import Cipher
from shared.documents.document import Write
from shared.http.client import Http
from shared.media.storage import Storage
from shared.platforms.credentials import Credentials
from shared.platforms.rules import Capability, Draft
from shared.posts.run import intended
from shared.publishing.look_alikes import CLOCK_SKEW, is_anothers
from shared.publishing.run_lease import RunLease

# Platforms write times in whole seconds.
TRUNCATION = timedelta(seconds=2)


@dataclass
class LeasedPublication:
    """Implements `shared.platforms.platform.Publication`. The handle is encrypted: an upload session's URL is a credential."""

    lease: RunLease
    capability: Capability
    draft: Draft
    account: Credentials
    http: Http
    storage: Storage
    cipher: Cipher
    _handle: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        run = self.lease.run
        self._handle = self.cipher.open(run.sealed_handle, path=str(run.path)) if run.sealed_handle else {}

    @property
    def handle(self) -> Mapping[str, Any]:
        return self._handle

    @property
    def intent_at(self) -> datetime:
        if self.lease.run.intent_at is None:
            raise ValueError("asked for the intent's time before there was one")
        return self.lease.run.intent_at

    @property
    def first_intent_at(self) -> datetime:
        return self.lease.run.first_intent_at or self.intent_at

    @property
    def search_from(self) -> datetime:
        """A refused copy's original may be a moment older than our call: less is allowed for the platform's clock then."""
        return self.first_intent_at - (TRUNCATION if self.lease.run.refused_as_duplicate else CLOCK_SKEW)

    @property
    def intents(self) -> int:
        return self.lease.run.intents

    @property
    def doubted(self) -> bool:
        return self.lease.run.doubted

    def is_anothers(self, post_id: str) -> bool:
        run, documents = self.lease.run, self.lease.documents
        return is_anothers(post_id, run, self.capability, self.first_intent_at, documents=documents, now=self.now())

    def now(self) -> datetime:
        return self.lease.clock.now()

    def save(self, **handle: Any) -> None:
        merged = {name: value for name, value in {**self._handle, **handle}.items() if value is not None}
        self.lease.renew({"handle": self.cipher.seal(merged, path=str(self.lease.run.path))})
        self._handle = merged

    def keep_alive(self) -> None:
        self.lease.keep_alive()

    def intend(self, *counted: Write) -> None:
        """Save the write-ahead intent, and what is counted by it. Raises Fenced."""
        changes = intended(self.lease.run)
        self.lease.renew({**changes, "isCounted": True} if counted else changes, *counted)
