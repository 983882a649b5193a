"""Which of Google's answers means what: {error: {code, message, errors: [{domain, reason, message}]}}, judged by the reason."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shared.http.client import HttpAnswer
from shared.platforms.failure import FailureKind, PlatformFailure, kind_by_status

# Quotas are reset at midnight, Pacific time.
_QUOTA_ZONE = ZoneInfo("America/Los_Angeles")
RATE_PAUSE_SECONDS = 60.0
# A channel's own limit is of a rolling day, whose end nobody names; and every try counts against the project's quota.
CHANNEL_PAUSE_SECONDS = 6 * 3600.0

_BY_REASON: dict[str, FailureKind] = {
    "uploadLimitExceeded": "throttled",
    "quotaExceeded": "throttled",
    "dailyLimitExceeded": "throttled",
    "rateLimitExceeded": "throttled",
    "userRateLimitExceeded": "throttled",
    "authError": "reauth",
    "youtubeSignupRequired": "permission",
    "forbidden": "permission",
    "insufficientPermissions": "permission",
    "accountClosed": "permission",
    "accountSuspended": "permission",
    "mediaBodyRequired": "media_invalid",
    "backendError": "transient",
    "internalError": "transient",
}
_REMEDIES = {"youtubeSignupRequired": "Create a YouTube channel for this Google account, then connect it again."}


def failure_of(answer: HttpAnswer, now: datetime) -> PlatformFailure:
    error = answer.json().get("error")
    named: dict[str, Any] = error if isinstance(error, dict) else {}
    first: dict[str, Any] = next(iter(named.get("errors") or []), {})
    reason, message = str(first.get("reason") or answer.status), str(named.get("message") or "no reason given")
    # invalidTitle, invalidDescription, invalidTags, …
    kind = _BY_REASON.get(reason) or ("rejected" if reason.startswith("invalid") else kind_by_status(answer.status))
    return PlatformFailure(
        kind,
        f"YouTube: {message}",
        remediation=_REMEDIES.get(reason),
        platform_code=reason,
        platform_message=message,
        http_status=answer.status,
        retry_after_seconds=_pause(reason, now) if kind == "throttled" else None,
    )


def _pause(reason: str, now: datetime) -> float:
    match reason:
        case "quotaExceeded" | "dailyLimitExceeded":
            there = now.astimezone(_QUOTA_ZONE)
            midnight = datetime(there.year, there.month, there.day, tzinfo=_QUOTA_ZONE) + timedelta(days=1)
            return (midnight - now).total_seconds() + RATE_PAUSE_SECONDS
        case "uploadLimitExceeded":
            return CHANNEL_PAUSE_SECONDS
        case _:
            return RATE_PAUSE_SECONDS
