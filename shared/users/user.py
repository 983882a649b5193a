"""A user: the subscription that opens the API, and a digest of the connected accounts, so that one read tells both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from shared.core.errors import Forbidden, Unauthorized
from shared.documents.document import Document

AccountStatus = Literal["connected", "needs_reauth", "disabled"]


@dataclass(frozen=True)
class User:
    uid: str
    subscription_status: str | None = None
    current_period_end: datetime | None = None
    # platform → account id → status
    accounts: Mapping[str, Mapping[str, AccountStatus]] = field(default_factory=dict)
    is_disabled: bool = False
    is_admin: bool = False
    # Of all uploads that are not deleted.
    storage_bytes: int = 0
    # platform → account id → what the platform says of it
    account_facts: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    # Of the events that a webhook of theirs is told (shared/events).
    webhook_types: frozenset[str] = frozenset()

    @staticmethod
    def from_document(uid: str, document: Document | None) -> "User":
        if document is None:
            return User(uid)
        subscription = document.fields.get("subscription") or {}
        return User(
            uid,
            subscription.get("status"),
            subscription.get("currentPeriodEnd"),
            document.fields.get("accounts") or {},
            document.fields.get("disabled") is True,
            document.fields.get("admin") is True,
            document.fields.get("storageBytes") or 0,
            document.fields.get("accountFacts") or {},
            told_of(document.fields),
        )

    def require_enabled(self) -> None:
        """Raises Unauthorized if the operator has disabled the user."""
        if self.is_disabled:
            raise Unauthorized("Account disabled")

    def require_subscription(self, now: datetime) -> None:
        """Raises Forbidden unless the trial runs or the paid period has not ended.

        The specification's two states; a trial without an end is running, a period without one is not paid.
        """
        match self.subscription_status:
            case None:
                raise Forbidden("Subscription required")
            case "trialing" if self.current_period_end is None or self.current_period_end > now:
                return
            case "active" if self.current_period_end is not None and self.current_period_end > now:
                return
            case _:
                raise Forbidden("Subscription inactive or expired")


def user_path(uid: str) -> str:
    return f"users/{uid}"


def told_of(fields: Mapping[str, Any]) -> frozenset[str]:
    """The types of events that their webhooks want, as a user's, a post's, a run's or a job's document says."""
    return frozenset(fields.get("webhookTypes") or ())


def telling(types: frozenset[str]) -> dict[str, Any]:
    """What such a document says."""
    return {"webhookTypes": sorted(types)} if types else {}
