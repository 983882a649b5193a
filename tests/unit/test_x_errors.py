"""What X's answers mean."""

import json
from typing import Any

import pytest

from shared.http.client import HttpAnswer
from shared.platforms.x.errors import CAP_PAUSE_SECONDS, WINDOW_SECONDS, failure_of


def problem(detail: str, title: str = "Forbidden", kind: str = "about:blank") -> dict[str, Any]:
    return {"title": title, "detail": detail, "type": kind}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, problem("One or more parameters to your request was invalid.", "Invalid Request"), "rejected"),
        (400, problem("Your media IDs are invalid.", "Invalid Request"), "media_invalid"),
        (401, problem("Unauthorized", "Unauthorized"), "reauth"),
        (402, problem("no credits", "CreditsDepleted"), "throttled"),
        (403, problem("You are not allowed to create a Tweet with duplicate content."), "duplicate"),
        (403, problem("You are not permitted to perform this action."), "permission"),
        (403, problem("no", kind="https://api.x.com/2/problems/client-forbidden"), "permission"),
        (403, problem("Your Tweet contains more than the maximum of one cashtag."), "rejected"),
        (403, problem("This user is not allowed to post a video longer than 20 minutes."), "media_invalid"),
        (403, problem("cap", kind="https://api.x.com/2/problems/usage-capped"), "throttled"),
        (429, problem("cap", kind="https://api.x.com/2/problems/usage-capped"), "throttled"),
        (429, problem("Too Many Requests"), "throttled"),
        (429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}, "throttled"),
        (500, {}, "transient"),
        (503, problem("Over capacity"), "transient"),
        (200, {"errors": [{"message": "partial"}]}, "outcome_unknown"),
    ],
)
def test_kinds(status: int, body: dict[str, Any], kind: str) -> None:
    failure = failure_of(HttpAnswer(status, {}, json.dumps(body).encode()))
    assert failure.kind == kind
    assert failure.http_status == status


@pytest.mark.parametrize(
    ("headers", "seconds", "at"),
    [
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "1768467600"}, None, 1768467600.0),
        ({"x-rate-limit-remaining": "7", "x-rate-limit-reset": "1768467600"}, CAP_PAUSE_SECONDS, None),
        ({}, WINDOW_SECONDS, None),
    ],
)
def test_when_to_come_back(headers: dict[str, str], seconds: float | None, at: float | None) -> None:
    failure = failure_of(HttpAnswer(429, headers, json.dumps(problem("Too Many Requests")).encode()))
    assert (failure.retry_after_seconds, failure.retry_at) == (seconds, at)


def test_a_body_that_is_no_json_is_understood_by_its_status() -> None:
    assert failure_of(HttpAnswer(502, {}, b"<html>Bad gateway</html>")).kind == "transient"


def test_a_mention_that_x_does_not_let_apps_make_says_what_to_do() -> None:
    detail = "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author."
    failure = failure_of(HttpAnswer(403, {}, json.dumps(problem(detail)).encode()))
    assert (failure.kind, "leave the mention out" in failure.remediation) == ("rejected", True)
