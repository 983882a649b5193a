"""Which of LinkedIn's answers means what: {status, serviceErrorCode, code, message, errorDetails?}."""

import logging
import re
from datetime import datetime, timedelta
from typing import Any

from shared.http.client import HttpAnswer
from shared.platforms.failure import FailureKind, PlatformFailure, kind_by_status

_log = logging.getLogger(__name__)

_DEAD_TOKEN = frozenset(
    {
        "65600",
        "65601",
        "65602",
        "REVOKED_ACCESS_TOKEN",
        "EXPIRED_ACCESS_TOKEN",
        "INVALID_ACCESS_TOKEN",
        "EMPTY_ACCESS_TOKEN",
    }
)
# LinkedIn-Version is past its year: SOKU_LINKEDIN_VERSION.
_DEAD_VERSION = "NONEXISTENT_VERSION"
RETIRED_PAUSE_SECONDS = 600.0
# Seen to pass by clients that tried again.
_PASSING = ("resource is forbidden", "unable to obtain activity")
_POST_URN = re.compile(r"urn:li:(?:share|ugcPost):\d+")


def failure_of(answer: HttpAnswer, now: datetime) -> PlatformFailure:
    body = answer.json()
    inputs: list[dict[str, Any]] = (body.get("errorDetails") or {}).get("inputErrors") or []
    code = str((inputs[0].get("code") if inputs else None) or body.get("code") or body.get("serviceErrorCode") or answer.status)
    message = str(body.get("message") or "no reason given")
    if answer.status == 426 or code == _DEAD_VERSION:
        return _retired(code, message, answer.status)
    kind = _kind(answer.status, {code, str(body.get("serviceErrorCode"))}, message)
    return PlatformFailure(
        kind,
        f"LinkedIn: {message}",
        platform_code=code,
        platform_message=message,
        http_status=answer.status,
        retry_after_seconds=_until_reset(answer, now) if kind == "throttled" else None,
    )


def _retired(code: str, message: str, status: int) -> PlatformFailure:
    """Nothing works, with any account, until the operator has set another version: waited for, as long as a post lives."""
    _log.error("platform.version_retired", extra={"platform": "linkedin", "variable": "SOKU_LINKEDIN_VERSION", "reason": message})
    return PlatformFailure(
        "throttled",
        "LinkedIn no longer serves the version of its API that is set here as SOKU_LINKEDIN_VERSION.",
        code="platform_version_retired",
        remediation="Ask the operator of this Soku to set a newer version. The post is tried again for 24 hours.",
        platform_code=code,
        platform_message=message,
        http_status=status,
        retry_after_seconds=RETIRED_PAUSE_SECONDS,
    )


def original_of(failure: PlatformFailure) -> str | None:
    """The post that a refused duplicate is one of."""
    named = _POST_URN.search(failure.platform_message or "")
    return named[0] if named else None


def _kind(status: int, codes: set[str], message: str) -> FailureKind:
    if codes & _DEAD_TOKEN:
        return "reauth"
    if any(words in message.lower() for words in _PASSING):
        return "transient"
    if "DUPLICATE_POST" in codes or "duplicate of urn:li:" in message:
        return "duplicate"
    return "processing" if status == 409 else kind_by_status(status)


def _until_reset(answer: HttpAnswer, now: datetime) -> float:
    """LinkedIn's limits are reset at midnight, UTC; it names no other time."""
    named = answer.headers.get("retry-after", "")
    if named.isdecimal():
        return float(named)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (midnight - now).total_seconds() + 60
