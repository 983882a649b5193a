"""An endpoint: one address of a user's that events are sent to, which of them, and how it has been answering.

Its secrets are stored encrypted, like tokens. `users/{uid}.webhookTypes` sums up what all of a user's endpoints want, so that
whoever writes an event need not look here.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from shared.core.encryption import CannotDecrypt, Cipher
from shared.core.errors import NotFound
from shared.documents.document import Document, Documents, Query, Version
from shared.documents.lease import Term

MAX_ENDPOINTS = 10
# Whoever sends to an endpoint holds it; longer than four deliveries at once may take.
TERM = Term(timedelta(seconds=60))
# The secret before the last rotation signs as well for so long.
BOTH_SIGN = timedelta(hours=24)
# Of all events, those of later versions included.
EVERYTHING = "*"

Payload = Literal["thin", "full"]


@dataclass(frozen=True)
class Endpoint:
    id: str
    version: Version
    uid: str
    url: str
    events: tuple[str, ...]
    payload: Payload
    description: str | None
    is_enabled: bool
    disabled_reason: str | None
    sealed_secret: Mapping[str, Any]
    sealed_before: Mapping[str, Any] | None
    before_until: datetime | None
    # Since the last success: how often it did not answer as it should, and since when.
    failures: int
    failing_since: datetime | None
    # Nothing is sent before.
    waits_until: datetime | None
    last_success_at: datetime | None
    last_failure: Mapping[str, Any] | None
    created_at: datetime
    updated_at: datetime

    @property
    def path(self) -> str:
        return endpoint_path(self.id)

    def wants(self, kind: str) -> bool:
        return self.is_enabled and (EVERYTHING in self.events or kind in self.events)

    def secrets(self, cipher: Cipher, now: datetime) -> Sequence[str]:
        """Those that sign: two of them for a while after a rotation. Raises CannotDecrypt."""
        secrets = [cipher.open(self.sealed_secret, path=self.path)["secret"]]
        if self.sealed_before is not None and self.before_until is not None and self.before_until > now:
            # Whoever rotated because it cannot be read is to have what the new one signs.
            with suppress(CannotDecrypt):
                secrets.append(cipher.open(self.sealed_before, path=self.path)["secret"])
        return secrets

    @staticmethod
    def from_document(document: Document) -> "Endpoint":
        fields = document.fields
        return Endpoint(
            id=document.id,
            version=document.version,
            uid=fields["uid"],
            url=fields["url"],
            events=tuple(fields["events"]),
            payload=fields["payload"],
            description=fields.get("description"),
            is_enabled=fields["enabled"],
            disabled_reason=fields.get("disabledReason"),
            sealed_secret=fields["secret"],
            sealed_before=fields.get("secretBefore"),
            before_until=fields.get("secretBeforeUntil"),
            failures=fields.get("failures", 0),
            failing_since=fields.get("failingSince"),
            waits_until=fields.get("waitsUntil"),
            last_success_at=fields.get("lastSuccessAt"),
            last_failure=fields.get("lastFailure"),
            created_at=fields["createdAt"],
            updated_at=fields["updatedAt"],
        )


def endpoint_path(endpoint_id: str) -> str:
    return f"webhooks/{endpoint_id}"


def own_endpoint(uid: str, endpoint_id: str, documents: Documents) -> Endpoint:
    """Raises NotFound, also for another user's."""
    [document] = documents.get(endpoint_path(endpoint_id))
    if document is None or document.fields["uid"] != uid:
        raise NotFound("There is no webhook with this id")
    return Endpoint.from_document(document)


def endpoints_of(uid: str, documents: Documents) -> list[Endpoint]:
    """The oldest first; there are at most MAX_ENDPOINTS."""
    found = documents.query(Query("webhooks", where=[("uid", "==", uid)], limit=2 * MAX_ENDPOINTS))
    return sorted(map(Endpoint.from_document, found), key=lambda one: (one.created_at, one.id))
