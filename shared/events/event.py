"""An event: one thing that happened, as webhooks tell it. It is created in the very commit that makes it true, and only for whoever
subscribed to its type: so none is told that did not happen, and none is missing that did.

It is the outbox of its deliveries as well: `sweepAt` is when the sweeper looks whether they were made.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from shared.documents.document import Create, Write
from shared.users.user import user_path

EventType = Literal[
    "post.completed",
    "post.failed",
    "post.partial",
    "post.needs_check",
    "post.cancelled",
    "post.missed",
    "post.warning",
    "run.succeeded",
    "run.failed",
    "account.connected",
    "account.needs_reauth",
    "account.expiring",
    "job.succeeded",
    "job.failed",
    "job.cancelled",
    "credits.low",
    "credits.depleted",
    "webhook.disabled",
]
EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)
# Sent where it is asked for, whatever its endpoint subscribes to.
PING = "ping"
# How long events and their deliveries can be read.
KEPT = timedelta(days=30)
# Whose task was lost is told by the sweeper after this long.
TELL_GRACE = timedelta(seconds=30)


@dataclass(frozen=True)
class Subject:
    """What it happened to: its kind, its id, its documents' path, and where the API shows it, from the root of all addresses."""

    kind: Literal["post", "run", "account", "job", "credits", "webhook"]
    id: str
    path: str
    shown_at: str
    more: Mapping[str, str] = field(default_factory=dict)


def event(
    kind: EventType, uid: str, subject: Subject, state: str, *, once: str = "", told: Collection[str], now: datetime
) -> Sequence[Write]:
    """What is written with the change that it tells of: nothing where nobody is told of its kind. `state` is the subject's by this
    change. Of one kind and subject there is one for each `once`: the same commit made twice would be refused the second time."""
    if kind not in told:
        return ()
    name = hashlib.sha256("\n".join((kind, uid, subject.path, once)).encode()).hexdigest()[:24]
    return [Create(event_path(uid, f"evt_{name}"), {**event_fields(kind, uid, subject, state, now), "sweepAt": now + TELL_GRACE})]


def event_fields(kind: str, uid: str, subject: Subject, state: str, now: datetime) -> dict[str, Any]:
    return {
        "uid": uid,
        "type": kind,
        "subject": {"kind": subject.kind, "id": subject.id, **subject.more},
        "subjectPath": subject.path,
        "shownAt": subject.shown_at,
        "state": state,
        "createdAt": now,
        "expireAt": now + KEPT,
    }


def event_path(uid: str, event_id: str) -> str:
    return f"{user_path(uid)}/events/{event_id}"
