"""A submission: one accepted post and where it goes.

    draft ─► queued ─► orchestrating ─► dispatched          (or cancelled, from draft and queued)

files, of one that names addresses: pending ─► done, while it is queued (ingest.py); until then it is not started.

It is the outbox as well: `sweepAt` is when the sweeper looks whether it has moved.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from shared.core.errors import NotFound
from shared.documents.document import Document, Documents, Version
from shared.platforms.content import Content
from shared.posts.errors import PreconditionFailed
from shared.posts.run import PUBLISH_WITHIN_SECONDS, RunPath, submission_path
from shared.users.user import told_of

# Who made it: a request, or an automation, whose posts set off no others.
Origin = Literal["api", "automation"]
SubmissionStatus = Literal["draft", "queued", "orchestrating", "dispatched", "cancelled"]

MAX_TARGETS = 50
CONTENT_FIELD = "body.post.content"
# Facebook's 63,206 characters in three bytes each. The content is kept in each of up to 50 runs, which are made in one
# commit of at most 10 MiB.
MAX_CONTENT_BYTES = 190_000
# Of all targets together, beside the content.
MAX_OPTIONS_BYTES = 300_000
# Of what its owner has changed; progress does not raise it.
FIRST_VERSION = 1
# The sweeper takes up a scheduled post this long before it is due.
SCHEDULE_AHEAD = timedelta(minutes=5)
# A submission that nobody started after this long is started by the sweeper; likewise one whose time has come.
START_GRACE = timedelta(seconds=30)


def field_of(field: str, target: "Target") -> str:
    """Where in the request that can be mended which is wrong with `field` of this target."""
    if field.startswith("body."):
        return field
    if field.startswith("options."):
        return f"{target.field}.{field}"
    if field == "text" and target.options.get("text") is not None:
        return f"{target.field}.options.text"
    return f"{CONTENT_FIELD}.{field}"


def content_bytes(content: Content) -> int:
    """As it is kept, about."""
    return len(json.dumps(content.to_fields(), default=str).encode())


def taken_up_at(now: datetime, due_at: datetime) -> datetime:
    """When the sweeper looks at a submission that only waits for its time: once its task should have started it."""
    return due_at - SCHEDULE_AHEAD if due_at - now > SCHEDULE_AHEAD else max(now, due_at) + START_GRACE


@dataclass(frozen=True)
class Target:
    """One account on one platform that the post goes to."""

    platform: str
    account_id: str
    target_id: str
    run_id: str
    # What the customer said for this target alone, valid as the platform's options.
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    # Where it stands in the request.
    field: str = ""
    # What the platform said of the account, as it was when the post was accepted.
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def to_fields(self) -> dict[str, Any]:
        fields = {
            "platform": self.platform,
            "accountId": self.account_id,
            "targetId": self.target_id,
            "runId": self.run_id,
        }
        more = {"options": dict(self.options), "facts": dict(self.facts), "field": self.field}
        return {**fields, **{name: value for name, value in more.items() if value}}

    @staticmethod
    def from_fields(fields: Mapping[str, Any]) -> "Target":
        return Target(
            fields["platform"],
            fields["accountId"],
            fields["targetId"],
            fields["runId"],
            fields.get("options") or {},
            fields.get("field", ""),
            facts=fields.get("facts") or {},
        )


@dataclass(frozen=True)
class Submission:
    id: str
    version: Version
    uid: str
    status: SubmissionStatus
    content: Content
    targets: tuple[Target, ...]
    # Of a draft: when it was made.
    due_at: datetime
    created_at: datetime
    counts: Mapping[str, int]
    derived_key_path: str | None
    completed_at: datetime | None
    sweep_at: datetime | None
    request_id: str
    # `ingest` has yet to copy what it names by address, and enqueues its orchestration.
    awaits_files: bool = False
    # Of the request that made it, where its key was derived.
    fingerprint: str | None = None
    warnings: tuple[Mapping[str, Any], ...] = ()
    enable_repurposing: bool = False
    origin: Origin = "api"
    # How late its public calls may begin.
    publish_within: timedelta = timedelta(seconds=PUBLISH_WITHIN_SECONDS)
    retried_at: datetime | None = None
    # How often it was retried, or its outcome was said by a person.
    round: int = 0
    # A person has said of a doubtful outcome what became of it, and may be wrong.
    was_unknown: bool = False
    # The slot of its user's plan that it has.
    slot_at: datetime | None = None
    # Of copies that another post has made and counted.
    shared_bytes: int = 0
    # Of its files' copies, which count against the user's quota until it is over.
    copied_bytes: int = 0
    # Raised by its owner's changes.
    owners_version: int = FIRST_VERSION
    # Raised when a change replaces what it says: who works on the older content must not say of the newer that it is done.
    content_revision: int = 0
    # The types of events that its user's webhooks want.
    told: frozenset[str] = frozenset()

    @property
    def fires_automations(self) -> bool:
        """Whether new posts are to follow from its runs."""
        return self.enable_repurposing and self.origin != "automation"

    @property
    def is_over(self) -> bool:
        return self.status == "cancelled" or self.completed_at is not None

    @property
    def begins_at(self) -> datetime:
        """When it is due, or was retried."""
        return max(self.due_at, self.retried_at or self.due_at)

    @property
    def publish_by(self) -> datetime:
        """Nothing of it is begun at this moment or later."""
        return self.begins_at + self.publish_within

    @property
    def is_scheduled(self) -> bool:
        return self.due_at > self.created_at

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
            due_at=fields.get("dueAt", fields["createdAt"]),
            created_at=fields["createdAt"],
            counts=fields["runCounts"],
            derived_key_path=fields.get("derivedKeyPath"),
            completed_at=fields.get("completedAt"),
            sweep_at=fields.get("sweepAt"),
            request_id=fields["requestId"],
            awaits_files=fields["status"] == "queued" and fields.get("files") == "pending",
            warnings=tuple(fields.get("warnings", ())),
            enable_repurposing=fields.get("enableRepurposing", False),
            origin=fields.get("origin", "api"),
            publish_within=timedelta(seconds=fields.get("publishWithinSeconds", PUBLISH_WITHIN_SECONDS)),
            fingerprint=fields.get("fingerprint"),
            retried_at=fields.get("retriedAt"),
            round=fields.get("round", 0),
            was_unknown=fields.get("wasUnknown", False),
            slot_at=fields.get("slotAt"),
            shared_bytes=fields.get("sharedBytes", 0),
            copied_bytes=fields.get("copiedBytes", 0),
            owners_version=fields.get("version", FIRST_VERSION),
            content_revision=fields.get("contentRevision", 0),
            told=told_of(fields),
        )


def require_version(document: Document, version: int | None) -> None:
    """None: whichever there is. Raises PreconditionFailed."""
    current = Submission.from_document(document).owners_version
    if version not in (None, current):
        raise PreconditionFailed(f"The post is at version {current} by now", facts={"version": current})


def own_post(uid: str, post_id: str, documents: Documents) -> Document:
    """The submission's document. Raises NotFound, also for another user's."""
    [document] = documents.get(submission_path(post_id))
    if document is None or document.fields["uid"] != uid:
        raise NotFound("There is no post with this id")
    return document
