"""A user's credits: `users/{uid}/credits/current` is the sum of its ledger, always, as each change is one commit of both.

A change is tied to its operation by the ledger entry's id: it is created, so whatever is repeated happens once. A debit compares
and sets the balance, so that it is never overdrawn.
"""

import math
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from shared.core.clock import Clock
from shared.core.errors import InsufficientCredits
from shared.documents.change import read_modify_write
from shared.documents.document import Create, Document, Documents, Increment, Query, Update, Write
from shared.events.event import Subject, event
from shared.users.user import user_path

# Less than this of what there was after the last grant is low.
LOW_SHARE = 0.1


def credits_path(uid: str) -> str:
    return f"{user_path(uid)}/credits/current"


def entry_path(uid: str, operation_id: str) -> str:
    return f"{credits_path(uid)}/ledger/{operation_id}"


def balance(uid: str, documents: Documents) -> int:
    [document] = documents.get(credits_path(uid))
    return document.fields["balance"] if document is not None else 0


def debit(
    uid: str, amount: int, job_id: str, *, told: Collection[str] = (), documents: Documents, now: datetime
) -> Sequence[Write]:
    """What takes the amount for a job, at the balance that is read just now; and tells whoever wants to know (`told`) that it is
    low by this, or that nothing is left. Raises InsufficientCredits."""
    [document] = documents.get(credits_path(uid))
    there = document.fields["balance"] if document is not None else 0
    if document is None or there < amount:
        raise InsufficientCredits(
            f"This needs {_credits(amount)}, and there are {there}.", facts={"needed": amount, "balance": there}
        )
    changed = Update(document.path, {"balance": there - amount, "updatedAt": now}, if_version=document.version)
    events = _running_out(uid, document, there - amount, told, now, once=job_id)
    return [changed, _entry(uid, job_id, -amount, "debit", now, job_id), *events]


def _running_out(uid: str, document: Document, left: int, told: Collection[str], now: datetime, once: str) -> Sequence[Write]:
    before: int = document.fields["balance"]
    subject = Subject("credits", "current", document.path, "/v1/credits", {"balance": str(left)})
    if left == 0 < before:
        return event("credits.depleted", uid, subject, "depleted", once=once, told=told, now=now)
    if left < document.fields.get("lowBelow", 0) <= before:
        return event("credits.low", uid, subject, "low", once=once, told=told, now=now)
    return ()


def refund(uid: str, amount: int, job_id: str, *, documents: Documents, now: datetime) -> Sequence[Write]:
    """What gives the amount back, once: the entry can be created only once. Nothing where there is no balance any more."""
    [document] = documents.get(credits_path(uid))
    if document is None:
        return ()
    changed = Update(credits_path(uid), {"balance": Increment(amount), "updatedAt": now})
    return [_entry(uid, f"{job_id}-refund", amount, "refund", now, job_id), changed]


def grant(uid: str, amount: int, operation_id: str, *, documents: Documents, clock: Clock) -> int:
    """For the operator's billing: adds the amount, once per operation. The balance."""

    def attempt() -> int:
        known, entry = documents.get(credits_path(uid), entry_path(uid, operation_id))
        there: int = known.fields["balance"] if known is not None else 0
        if entry is not None:
            return there
        now = clock.now()
        low_below = math.ceil((there + amount) * LOW_SHARE)
        fields = {"uid": uid, "balance": there + amount, "lowBelow": low_below, "updatedAt": now}
        changed: Write = (
            Create(credits_path(uid), fields) if known is None else Update(known.path, fields, if_version=known.version)
        )
        documents.commit(changed, _entry(uid, operation_id, amount, "grant", now, None))
        return there + amount

    return read_modify_write(attempt)


def entries(uid: str, documents: Documents, *, limit: int, after: tuple[Any, str] | None) -> list[Document]:
    """The ledger, newest first."""
    query = Query(f"{credits_path(uid)}/ledger", order_by="createdAt", descending=True, limit=limit, after=after)
    return documents.query(query)


def _entry(uid: str, operation_id: str, amount: int, kind: str, now: datetime, job_id: str | None) -> Create:
    fields = {"uid": uid, "amount": amount, "kind": kind, "jobId": job_id, "createdAt": now}
    return Create(entry_path(uid, operation_id), fields)


def _credits(amount: int) -> str:
    return f"{amount} credit{'' if amount == 1 else 's'}"
