"""A job: something long that one request started, and what came of it.

    queued ─► processing ─► succeeded | failed | expired (took longer than it may take)
       └─────────┴ delayed: waits for its next try
    until then anybody whose it is may make it cancelled (cancel.py)

It is the outbox as well: `sweepAt` is when the sweeper looks whether it has moved. A worker holds it by a lease; whoever asked for
it reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from shared.documents.document import REMOVE, Delete, Document, Version, Write
from shared.documents.lease import Term
from shared.users.user import told_of

Status = Literal["queued", "delayed", "processing", "succeeded", "failed", "cancelled", "expired"]
FINAL = frozenset[str]({"succeeded", "failed", "cancelled", "expired"})

# A worker that died is replaced after this long.
TERM = Term(timedelta(seconds=60), ("leaseUntil", "sweepAt"))
# A task that was lost is made again after this long.
START_GRACE = timedelta(seconds=30)
# A job that ended can be read for this long (contract, section 7), and so can its result.
KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Job:
    """`input` is what was asked, `state` what earlier tries found out (the recovery point); `queue` is where its tasks go."""

    id: str
    version: Version
    uid: str
    type: str
    status: Status
    input: Mapping[str, Any]
    state: Mapping[str, Any]
    result: Mapping[str, Any] | None
    error: Mapping[str, Any] | None
    queue: str
    attempt: int
    failures: int
    credits_debited: int
    record_path: str | None
    # Whether its request's key belongs to it for as long as it is there, also if it fails.
    keeps_key: bool
    # Says, while it runs, that this very work is being done (start.py).
    running_path: str | None
    progress: Mapping[str, Any]
    request_id: str
    created_at: datetime
    deadline_at: datetime
    lease_until: datetime | None
    # The types of events that its user's webhooks want.
    told: frozenset[str] = frozenset()
    dialect: str = "soku"
    # Of an operation (shared/operations): {name, status} each.
    steps: tuple[Mapping[str, str], ...] = ()
    estimated_seconds: int = 0

    @property
    def path(self) -> str:
        return job_path(self.id)

    @property
    def is_untidy(self) -> bool:
        """Whether its workers keep more in `state` than what is done."""
        return bool(set(self.state) - {"done"})

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @staticmethod
    def from_document(document: Document) -> "Job":
        fields = document.fields
        return Job(
            id=document.id,
            version=document.version,
            uid=fields["uid"],
            type=fields["type"],
            status=fields["status"],
            input=fields["input"],
            state=fields.get("state") or {},
            result=fields.get("result"),
            error=fields.get("error"),
            queue=fields["queue"],
            attempt=fields.get("attempt", 0),
            failures=fields.get("failures", 0),
            credits_debited=fields.get("creditsDebited", 0),
            record_path=fields.get("recordPath"),
            keeps_key=fields.get("keepsKey", False),
            running_path=fields.get("runningPath"),
            progress=fields.get("progress") or {},
            request_id=fields["requestId"],
            created_at=fields["createdAt"],
            deadline_at=fields["deadlineAt"],
            lease_until=fields.get("leaseUntil"),
            told=told_of(fields),
            dialect=fields.get("dialect", "soku"),
            steps=tuple(fields.get("steps", ())),
            estimated_seconds=fields.get("estimatedCompletionSeconds", 0),
        )


def ended_writes(job: Job, *, succeeded: bool = False) -> list[Write]:
    """What goes with a job's end: nobody is told any more that it runs, and a request that did not succeed is forgotten, unless its
    key is to live as long as the job."""
    forgets = job.record_path is not None and not succeeded and not job.keeps_key
    gone = [job.running_path, job.record_path if forgets else None]
    return [Delete(path) for path in gone if path is not None]


def ended_fields(now: datetime) -> dict[str, Any]:
    """Of a job that is over."""
    return {"updatedAt": now, "finishedAt": now, "expireAt": now + KEPT, **dict.fromkeys(TERM.fields, REMOVE)}


def job_path(job_id: str) -> str:
    return f"jobs/{job_id}"
