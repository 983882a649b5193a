"""Which of Meta's answers means what: Graph errors {error: {message, code, error_subcode, is_transient}}, mostly HTTP 400.

Classified by code and subcode first; the HTTP status only where they say nothing.
"""

import re
from collections.abc import Mapping
from typing import Any

from shared.http.client import HttpAnswer
from shared.platforms.failure import FailureKind, PlatformFailure

DAY_SECONDS = 86400.0
# Graph names no reset for most throttles; an hour is its usual window.
THROTTLE_PAUSE_SECONDS = 3600.0

# subcode → kind. Sources: instagram-graph-api/reference/error-codes, graph-api/guides/error-handling; those of Facebook's pages and
# the Threads ones are seen in working clients. The reading as kinds is ours.
_BY_SUBCODE: dict[int, FailureKind] = {
    2207003: "transient",  # the download timed out
    2207020: "transient",  # the media expired: make a new container
    2207001: "transient",  # server error
    2207032: "transient",  # creating failed
    2207053: "transient",  # upload error
    2207057: "bug",  # thumb_offset
    2207051: "rejected",  # suspected spam; seen on posts that were live, see below
    2207018: "rejected",  # a user who is named and cannot be
    2207042: "throttled",  # the daily limit of posts
    2207006: "transient",  # container not found
    2207008: "transient",  # container missing or expired
    2207050: "reauth",  # the account is restricted or has to pass a checkpoint
    2207023: "media_invalid",
    2207028: "media_invalid",
    2207040: "media_invalid",
    2207026: "media_invalid",
    2207052: "media_invalid",  # the address could not be fetched
    2207027: "processing",  # not ready to be published
    2207004: "media_invalid",
    2207005: "media_invalid",
    2207009: "media_invalid",
    2207010: "media_invalid",
    2207077: "transient",  # the video could not be downloaded
    2207082: "transient",  # the video could not be uploaded
    4279009: "processing",  # Threads: the container is not there yet
    4279013: "permission",  # Threads: the user is restricted
    1363130: "processing",  # Facebook: the story's video is not ready
    1366051: "rejected",  # Facebook: these photos were already posted; seen on posts that were live, see below
    1363024: "media_invalid",  # Facebook: the video could not be fetched
    1366046: "media_invalid",  # Facebook: the photo is too large, or no photo
    1390008: "throttled",  # Facebook: posting too fast
    1346003: "rejected",  # Facebook: reported as abusive
    1404102: "rejected",
    1404078: "permission",  # Facebook: the page needs publishing authorisation
    4854002: "permission",  # Facebook: the person has to confirm an identity
}
# Threads names what went wrong with a file; what is not here is about the file.
_BY_CONTAINER_MESSAGE: dict[str, FailureKind] = {"FAILED_DOWNLOADING_VIDEO": "transient", "UNKNOWN": "transient"}
_BY_CODE: dict[int, FailureKind] = {
    1: "transient",
    2: "transient",
    4: "throttled",
    10: "permission",
    17: "throttled",
    32: "throttled",
    102: "reauth",
    190: "reauth",
    324: "media_invalid",
    341: "throttled",
    352: "media_invalid",
    506: "duplicate",
    368: "rejected",
    613: "throttled",
    6000: "media_invalid",
    9004: "media_invalid",
    9007: "processing",
    36000: "media_invalid",
    36001: "media_invalid",
    36003: "media_invalid",
    36004: "media_invalid",
    100: "rejected",
    **dict.fromkeys(range(200, 300), "permission"),
    **dict.fromkeys(range(80000, 80015), "throttled"),
}
_SPAM = 2207051
# What Meta says is transient is tried again, whatever its code seems to say, but for these.
_DOUBTFUL = ("rejected", "media_invalid", "permission")
_DAILY_LIMIT = 2207042
_LATER = "Meta restricts what this account posts for the moment: wait for some hours, then send the post again."
# These say that a container is gone, which it also is once it was published: ask before making a new one.
_GONE = (2207006, 2207008, 2207020, 4279009)
_ALREADY_POSTED = 1366051
_FINAL = (_SPAM, _ALREADY_POSTED)
_LINK_LIMIT = "THREADS_API__LINK_LIMIT_EXCEEDED"


def failure_of(answer: HttpAnswer, label: str) -> PlatformFailure:
    """What an answer that is not the expected 200 means."""
    error, upload = answer.json().get("error"), answer.json().get("debug_info")
    if not isinstance(error, dict) and isinstance(upload, dict):
        return _failure_of_upload(upload, answer, label)
    if not isinstance(error, dict):
        kind: FailureKind = "transient" if answer.status >= 500 else "outcome_unknown" if answer.status < 300 else "rejected"
        kind = {401: "reauth", 429: "throttled"}.get(answer.status, kind)  # pyright: ignore[reportAssignmentType]
        return PlatformFailure(kind, f"{label} answered {answer.status} without a reason", http_status=answer.status)
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    kind = _BY_SUBCODE.get(subcode) or _BY_CODE.get(code) or ("transient" if answer.status >= 500 else "rejected")
    if error.get("is_transient") and kind in _DOUBTFUL and subcode not in _FINAL and error.get("code") != _LINK_LIMIT:
        kind = "transient"
    message = str(error.get("error_user_msg") or error.get("message") or "no reason given")
    return PlatformFailure(
        kind,
        f"{label}: {message}",
        platform_code=f"{code}/{subcode}" if subcode else str(error.get("code")),
        platform_message=str(error.get("message") or message),
        http_status=answer.status,
        remediation=_LATER if subcode == _SPAM else None,
        retry_after_seconds=_pause(kind, subcode, answer),
        published_after_all=subcode in (_SPAM, _ALREADY_POSTED, *_GONE),
    )


def classify_code(code: str) -> FailureKind | None:
    """What a Graph error code means wherever it comes from, an authorization server included."""
    return _BY_CODE.get(int(code)) if code.isdecimal() else None


def _failure_of_upload(info: Mapping[str, Any], answer: HttpAnswer, label: str) -> PlatformFailure:
    """rupload answers in a shape of its own: {debug_info: {retriable, type, message}}."""
    message = str(info.get("message") or "no reason given")
    return PlatformFailure(
        "transient" if info.get("retriable") or answer.status >= 500 else "media_invalid",
        f"{label} could not take the file: {message}",
        platform_code=str(info.get("type") or answer.status),
        platform_message=message,
        http_status=answer.status,
    )


def failure_of_container(label: str, detail: str) -> PlatformFailure:
    """What a container's explanation means: "Error: Media upload has failed with error code 2207026", or INVALID_DURATION."""
    found = re.search(r"\b(2207\d{3})\b", detail)
    kind = _BY_SUBCODE.get(int(found[1])) if found else _BY_CONTAINER_MESSAGE.get(detail)
    return PlatformFailure(
        kind or "media_invalid",
        f"{label} could not process the media: {detail or 'no reason given'}",
        platform_code=found[1] if found else detail or None,
        platform_message=detail or None,
    )


def _pause(kind: FailureKind, subcode: int, answer: HttpAnswer) -> float | None:
    if kind != "throttled":
        return None
    if subcode == _DAILY_LIMIT:
        return DAY_SECONDS / 24
    regain = re.search(r'"estimated_time_to_regain_access":\s*(\d+)', answer.headers.get("x-business-use-case-usage", ""))
    return float(regain[1]) * 60 if regain and int(regain[1]) else THROTTLE_PAUSE_SECONDS


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | str) and str(value).lstrip("-").isdecimal() else 0
