"""Which of Snapchat's answers means what: {request_status, error_code, display_message, debug_message}, perhaps with a 2xx."""

from typing import Any

from shared.http.client import HttpAnswer
from shared.platforms.failure import FailureKind, PlatformFailure, kind_by_status

# 20 requests a second of an app, 10 of a token, by Snap's page on limits; what names no time is waited for as long.
LIMIT_PAUSE_SECONDS = 300.0
PROCESSING_SECONDS = 10.0

_BY_CODE: dict[str, FailureKind] = {
    "MEDIA_PROCESSING": "processing",
    "MEDIA_EXPIRED": "transient",
    "MEDIA_POSTING_ALREADY_IN_PROGRESS": "outcome_unknown",
    "AUTHORIZATION_PERMISSION_DENIED": "permission",
}
_ALLOW_LIST = (
    "Snap has to allow the app (its OAuth client id) and the profile before the Public Profile API may be used: "
    "ask your contact at Snap."
)


def read(answer: HttpAnswer) -> dict[str, Any]:
    """The answer's body; raises PlatformFailure for everything but a success."""
    body = answer.json()
    if 200 <= answer.status < 300 and body.get("request_status") == "SUCCESS":
        return body
    raise failure_of(answer)


def failure_of(answer: HttpAnswer) -> PlatformFailure:
    body = answer.json()
    code = str(body.get("error_code") or answer.status)
    message = str(body.get("display_message") or body.get("debug_message") or "no reason given")
    kind = _BY_CODE.get(code) or _by_status(answer.status, named=bool(body.get("error_code")))
    named = answer.headers.get("retry-after", "")
    pause = float(named) if named.isdecimal() else LIMIT_PAUSE_SECONDS
    return PlatformFailure(
        kind,
        f"Snapchat: {message}",
        remediation=_ALLOW_LIST if kind == "permission" else None,
        platform_code=code,
        platform_message=str(body.get("debug_message") or message),
        http_status=answer.status,
        retry_after_seconds={"throttled": pause, "processing": PROCESSING_SECONDS}.get(kind),
        published_after_all=code == "MEDIA_POSTING_ALREADY_IN_PROGRESS",
        starts_over=code == "MEDIA_EXPIRED",
    )


def _by_status(status: int, *, named: bool) -> FailureKind:
    """Snapchat names errors in answers of 2xx too."""
    return "rejected" if named and status < 400 else kind_by_status(status)
