"""One line of a customer's request log. Its id is random: a client may send the same request id any number of times."""

from datetime import datetime, timedelta

from shared.documents.document import Create
from shared.users.user import user_path

# Firestore's TTL policy deletes the entry after this long.
KEPT = timedelta(days=30)


def log_entry(
    uid: str,
    *,
    entry_id: str,
    request_id: str,
    method: str,
    path: str,
    route: str,
    status: int,
    started_at: datetime,
    now: datetime,
    api_key_id: str | None,
    error_code: str | None,
) -> Create:
    fields = {
        "uid": uid,
        "requestId": request_id,
        "method": method,
        "path": path,
        "route": route,
        "status": status,
        "durationMs": round((now - started_at).total_seconds() * 1000),
        "apiKeyId": api_key_id,
        "errorCode": error_code,
        "createdAt": now,
        "expireAt": now + KEPT,
    }
    return Create(f"{user_path(uid)}/apiRequests/{entry_id}", fields)
