"""Start a job once per request: the idempotency record and the job in one create-only commit, then a task. Where the same work is
not wanted twice at a time, the commit says that it is running: whoever asks for it meanwhile finds that job.

The record names the job, which holds the answer once there is one. A job that fails takes its record along: the same request may be
sent again and is a new one.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.core.clock import Clock
from shared.core.errors import ServiceUnavailable
from shared.core.ids import random_base62
from shared.documents.change import read_modify_write
from shared.documents.document import Conflict, Create, Documents, Unavailable, Update, Version, Write
from shared.events.announce import announce
from shared.idempotency.record import IdempotencyKey, look_up, started_fields
from shared.jobs.find import facets_of
from shared.jobs.job import START_GRACE, job_path
from shared.tasks.hand_over import hand_over
from shared.tasks.queues import Queue
from shared.tasks.task import Tasks, work_on_job
from shared.users.user import telling, user_path


@dataclass(frozen=True)
class Wanted:
    """What to start: `queue` of its first step, `lasts` how long it may take in all, `fields` whatever else the document holds;
    `tags` and `metadata` are the caller's own."""

    type: str
    input: Mapping[str, Any]
    queue: Queue
    lasts: timedelta
    fields: Mapping[str, Any]
    tags: Sequence[str] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    # Whether the request's key belongs to the job also if that fails.
    keeps_key: bool = False
    # Whether the same input, of the same user, is not to be worked on twice at a time.
    once_at_a_time: bool = False
    # The types of events that its user's webhooks want.
    told: frozenset[str] = frozenset()
    # What its id is to be like, in place of ours.
    named: Callable[[datetime], str] | None = None


@dataclass(frozen=True)
class Started:
    """`is_replay`: an earlier request had started it, this very one or (`is_running`) one that wanted the same."""

    job_id: str
    is_replay: bool
    is_running: bool = False


def start(
    wanted: Wanted,
    key: IdempotencyKey,
    request_id: str,
    *,
    documents: Documents,
    tasks: Tasks,
    clock: Clock,
    more: Callable[[str], Sequence[Write]] = lambda job_id: (),
) -> Started:
    """`more` is written in the same commit. Raises IdempotencyConflict, ServiceUnavailable (send it again), and `more`'s."""
    expired: Version | None = None

    def attempt() -> Started:
        nonlocal expired
        now = clock.now()
        job_id = wanted.named(now) if wanted.named is not None else f"job_{random_base62(22)}"
        record = started_fields(key, job_id=job_id, request_id=request_id, now=now)
        guard: Write = Create(key.path, record) if expired is None else Update(key.path, record, if_version=expired)
        job, running = _asked_for(wanted, key, request_id, now), _running(wanted, key.uid)
        if (other := _job_at(running, documents)) is not None:
            return Started(other, is_replay=True, is_running=True)
        claimed = [Create(running, {"uid": key.uid, "jobId": job_id, "createdAt": now})] if running else []
        try:
            writes = [guard, Create(job_path(job_id), job), *claimed, *more(job_id)]
            documents.commit(*writes)
        except Conflict:
            earlier = look_up(key, documents=documents, now=now)
            if earlier.job_id is not None:
                return Started(earlier.job_id, is_replay=True)
            expired = earlier.expired_version
            raise
        hand_over(work_on_job(job_id, wanted.queue), tasks)
        announce(writes, tasks)
        return Started(job_id, is_replay=False)

    try:
        return read_modify_write(attempt)
    except Unavailable as error:
        raise ServiceUnavailable from error


def _job_at(running: str | None, documents: Documents) -> str | None:
    """The job that does this work now."""
    [document] = documents.get(running) if running else [None]
    return document.fields["jobId"] if document is not None else None


def _running(wanted: Wanted, uid: str) -> str | None:
    """Where it is said that this work is being done."""
    if not wanted.once_at_a_time:
        return None
    canonical = json.dumps([wanted.fields.get("dialect", "soku"), wanted.type, wanted.input], sort_keys=True)
    return f"{user_path(uid)}/runningJobs/{hashlib.sha256(canonical.encode()).hexdigest()}"


def _asked_for(wanted: Wanted, key: IdempotencyKey, request_id: str, now: datetime) -> dict[str, Any]:
    """By the request of this key."""
    return {
        **job_fields(wanted, key.uid, request_id, now),
        **({"keepsKey": True} if wanted.keeps_key else {}),
        **({"runningPath": path} if (path := _running(wanted, key.uid)) else {}),
        **telling(wanted.told),
        "recordPath": key.path,
    }


def job_fields(wanted: Wanted, uid: str, request_id: str, now: datetime) -> dict[str, Any]:
    """The document of a job that begins."""
    return {
        "uid": uid,
        "type": wanted.type,
        "dialect": "soku",
        "status": "queued",
        "input": dict(wanted.input),
        "queue": wanted.queue.name,
        # Where it begins, should it be tried once more.
        "firstQueue": wanted.queue.name,
        "attempt": 0,
        "facets": facets_of(wanted.type, wanted.tags),
        **({"tags": list(wanted.tags)} if wanted.tags else {}),
        **({"metadata": dict(wanted.metadata)} if wanted.metadata else {}),
        "requestId": request_id,
        "createdAt": now,
        "updatedAt": now,
        "deadlineAt": now + wanted.lasts,
        "sweepAt": now + START_GRACE,
        **wanted.fields,
    }
