"""What an endpoint is sent: the event by its id, type and state, and where to read more; or the thing itself as well.

Signed as Standard Webhooks says (https://www.standardwebhooks.com), with each secret that is good.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook

from shared.core.clock import iso8601
from shared.documents.document import Document, Documents, Query
from shared.jobs.view import job_view
from shared.posts.run import submission_path
from shared.posts.submission import MAX_TARGETS
from shared.posts.view import post_view
from shared.webhooks.endpoint import Payload

# Of a full payload, beyond which the thin one is sent.
MAX_BYTES = 256_000


def event_view(event: Document, base_url: str) -> dict[str, Any]:
    """The event as it is told and listed. `state` is the subject's when it happened."""
    fields = event.fields
    subject: Mapping[str, Any] = fields["subject"]
    named = {name: value for name, value in subject.items() if name not in ("kind", "id")}
    return {
        "id": event.id,
        "type": fields["type"],
        "timestamp": iso8601(fields["createdAt"]),
        "data": {
            "id": subject["id"],
            "object": subject["kind"],
            "state": fields["state"],
            "url": f"{base_url}{fields['shownAt']}",
            **named,
        },
    }


def body_of(event: Document, payload: Payload, base_url: str, documents: Documents) -> bytes:
    """The very bytes that are signed and sent."""
    view = event_view(event, base_url)
    thin = json.dumps(view, separators=(",", ":")).encode()
    if payload == "thin":
        return thin
    shown = _shown(event, base_url, documents)
    full = json.dumps({**view, "data": {**view["data"], "current": shown}}, separators=(",", ":")).encode()
    return full if len(full) <= MAX_BYTES else thin


def headers_of(event_id: str, body: bytes, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    moment = now.astimezone(UTC)
    signatures = [Webhook(secret).sign(event_id, moment, body.decode()) for secret in secrets]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
        "Content-Type": "application/json",
        "User-Agent": "Soku/1.0 (webhooks)",
    }


def _shown(event: Document, base_url: str, documents: Documents) -> Mapping[str, Any] | None:
    """The thing as it is by now, as the API shows it; None where there is nothing more of it, or it is gone."""
    match event.fields["subject"]["kind"]:
        case "job":
            [job] = documents.get(event.fields["subjectPath"])
            return job_view(job, base_url) if job is not None else None
        case "post":
            return _post(event.fields["subjectPath"], documents)
        case "run":
            return _post(submission_path(event.fields["subject"]["postSubmissionId"]), documents)
        case "account":
            return _named(event, documents, ("platform", "accountId", "displayName", "username", "status"))
        case "credits":
            return _named(event, documents, ("balance",))
        case _:
            return None


def _named(event: Document, documents: Documents, names: Sequence[str]) -> Mapping[str, Any] | None:
    [found] = documents.get(event.fields["subjectPath"])
    return {name: found.fields.get(name) for name in names} if found is not None else None


def _post(path: str, documents: Documents) -> Mapping[str, Any] | None:
    [submission] = documents.get(path)
    if submission is None:
        return None
    return post_view(submission, documents.query(Query(f"{path}/runs", limit=MAX_TARGETS)))
