"""Which of X's answers means what. Two shapes: problem+json {title, detail, type, status} and {errors: [{code, message}]}."""

from shared.http.client import HttpAnswer
from shared.platforms.failure import FailureKind, PlatformFailure

DUPLICATE = "duplicate content"
# A cap without a reset is a daily or monthly one: asking again within the hour is pointless.
CAP_PAUSE_SECONDS = 3600.0
# X's windows are 15 minutes long; taken where the reset header is missing.
WINDOW_SECONDS = 900.0
_UNASKED = "X lets apps mention only people who have engaged with the account: leave the mention out, then send the post again."


def failure_of(answer: HttpAnswer) -> PlatformFailure:
    """What an answer that is not the expected 2xx means."""
    body = answer.json()
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    code = str(body.get("title") or first.get("title") or first.get("code") or answer.status)
    detail = str(body.get("detail") or first.get("detail") or first.get("message") or "no reason given")
    problem_type = str(body.get("type") or first.get("type") or "")
    kind = _kind(answer, code, detail, problem_type)
    retry_after, retry_at = _pause(answer, capped=code == "CreditsDepleted" or "usage-capped" in problem_type)
    return PlatformFailure(
        kind,
        f"X: {detail}",
        platform_code=code,
        platform_message=detail,
        http_status=answer.status,
        retry_after_seconds=retry_after if kind == "throttled" else None,
        retry_at=retry_at if kind == "throttled" else None,
        remediation=_UNASKED if "mentioned or otherwise engaged" in detail else None,
    )


def _kind(answer: HttpAnswer, code: str, detail: str, problem_type: str) -> FailureKind:
    if code == "CreditsDepleted" or "usage-capped" in problem_type:
        return "throttled"
    match answer.status:
        case 401:
            return "reauth"
        case 402 | 429:
            return "throttled"
        case 403 if DUPLICATE in detail:
            return "duplicate"
        case 403 if "video longer than" in detail.lower():
            return "media_invalid"
        case 403 if "client-forbidden" in problem_type or "not permitted to perform" in detail:
            return "permission"
        case 400 if "media" in detail.lower():
            return "media_invalid"
        case status if status >= 500:
            return "transient"
        case status if 400 <= status < 500:
            return "rejected"
        case _:
            return "outcome_unknown"


def _pause(answer: HttpAnswer, *, capped: bool) -> tuple[float | None, float | None]:
    """Seconds to wait, or the reset's Unix time; a limit hit with requests remaining is a cap of another kind, and longer."""
    reset = answer.headers.get("x-rate-limit-reset", "")
    if capped or answer.headers.get("x-rate-limit-remaining", "0") != "0":
        return CAP_PAUSE_SECONDS, None
    return (None, float(reset)) if reset.isdecimal() else (WINDOW_SECONDS, None)
