"""A run as its platform sees it while a worker holds it: the draft, the account, and a handle that survives a crash."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from shared.core.encryption import Cipher
from shared.http.client import Http
from shared.media.storage import Storage
from shared.platforms.credentials import Credentials
from shared.platforms.rules import Capability, Draft
from shared.publishing.look_alikes import CLOCK_SKEW, is_anothers
from shared.publishing.run_lease import Worker


@dataclass
class OnTheWay:
    """Implements `shared.platforms.platform.Publication`. The handle is encrypted: an upload session's URL is a credential."""

    worker: Worker
    capability: Capability
    draft: Draft
    account: Credentials
    http: Http
    storage: Storage
    cipher: Cipher
    intents: int = field(init=False)
    _handle: dict[str, Any] = field(init=False)
    _intent_at: datetime | None = field(init=False)
    _first_intent_at: datetime | None = field(init=False)

    def __post_init__(self) -> None:
        run = self.worker.run
        self.intents = run.intents
        self._intent_at = run.intent_at
        self._first_intent_at = run.first_intent_at
        self._handle = self.cipher.open(run.sealed_handle, path=str(run.path)) if run.sealed_handle else {}

    @property
    def handle(self) -> Mapping[str, Any]:
        return self._handle

    @property
    def intent_at(self) -> datetime:
        if self._intent_at is None:
            raise ValueError("asked for the intent's time before there was one")
        return self._intent_at

    @property
    def search_from(self) -> datetime:
        return (self._first_intent_at or self.intent_at) - CLOCK_SKEW

    @property
    def doubted(self) -> bool:
        return self.worker.run.doubted

    def is_anothers(self, post_id: str) -> bool:
        return is_anothers(post_id, self.worker, self.capability, self._first_intent_at or self.intent_at)

    def now(self) -> datetime:
        return self.worker.clock.now()

    def save(self, **handle: Any) -> None:
        merged = {name: value for name, value in {**self._handle, **handle}.items() if value is not None}
        self.worker.write_and_renew({"handle": self.cipher.seal(merged, path=str(self.worker.run.path))})
        self._handle = merged

    def keep_alive(self) -> None:
        self.worker.keep_alive()

    def intend(self) -> None:
        """INTENT: from the moment this is saved until an answer is, nobody knows whether the post is public."""
        self._intent_at = self.now()
        self._first_intent_at = self._first_intent_at or self._intent_at
        self.intents += 1
        self.worker.write_and_renew(
            {
                "phase": "intent",
                "intentAt": self._intent_at,
                "firstIntentAt": self._first_intent_at,
                "intents": self.intents,
            }
        )
        self.worker.run = replace(self.worker.run, phase="intent", intents=self.intents)
