"""Try a job once more that did not succeed: a new job of its kind, charged anew. The same retry again finds the same new job."""

import hashlib
from collections.abc import Mapping
from typing import Any

from shared.core.clock import Clock
from shared.core.errors import ServiceUnavailable
from shared.credits.credits import debit
from shared.documents.change import read_modify_write
from shared.documents.document import Create, Document, Documents, Unavailable
from shared.events.announce import announce
from shared.jobs.errors import NotRepeatable, PartOfBatch
from shared.jobs.find import own_job
from shared.jobs.job import START_GRACE, job_path
from shared.jobs.start import Started
from shared.tasks.hand_over import hand_over
from shared.tasks.queues import BY_NAME
from shared.tasks.task import Tasks, work_on_job
from shared.users.user import telling

_REPEATABLE = frozenset({"failed", "cancelled", "expired"})
# What the new one has of the old one.
_SAME = (
    "uid",
    "type",
    "dialect",
    "input",
    "firstQueue",
    "facets",
    "tags",
    "metadata",
    "creditsDebited",
    "estimatedCompletionSeconds",
    "volatileSteps",
)


def retry_job(
    uid: str, job_id: str, request_id: str, told: frozenset[str], *, documents: Documents, tasks: Tasks, clock: Clock
) -> Started:
    """`told` are the types of events that the user's webhooks want.

    Raises NotFound, NotRepeatable, PartOfBatch, InsufficientCredits, ServiceUnavailable (send it again)."""
    new_id = f"job_{hashlib.sha256(job_id.encode()).hexdigest()[:22]}"

    def attempt() -> Started:
        old = own_job(uid, job_id, documents, clock.now())
        if "parent" in old.fields:
            raise PartOfBatch(facts={"batch": old.fields["parent"]})
        [made] = documents.get(job_path(new_id))
        if made is not None:
            return Started(new_id, is_replay=True)
        if old.fields["status"] not in _REPEATABLE:
            raise NotRepeatable(facts={"status": old.fields["status"]})
        now, cost = clock.now(), old.fields.get("creditsDebited", 0)
        new = _again(old, request_id)
        times = {"createdAt": now, "updatedAt": now, "sweepAt": now + START_GRACE}
        lasts = old.fields["deadlineAt"] - old.fields["createdAt"]
        charged = debit(uid, cost, new_id, told=told, documents=documents, now=now) if cost else ()
        documents.commit(Create(job_path(new_id), {**new, **times, **telling(told), "deadlineAt": now + lasts}), *charged)
        announce(charged, tasks)
        hand_over(work_on_job(new_id, BY_NAME[new["queue"]]), tasks)
        return Started(new_id, is_replay=False)

    try:
        return read_modify_write(attempt)
    except Unavailable as error:
        raise ServiceUnavailable from error


def _again(old: Document, request_id: str) -> dict[str, Any]:
    same = {name: old.fields[name] for name in _SAME if name in old.fields}
    fresh: dict[str, Any] = {"status": "queued", "attempt": 0, "requestId": request_id, "retryOf": old.id}
    if "steps" in old.fields:
        # What was done is not done again: it begins where the old one has stopped.
        found: Mapping[str, Any] = (old.fields.get("state") or {}).get("done") or {}
        done = {name: value for name, value in found.items() if name not in old.fields.get("volatileSteps", ())}
        fresh["steps"] = [{**one, "status": "done" if one["name"] in done else "pending"} for one in old.fields["steps"]]
        if done:
            return {**same, **fresh, "state": {"done": done}, "queue": old.fields.get("retryQueue", old.fields["queue"])}
    return {**same, **fresh, "queue": same.get("firstQueue", old.fields["queue"])}
