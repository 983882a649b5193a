"""How far a post is, in one word. Of the submission the word is stored, so that posts can be asked for by it; of a target it is
derived.

draft ─► queued | scheduled ─► publishing ─► published | partial | failed | needs_check | missed
            └────────────────► cancelled

needs_check: of at least one target nobody can know whether it is public.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

State = Literal[
    "draft", "scheduled", "queued", "publishing", "published", "partial", "failed", "needs_check", "cancelled", "missed"
]  # fmt: skip
TargetState = Literal["queued", "publishing", "waiting", "published", "failed", "needs_check", "cancelled", "missed"]
DRAFT: Final = "draft"
CANCELLED: Final = "cancelled"
MISSED: Final = "missed"
STATES: tuple[State, ...] = get_args(State)
DONE = frozenset[str]({"published", "partial", "failed", "needs_check", "cancelled", "missed"})
# What a run's error is called where no platform, and no file, is to blame.
_OWN_ENDS: Mapping[str, TargetState] = {"outcome_unknown": "needs_check", CANCELLED: CANCELLED, MISSED: MISSED}
# The code of a run's error → where `runCounts` counts it beside the failed ones.
COUNTED: Mapping[str, str] = {"outcome_unknown": "outcomeUnknown", CANCELLED: CANCELLED, MISSED: MISSED}


def state_of_accepted(*, is_scheduled: bool) -> State:
    return "scheduled" if is_scheduled else "queued"


def state_of_ended(counts: Mapping[str, int]) -> State:
    """Of a post whose runs have all ended."""
    total, succeeded = counts["total"], counts["succeeded"]
    if counts["outcomeUnknown"]:
        return "needs_check"
    if succeeded:
        return "published" if succeeded == total else "partial"
    if total and counts.get(CANCELLED, 0) == total:
        return CANCELLED
    return MISSED if total and counts.get(MISSED, 0) == total else "failed"


def state_of_submission(fields: Mapping[str, Any]) -> State:
    """As stored; of documents from before it was, as it would have been."""
    stored = fields.get("state")
    if stored in STATES:
        return stored
    if fields["status"] == "cancelled":
        return "cancelled"
    if fields.get("completedAt") is not None:
        return state_of_ended(fields["runCounts"])
    if fields["status"] == "queued":
        return state_of_accepted(is_scheduled=fields.get("scheduledTime") is not None)
    return "publishing"


def state_of_target(run: Mapping[str, Any] | None, post: State) -> TargetState:
    """`run` is None before there is one."""
    if run is None:
        return "cancelled" if post == "cancelled" else "queued"
    match run["status"]:
        case "queued":
            return "queued"
        case "processing":
            return "waiting" if run.get("nextAttemptAt") is not None else "publishing"
        case "succeeded":
            return "published"
        case _:
            error: Mapping[str, Any] = run.get("error") or {}
            return _OWN_ENDS.get(str(error.get("code")), "failed")
