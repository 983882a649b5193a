"""A post as the API shows it, derived from its documents by one function (contract with callers: docs/reading.md).

Firestore's documents stay what a web app listens to.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.core.clock import iso8601
from shared.documents.document import Document
from shared.posts.run import PUBLISH_WITHIN_SECONDS
from shared.posts.state import DONE, state_of_submission, state_of_target
from shared.posts.submission import FIRST_VERSION

# How soon to ask again while something moves, and at most.
SOON_SECONDS, LONGEST_SECONDS = 1, 60

# In place of a time.
NEXT_FREE_SLOT = "next-free-slot"


def post_view(submission: Document, runs: Sequence[Document]) -> dict[str, Any]:
    """All that there is to say; times as ISO 8601."""
    fields, by_id = submission.fields, {run.id: run.fields for run in runs}
    state = state_of_submission(fields)
    return {
        **_summary(submission),
        "post": fields["post"],
        "targets": [_target(target, by_id.get(target["runId"]), state) for target in fields["targets"]],
        "warnings": [{**warning, "at": iso8601(warning["at"])} for warning in fields.get("warnings", ())],
    }


def post_summary(submission: Document) -> dict[str, Any]:
    """In a list: without the content, its targets by name."""
    names = ("targetId", "runId", "platform", "accountId")
    targets = [{name: target[name] for name in names} for target in submission.fields["targets"]]
    return {**_summary(submission), "targets": targets}


def _summary(submission: Document) -> dict[str, Any]:
    fields = submission.fields
    state = state_of_submission(fields)
    return {
        "id": submission.id,
        "state": state,
        "done": state in DONE,
        "version": fields.get("version", FIRST_VERSION),
        "counts": {name: fields["runCounts"].get(name, 0) for name in ("total", "succeeded", "failed", "outcomeUnknown")},
        "scheduledTime": NEXT_FREE_SLOT if fields.get("wantsSlot") else _moment(fields.get("scheduledTime")),
        "publishWithinSeconds": fields.get("publishWithinSeconds", PUBLISH_WITHIN_SECONDS),
        "dueAt": _moment(fields.get("dueAt")),
        "metadata": fields.get("metadata") or {},
        "tags": fields.get("tags") or [],
        "origin": fields.get("origin", "api"),
        "createdAt": _moment(fields["createdAt"]),
        "updatedAt": _moment(fields["updatedAt"]),
        "completedAt": _moment(fields.get("completedAt")),
    }


def _target(target: Mapping[str, Any], run: Mapping[str, Any] | None, state: Any) -> dict[str, Any]:
    there = run or {}
    error = there.get("error")
    attempts = (error or {}).get("attempts") or there.get("attempts") or ()
    return {
        **{name: target[name] for name in ("targetId", "runId", "platform", "accountId")},
        "state": state_of_target(run, state),
        "platformPostId": there.get("platformPostId"),
        "platformPostUrl": there.get("platformPostUrl"),
        "error": {name: value for name, value in error.items() if name != "attempts"} if error else None,
        "notes": list(there.get("notes") or ()),
        "attempts": [{**one, "at": iso8601(one["at"])} for one in attempts],
        "nextAttemptAt": _moment(there.get("nextAttemptAt")),
        "actions": [{**one, "at": iso8601(one["at"])} for one in there.get("actions") or ()],
        "updatedAt": _moment(there.get("updatedAt")),
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else iso8601(at)


def etag_of(view: Mapping[str, Any]) -> str:
    """`"{version}.{16 hex}"`: the version alone is what a change is made on; all of it, whether anything is different."""
    digest = hashlib.sha256(json.dumps(view, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    return f'"{view["version"]}.{digest[:16]}"'


def ask_again_in(submission: Document, runs: Sequence[Document], now: datetime) -> int | None:
    """Seconds; None once it is done. While a post waits for its time, or a run for its next attempt, nothing happens before."""
    fields = submission.fields
    if state_of_submission(fields) in DONE:
        return None
    if fields["status"] == "draft":
        return LONGEST_SECONDS
    waits = [run.fields["nextAttemptAt"] for run in runs if run.fields.get("nextAttemptAt") is not None]
    moving = [run for run in runs if run.fields["status"] in ("queued", "processing") and run.fields.get("nextAttemptAt") is None]
    until: datetime | None = fields.get("dueAt") if fields["status"] == "queued" else None
    if until is None and waits and not moving:
        until = min(waits)
    seconds = math.ceil((until - now) / timedelta(seconds=1)) if until is not None else SOON_SECONDS
    return max(SOON_SECONDS, min(seconds, LONGEST_SECONDS))
