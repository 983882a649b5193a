"""What is told of accounts, to whoever subscribed: written with the change that it tells of."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal

from shared.accounts.account import AccountKey
from shared.documents.document import Documents, Write
from shared.events.event import EventType, Subject, event
from shared.users.user import told_of, user_path

State = Literal["connected", "needs_reauth", "expiring"]
_TYPES: dict[State, EventType] = {
    "connected": "account.connected",
    "needs_reauth": "account.needs_reauth",
    "expiring": "account.expiring",
}


def told_about(key: AccountKey, documents: Documents) -> frozenset[str]:
    """The types of events that the account's user wants to be told of."""
    [user] = documents.get(user_path(key.uid))
    return told_of(user.fields) if user is not None else frozenset()


def account_event(key: AccountKey, state: State, told: Collection[str], now: datetime) -> Sequence[Write]:
    subject = Subject("account", key.account_id, key.path, "/v1/integrations", {"platform": key.platform})
    return event(_TYPES[state], key.uid, subject, state, once=now.isoformat(), told=told, now=now)
