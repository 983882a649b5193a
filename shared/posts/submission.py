"""A submission: one accepted post and where it goes.

    queued ─► orchestrating ─► dispatched          (or cancelled, from queued)

It is the outbox as well: `sweepAt` is when the sweeper looks whether it has moved.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from shared.documents.document import Document, Version
from shared.platforms.content import Content
from shared.posts.run import RunPath, submission_path

SubmissionStatus = Literal["queued", "orchestrating", "dispatched", "cancelled"]

MAX_TARGETS = 50
# The sweeper takes up a scheduled post this long before it is due.
SCHEDULE_AHEAD = timedelta(minutes=5)


@dataclass(frozen=True)
class Target:
    """One account on one platform that the post goes to."""

    platform: str
    account_id: str
    target_id: str
    run_id: str
    # What the customer said for this target alone, valid as the platform's options.
    options: Mapping[str, Any] = field(default_factory=dict)
    # Where it stands in the request; not kept.
    field: str = ""

    def to_fields(self) -> dict[str, Any]:
        fields = {
            "platform": self.platform,
            "accountId": self.account_id,
            "targetId": self.target_id,
            "runId": self.run_id,
        }
        return {**fields, "options": dict(self.options)} if self.options else fields

    @staticmethod
    def from_fields(fields: Mapping[str, Any]) -> "Target":
        return Target(fields["platform"], fields["accountId"], fields["targetId"], fields["runId"], fields.get("options") or {})


@dataclass(frozen=True)
class Submission:
    id: str
    version: Version
    uid: str
    status: SubmissionStatus
    content: Content
    targets: tuple[Target, ...]
    due_at: datetime
    created_at: datetime
    counts: Mapping[str, int]
    derived_key_path: str | None
    completed_at: datetime | None
    sweep_at: datetime | None
    request_id: str

    @property
    def path(self) -> str:
        return submission_path(self.id)

    @property
    def ended(self) -> int:
        """How many runs have ended."""
        return self.counts["succeeded"] + self.counts["failed"]

    @property
    def run_paths(self) -> "tuple[RunPath, ...]":
        return tuple(RunPath(self.id, target.run_id) for target in self.targets)

    @staticmethod
    def from_document(document: Document) -> "Submission":
        fields = document.fields
        return Submission(
            id=document.id,
            version=document.version,
            uid=fields["uid"],
            status=fields["status"],
            content=Content.from_fields(fields["content"]),
            targets=tuple(Target.from_fields(target) for target in fields["targets"]),
            due_at=fields["dueAt"],
            created_at=fields["createdAt"],
            counts=fields["runCounts"],
            derived_key_path=fields.get("derivedKeyPath"),
            completed_at=fields.get("completedAt"),
            sweep_at=fields.get("sweepAt"),
            request_id=fields["requestId"],
        )
