"""Which of TikTok's answers means what: {data, error: {code, message, log_id}}; code is "ok" for a success, whatever the status."""

from typing import Any

from shared.http.client import HttpAnswer
from shared.platforms.failure import FailureKind, PlatformFailure, kind_by_status

# Caps of a rolling day: room appears when the oldest post leaves it, which nobody names.
CAP_PAUSE_SECONDS = 3600.0
# TikTok's limits are per minute.
LIMIT_PAUSE_SECONDS = 60.0

# Source: the error tables of the Content Posting API; the reading as kinds is ours.
_BY_CODE: dict[str, FailureKind] = {
    "access_token_invalid": "reauth",
    "scope_not_authorized": "reauth",
    "scope_permission_missed": "reauth",
    # About one upload, not about the account.
    "token_not_authorized_for_specified_publish_id": "permission",
    "spam_risk_too_many_posts": "throttled",
    "spam_risk_too_many_pending_share": "throttled",
    "reached_active_user_cap": "throttled",
    "rate_limit_exceeded": "throttled",
    "spam_risk_user_banned_from_posting": "rejected",
    "spam_risk_text": "rejected",
    "spam_risk": "rejected",
    "unaudited_client_can_only_post_to_private_accounts": "permission",
    "url_ownership_unverified": "permission",
    "privacy_level_option_mismatch": "rejected",
    "invalid_param": "rejected",
    "invalid_params": "rejected",
    "invalid_publish_id": "rejected",
    "app_version_check_failed": "permission",
    "internal_error": "transient",
}
_LATER = "TikTok restricts what this account or app posts for the moment: wait for some hours, then send the post again."
_REMEDIES = {
    "spam_risk": _LATER,
    "spam_risk_too_many_posts": _LATER,
    "spam_risk_too_many_pending_share": _LATER,
    "unaudited_client_can_only_post_to_private_accounts": (
        "TikTok has not audited this app: post with privacyLevel SELF_ONLY to an account that is private, or have the app audited."
    ),
    "url_ownership_unverified": "Verify the address of Soku's files (SOKU_MEDIA_URL) as a URL property of the app at TikTok.",
    "privacy_level_option_mismatch": "Choose a privacyLevel that the creator's account allows.",
}
# fail_reason of a post that TikTok gave up. All others are about the file or the text.
_BY_REASON: dict[str, FailureKind] = {
    "internal": "transient",
    "video_pull_failed": "transient",
    "photo_pull_failed": "transient",
    "auth_removed": "reauth",
    "publish_cancelled": "rejected",
}


def read(answer: HttpAnswer) -> dict[str, Any]:
    """The answer's `data`; raises PlatformFailure for everything but a success."""
    body = answer.json()
    error = body.get("error")
    if answer.status == 200 and isinstance(error, dict) and error.get("code") == "ok":
        return body.get("data") or {}
    raise failure_of(answer)


def failure_of(answer: HttpAnswer) -> PlatformFailure:
    error = answer.json().get("error")
    named: dict[str, Any] = error if isinstance(error, dict) else {}
    code, message = str(named.get("code") or answer.status), str(named.get("message") or "no reason given")
    kind = _BY_CODE.get(code) or kind_by_status(answer.status)
    pause = LIMIT_PAUSE_SECONDS if code == "rate_limit_exceeded" or code == "429" else CAP_PAUSE_SECONDS
    return PlatformFailure(
        kind,
        f"TikTok: {message}",
        remediation=_REMEDIES.get(code),
        platform_code=code,
        platform_message=message,
        http_status=answer.status,
        retry_after_seconds=pause if kind == "throttled" else None,
    )


def failure_of_reason(reason: str) -> PlatformFailure:
    """What TikTok says of a post that it gave up."""
    kind = _BY_REASON.get(reason) or ("rejected" if reason.startswith("spam_risk") else "media_invalid")
    return PlatformFailure(kind, f"TikTok did not publish the post ({reason}).", platform_code=reason, platform_message=reason)
