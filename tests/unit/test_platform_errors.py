"""What the answers of TikTok, YouTube, LinkedIn and Snapchat mean, and when to come back; X and Meta have files of their own."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.http.client import HttpAnswer
from shared.platforms.failure import FailureKind, PlatformFailure
from shared.platforms.linkedin import errors as linkedin
from shared.platforms.snapchat import errors as snapchat
from shared.platforms.tiktok import errors as tiktok
from shared.platforms.youtube import errors as youtube

# A winter evening: 12:30 in California, 20:30 UTC.
NOW = datetime(2026, 1, 15, 20, 30, tzinfo=UTC)


def answer(status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> HttpAnswer:
    return HttpAnswer(status, dict(headers or {}), body if isinstance(body, bytes) else json.dumps(body or {}).encode())


def of_tiktok(status: int, code: str) -> PlatformFailure:
    return tiktok.failure_of(answer(status, {"data": {}, "error": {"code": code, "message": "m", "log_id": "l"}}))


def of_youtube(status: int, reason: str) -> PlatformFailure:
    return youtube.failure_of(answer(status, {"error": {"code": status, "message": "m", "errors": [{"reason": reason}]}}), NOW)


def of_linkedin(status: int, headers: Mapping[str, str] | None = None, **body: Any) -> PlatformFailure:
    return linkedin.failure_of(answer(status, {"status": status, **body}, headers), NOW)


def of_snapchat(status: int, code: str | None = None, headers: Mapping[str, str] | None = None) -> PlatformFailure:
    return snapchat.failure_of(answer(status, {"request_status": "ERROR", "error_code": code, "debug_message": "m"}, headers))


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "access_token_invalid", "reauth"),
        (401, "scope_not_authorized", "reauth"),
        (403, "spam_risk_too_many_posts", "throttled"),
        (403, "reached_active_user_cap", "throttled"),
        (429, "rate_limit_exceeded", "throttled"),
        (403, "spam_risk_user_banned_from_posting", "rejected"),
        (403, "unaudited_client_can_only_post_to_private_accounts", "permission"),
        (403, "url_ownership_unverified", "permission"),
        (403, "privacy_level_option_mismatch", "rejected"),
        (400, "invalid_params", "rejected"),
        (500, "internal_error", "transient"),
        (503, "something_new", "transient"),
        (403, "something_new", "permission"),
        (400, "something_new", "rejected"),
        (200, "something_new", "outcome_unknown"),
    ],
)
def test_tiktok(status: int, code: str, kind: FailureKind) -> None:
    failure = of_tiktok(status, code)
    assert (failure.kind, failure.platform_code, failure.http_status) == (kind, code, status)
    assert (failure.retry_after_seconds is not None) == (kind == "throttled")


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("file_format_check_failed", "media_invalid"),
        ("duration_check_failed", "media_invalid"),
        ("picture_size_check_failed", "media_invalid"),
        ("internal", "transient"),
        ("photo_pull_failed", "transient"),
        ("auth_removed", "reauth"),
        ("spam_risk_text", "rejected"),
    ],
)
def test_why_tiktok_gave_a_post_up(reason: str, kind: FailureKind) -> None:
    assert tiktok.failure_of_reason(reason).kind == kind


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (401, "authError", "reauth"),
        (401, "youtubeSignupRequired", "permission"),
        (403, "forbidden", "permission"),
        (403, "quotaExceeded", "throttled"),
        (403, "rateLimitExceeded", "throttled"),
        (400, "uploadLimitExceeded", "throttled"),
        (400, "invalidTitle", "rejected"),
        (400, "invalidTags", "rejected"),
        (400, "mediaBodyRequired", "media_invalid"),
        (500, "backendError", "transient"),
        (503, "something_new", "transient"),
        (403, "something_new", "permission"),
    ],
)
def test_youtube(status: int, reason: str, kind: FailureKind) -> None:
    failure = of_youtube(status, reason)
    assert (failure.kind, failure.platform_code) == (kind, reason)


def test_youtubes_quota_comes_back_at_midnight_in_california() -> None:
    until_midnight = 11.5 * 3600
    assert of_youtube(403, "quotaExceeded").retry_after_seconds == pytest.approx(until_midnight, abs=120)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"serviceErrorCode": 65601, "code": "EXPIRED_ACCESS_TOKEN"}, "reauth"),
        (401, {"code": "REVOKED_ACCESS_TOKEN"}, "reauth"),
        (401, {}, "reauth"),
        (403, {"code": "ACCESS_DENIED", "serviceErrorCode": 100}, "permission"),
        (422, {"errorDetails": {"inputErrors": [{"code": "DUPLICATE_POST"}]}}, "duplicate"),
        (422, {"message": "Content is a duplicate of urn:li:share:7"}, "duplicate"),
        (422, {"code": "FIELD_LENGTH_TOO_LONG"}, "rejected"),
        (409, {}, "processing"),
        (426, {"code": "NONEXISTENT_VERSION"}, "throttled"),
        (429, {}, "throttled"),
        (500, {}, "transient"),
    ],
)
def test_linkedin(status: int, body: dict[str, Any], kind: FailureKind) -> None:
    assert of_linkedin(status, **body).kind == kind


def test_linkedin_names_when_to_come_back_or_it_is_midnight_utc() -> None:
    assert of_linkedin(429, {"retry-after": "17"}).retry_after_seconds == 17
    assert of_linkedin(429).retry_after_seconds == pytest.approx(3.5 * 3600, abs=120)


def test_a_duplicate_on_linkedin_names_its_original() -> None:
    assert linkedin.original_of(of_linkedin(422, message="Content is a duplicate of urn:li:share:714")) == "urn:li:share:714"
    assert linkedin.original_of(of_linkedin(422, message="Content is a duplicate")) is None


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, None, "reauth"),
        (403, "AUTHORIZATION_PERMISSION_DENIED", "permission"),
        (400, "MEDIA_PROCESSING", "processing"),
        (400, "MEDIA_EXPIRED", "transient"),
        (400, "MEDIA_POSTING_ALREADY_IN_PROGRESS", "outcome_unknown"),
        (429, None, "throttled"),
        (500, None, "transient"),
        (400, "SOMETHING_NEW", "rejected"),
        (200, "SOMETHING_NEW", "rejected"),
        (200, None, "outcome_unknown"),
    ],
)
def test_snapchat(status: int, code: str | None, kind: FailureKind) -> None:
    assert of_snapchat(status, code).kind == kind


def test_snapchat_names_when_to_come_back_or_five_minutes_are_waited() -> None:
    assert of_snapchat(429, headers={"retry-after": "17"}).retry_after_seconds == 17
    assert of_snapchat(429).retry_after_seconds == 300


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"", b"[]", b'{"error": "oops"}'])
def test_a_body_of_another_shape_is_understood_by_its_status(body: bytes) -> None:
    assert [
        tiktok.failure_of(answer(502, body)).kind,
        youtube.failure_of(answer(502, body), NOW).kind,
        linkedin.failure_of(answer(502, body), NOW).kind,
        snapchat.failure_of(answer(502, body)).kind,
    ] == ["transient"] * 4


def test_tokens_are_cut_out_of_what_a_platform_says() -> None:
    token = "AQXdSP_W41_UPs5ioT_t8HESyODB4FqbkJ8LrV_5mff4gPODzOYR"
    failure = of_linkedin(403, message=f"Not enough permissions for {token} (access_token=abc&refresh_token=def Bearer ghi)")
    fields = failure.without((token,)).to_fields()
    shown = json.dumps(fields)
    for secret in (token, "abc", "def", "ghi"):
        assert secret not in shown
    assert fields["platformMessage"].startswith("Not enough permissions")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("spam_risk", "wait for some hours"),
        ("spam_risk_too_many_posts", "wait for some hours"),
        ("spam_risk_too_many_pending_share", "wait for some hours"),
        ("unaudited_client_can_only_post_to_private_accounts", "SELF_ONLY"),
        ("url_ownership_unverified", "SOKU_MEDIA_URL"),
        ("privacy_level_option_mismatch", "privacyLevel"),
    ],
)
def test_what_to_do_where_tiktok_has_a_word_of_its_own(code: str, words: str) -> None:
    assert words in of_tiktok(403, code).remediation
