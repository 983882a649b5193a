"""A job: something long that one request started, and what came of it.

    queued ─► processing ─► succeeded | failed
                 └ delayed: waits for its next try

It is the outbox as well: `sweepAt` is when the sweeper looks whether it has moved. A worker holds it by a lease; whoever asked for
it reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from shared.documents.document import Document, Version
from shared.documents.lease import Term

Status = Literal["queued", "delayed", "processing", "succeeded", "failed", "cancelled", "expired"]
FINAL = frozenset[str]({"succeeded", "failed", "cancelled", "expired"})

# A worker that died is replaced after this long.
TERM = Term(timedelta(seconds=60), ("leaseUntil", "sweepAt"))
# A task that was lost is made again after this long.
START_GRACE = timedelta(seconds=30)
# A job that ended can be read for this long (contract, section 7).
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
    request_id: str
    created_at: datetime
    deadline_at: datetime
    lease_until: datetime | None

    @property
    def path(self) -> str:
        return job_path(self.id)

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
            request_id=fields["requestId"],
            created_at=fields["createdAt"],
            deadline_at=fields["deadlineAt"],
            lease_until=fields.get("leaseUntil"),
        )


def job_path(job_id: str) -> str:
    return f"jobs/{job_id}"
