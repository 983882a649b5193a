"""What a job is to whoever started it: derived from its document by one function, whichever way it is asked for."""

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.core.clock import iso8601
from shared.documents.document import Document
from shared.jobs.job import FINAL

# Of what was asked for, what is ours.
_INTERNAL = frozenset({"storagePath", "sizeBytes", "contentType", "file", "channel", "model_input"})
# When it is worth asking again.
ASK_AGAIN_SECONDS = 2
_TIMES = ("deadlineAt", "resultExpiresAt", "createdAt", "startedAt", "updatedAt", "finishedAt")


def job_view(document: Document, base_url: str) -> dict[str, Any]:
    """All of it but the result, which has an address of its own."""
    fields, url = document.fields, f"{base_url}/v1/jobs/{document.id}"
    status: str = fields["status"]
    charged, refunded = fields.get("creditsDebited", 0), fields.get("creditsRefunded", 0)
    return {
        "id": document.id,
        "type": fields["type"],
        "dialect": fields["dialect"],
        "status": status,
        "done": status in FINAL,
        "progress": _progress(fields),
        "input": {name: value for name, value in fields["input"].items() if name not in _INTERNAL},
        "tags": list(fields.get("tags", ())),
        "metadata": dict(fields.get("metadata", {})),
        "error": fields.get("error"),
        "lastError": _last_error(fields),
        "credits": {
            "debited": charged,
            "debitEntry": document.id if charged else None,
            "refunded": refunded,
            "refundEntry": f"{document.id}-refund" if refunded else None,
        },
        "steps": list(fields.get("steps", ())),
        "attempts": fields["attempt"],
        "retryOf": fields.get("retryOf"),
        "parent": fields.get("parent"),
        "requestId": fields["requestId"],
        **{name: iso8601(at) if (at := fields.get(name)) is not None else None for name in _TIMES},
        "url": url,
        "resultUrl": f"{url}/result",
    }


def _progress(fields: Mapping[str, Any]) -> dict[str, Any]:
    known = fields.get("progress") or {}
    percentage = 100 if fields["status"] == "succeeded" else known.get("percentage", 0)
    return {"percentage": percentage, "step": known.get("step"), "message": known.get("message")}


def _last_error(fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """What it waits for to pass, or what was last in the way."""
    last = fields.get("lastError")
    return {**last, "at": iso8601(last["at"])} if last is not None else None


def etag_of(view: Mapping[str, Any]) -> str:
    return f'"{hashlib.sha256(json.dumps(view, sort_keys=True).encode()).hexdigest()[:16]}"'


def ask_again_in(document: Document, now: datetime) -> int | None:
    """Seconds; None where nothing more will happen."""
    fields = document.fields
    if fields["status"] in FINAL:
        return None
    if fields["status"] == "delayed" and fields.get("leaseUntil") is not None:
        return max(1, math.ceil((fields["leaseUntil"] - now).total_seconds()))
    return ASK_AGAIN_SECONDS
