"""A run: one submission's publication on one account, and every change of its state.

status   queued ─► processing ─► succeeded | failed                          for the customer; only moves forward in a round
phase    queued ─► preparing ─► intent ─(public call)─► published ─► done    for its workers
                       ▲           │
                       └───────────┘ refused, or provably absent on the platform
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from shared.accounts.account import AccountKey
from shared.documents.document import COMMIT_TIME, REMOVE, Changes, Document, Version
from shared.platforms.content import Content
from shared.platforms.failure import PlatformFailure
from shared.users.user import told_of

RunStatus = Literal["queued", "processing", "succeeded", "failed"]
Phase = Literal["queued", "preparing", "intent", "published", "done"]

# What has not ended after this long is reconciled and given up.
DEADLINE = timedelta(hours=24)
# How late a post's public call may begin, unless its sender says otherwise.
PUBLISH_WITHIN_SECONDS = 86_400
# Of an outcome that nobody could find out, and of which a person has said that nothing is public.
NOT_PUBLISHED: Final = "not_published"
# What only its workers need.
_CLEARED_AT_THE_END = (
    "leaseUntil",
    "sweepAt",
    "nextAttemptAt",
    "handle",
    "callFailure",
    "absentListings",
    "unresolved",
)


def submission_path(submission_id: str) -> str:
    return f"postSubmissions/{submission_id}"


# The changes of state, each as what is written.
QUEUED: Final[Changes] = {"status": "queued", "phase": "queued", "attempt": 0}
# On rollback to `preparing`: the call that was announced is made anew, or not at all.
ROLLED_BACK: Final[Changes] = {"phase": "preparing", "intentAt": REMOVE, "absentListings": REMOVE, "callFailure": REMOVE}


def claimed(run: "Run") -> Changes:
    """A worker has taken it."""
    phase = "preparing" if run.phase == "queued" else run.phase
    return {"status": "processing", "phase": phase, "attempt": run.attempt + 1, "nextAttemptAt": REMOVE}


def intended(run: "Run") -> Changes:
    """The write-ahead intent: from the moment this is saved until an answer is, nobody knows whether the post is public.

    Its time is its own commit's.
    """
    first = run.first_intent_at or COMMIT_TIME
    return {"phase": "intent", "intentAt": COMMIT_TIME, "firstIntentAt": first, "intents": run.intents + 1}


def retried(run: "Run", now: datetime) -> Changes:
    """A new round of a run that provably is not public, with nothing left of the ones before but what they had sent, and when,
    and whether that is in doubt."""
    over = ("error", "completedAt", "handle", "intentAt", "callFailure", "unresolved", "resolution", "reauths", "notes")
    return {
        **dict.fromkeys(over, REMOVE),
        **QUEUED,
        "round": run.round + 1,
        "dueAt": now,
        "attempts": list(run.all_attempts),
    }


def made_public(post_id: str, url: str | None, notes: Sequence[str]) -> Changes:
    """The platform has named the post; whatever happens now, it is published."""
    return {"phase": "published", "platformPostId": post_id, "platformPostUrl": url, "notes": list(notes)}


def ended(status: Literal["succeeded", "failed"], now: datetime) -> dict[str, Any]:
    return {"status": status, "phase": "done", "completedAt": now, **dict.fromkeys(_CLEARED_AT_THE_END, REMOVE)}


@dataclass(frozen=True)
class RunPath:
    """The way to a run; what tasks carry."""

    submission_id: str
    run_id: str

    def __str__(self) -> str:
        return f"{submission_path(self.submission_id)}/runs/{self.run_id}"

    @staticmethod
    def parse(path: str) -> "RunPath":
        _, submission_id, _, run_id = path.split("/")
        return RunPath(submission_id, run_id)


@dataclass(frozen=True)
class Run:
    """One publication on one account, with what its workers keep. Instants are UTC."""

    path: RunPath
    version: Version
    uid: str
    platform: str
    account_id: str
    status: RunStatus
    phase: Phase
    attempt: int
    content: Content
    options: Mapping[str, Any]
    due_at: datetime
    # How late its public call may begin.
    publish_within: timedelta = timedelta(seconds=PUBLISH_WITHIN_SECONDS)
    # What the platform said of the account.
    facts: Mapping[str, Any] = field(default_factory=dict)
    sealed_handle: Mapping[str, Any] | None = None
    lease_until: datetime | None = None
    next_attempt_at: datetime | None = None
    intent_at: datetime | None = None
    first_intent_at: datetime | None = None
    intents: int = 0
    absent_listings: int = 0
    # What the platform said at the public call, where that did not settle whether the post is public.
    call_failure: PlatformFailure | None = None
    # An earlier public call timed out, and was then found, or taken, not to have worked: a retry may find its duplicate.
    doubted: bool = False
    # Only sending it again tells whether the earlier call worked: until then, the post may be public.
    unresolved: bool = False
    platform_post_id: str | None = None
    platform_post_url: str | None = None
    attempts: tuple[Mapping[str, Any], ...] = ()
    # What it failed with.
    error: Mapping[str, Any] | None = None
    # How often it was retried.
    round: int = 0
    # What a person has said of an unknown outcome: {published, platformPostId}.
    resolution: Mapping[str, Any] | None = None
    # What people did to it: {action, at, apiKeyId}, the latest last.
    actions: tuple[Mapping[str, Any], ...] = ()
    # What it costs is counted (shared/publishing/spending.py).
    is_counted: bool = False
    # How often the platform refused the account's token in this run.
    reauths: int = 0
    # What is otherwise than was asked for, of a post that is public.
    notes: tuple[str, ...] = ()
    # What is sent after the post is public, as far as it got: {name, state: intent | sent, id}.
    follow_ups: tuple[Mapping[str, Any], ...] = ()
    # New posts follow from it, if it succeeds; until they are made.
    fires_automations: bool = False
    target_id: str = ""
    told: frozenset[str] = frozenset()

    @property
    def error_code(self) -> str | None:
        return (self.error or {}).get("code")

    @property
    def all_attempts(self) -> Sequence[Mapping[str, Any]]:
        """Those of a run that has failed are in its error."""
        return (self.error or {}).get("attempts") or self.attempts

    @property
    def awaits_automations(self) -> bool:
        return self.fires_automations and self.status == "succeeded"

    @property
    def may_be_public(self) -> bool:
        """Whether its outcome is unknown so far."""
        return self.phase == "intent" or (self.phase == "preparing" and self.unresolved)

    @property
    def refused_as_duplicate(self) -> PlatformFailure | None:
        """The refusal of a public call that no earlier one casts doubt on: of a copy, or of this very call delivered twice."""
        said = self.call_failure
        return said if said is not None and said.kind == "duplicate" and not self.doubted else None

    @property
    def is_final(self) -> bool:
        return self.status in ("succeeded", "failed")

    @property
    def account(self) -> AccountKey:
        return AccountKey(self.uid, self.platform, self.account_id)

    @property
    def publish_by(self) -> datetime:
        """No public call begins at this moment or later."""
        return self.due_at + self.publish_within

    @property
    def ends_by(self) -> datetime:
        """When it is given up, as far as it has come: what may be public is looked for until its time is over."""
        return self.due_at + DEADLINE if self.phase in ("intent", "published") else self.publish_by

    @staticmethod
    def from_document(document: Document) -> "Run":
        fields = document.fields
        return Run(
            path=RunPath.parse(document.path),
            version=document.version,
            uid=fields["uid"],
            platform=fields["platform"],
            account_id=fields["accountId"],
            status=fields["status"],
            phase=fields["phase"],
            attempt=fields["attempt"],
            content=Content.from_fields(fields["content"]),
            options=fields.get("options") or {},
            due_at=fields["dueAt"],
            publish_within=timedelta(seconds=fields.get("publishWithinSeconds", PUBLISH_WITHIN_SECONDS)),
            facts=fields.get("facts") or {},
            sealed_handle=fields.get("handle"),
            lease_until=fields.get("leaseUntil"),
            next_attempt_at=fields.get("nextAttemptAt"),
            intent_at=fields.get("intentAt"),
            first_intent_at=fields.get("firstIntentAt"),
            intents=fields.get("intents", 0),
            is_counted=fields.get("isCounted", False),
            absent_listings=fields.get("absentListings", 0),
            call_failure=_call_failure(fields.get("callFailure")),
            doubted=fields.get("doubted", False),
            unresolved=fields.get("unresolved", False),
            platform_post_id=fields.get("platformPostId"),
            platform_post_url=fields.get("platformPostUrl"),
            attempts=tuple(fields.get("attempts", ())),
            error=fields.get("error"),
            round=fields.get("round", 0),
            resolution=fields.get("resolution"),
            actions=tuple(fields.get("actions", ())),
            reauths=fields.get("reauths", 0),
            notes=tuple(fields.get("notes", ())),
            follow_ups=tuple(fields.get("followUps", ())),
            fires_automations=fields.get("firesAutomations", False),
            target_id=fields.get("targetId", ""),
            told=told_of(fields),
        )


def _call_failure(fields: Mapping[str, Any] | None) -> PlatformFailure | None:
    if fields is None:
        return None
    of_a_copy = fields.get("ofACopy", False)
    return PlatformFailure.from_fields(fields, published_after_all=fields["publishedAfterAll"], of_a_copy=of_a_copy)
