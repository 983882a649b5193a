"""One task and its moves: pure data, so that retries and back-off can be tested without waiting."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

# Cloud Tasks refuses tasks scheduled further ahead, and forgets older ones.
MAX_AHEAD = timedelta(days=30)
DEFAULT_DEADLINE_SECONDS = 600.0
METHODS = {0: "POST", 1: "POST", 2: "GET", 3: "HEAD", 4: "PUT", 5: "DELETE", 6: "PATCH", 7: "OPTIONS"}


class Invalid(ValueError):
    """The caller's task makes no sense; the message says why."""


@dataclass(frozen=True)
class RetryConfig:
    """As Cloud Tasks': -1 attempts is without limit, 0 seconds of retrying likewise."""

    max_attempts: int = 100
    max_retry_seconds: float = 0.0
    min_backoff_seconds: float = 0.1
    max_backoff_seconds: float = 3600.0
    max_doublings: int = 16

    def backoff_seconds(self, failures: int) -> float:
        """Doubling `max_doublings` times, then growing by the last step, never beyond the maximum."""
        doublings = min(failures - 1, self.max_doublings)
        seconds = self.min_backoff_seconds * 2**doublings
        seconds += self.min_backoff_seconds * 2**self.max_doublings * max(0, failures - 1 - self.max_doublings)
        return min(seconds, self.max_backoff_seconds)


@dataclass
class Task:
    """`dispatches` counts attempts, `responses` the answers to them, `executions` the answers other than 5xx."""

    name: str
    url: str
    method: str
    headers: Mapping[str, str]
    body: bytes
    created_at: datetime
    due_at: datetime
    deadline_seconds: float = DEFAULT_DEADLINE_SECONDS
    oidc: Mapping[str, str] | None = None
    dispatches: int = 0
    responses: int = 0
    executions: int = 0
    first_attempt_at: datetime | None = None
    last_status: int | None = None

    @property
    def short_name(self) -> str:
        return self.name.rpartition("/")[2]

    def delivery_headers(self, queue: str) -> dict[str, str]:
        return {
            **self.headers,
            "User-Agent": "Google-Cloud-Tasks",
            "X-CloudTasks-QueueName": queue,
            "X-CloudTasks-TaskName": self.short_name,
            "X-CloudTasks-TaskRetryCount": str(max(0, self.dispatches - 1)),
            "X-CloudTasks-TaskExecutionCount": str(self.executions),
            "X-CloudTasks-TaskETA": f"{self.due_at.timestamp():.6f}",
            **({"X-CloudTasks-TaskPreviousResponse": str(self.last_status)} if self.last_status else {}),
        }

    def begin_attempt(self, now: datetime) -> None:
        self.dispatches += 1
        self.first_attempt_at = self.first_attempt_at or now

    def end_attempt(self, status: int | None, now: datetime, retry: RetryConfig) -> bool:
        """Record the answer (None: there was none). True if the task is over: done, or out of tries; else it is due again."""
        self.last_status = status
        if status is not None:
            self.responses += 1
            self.executions += status < 500
            if 200 <= status < 300:
                return True
        if retry.max_attempts != -1 and self.dispatches >= retry.max_attempts:
            return True
        started = self.first_attempt_at or now
        if retry.max_retry_seconds and now - started >= timedelta(seconds=retry.max_retry_seconds):
            return True
        self.due_at = now + timedelta(seconds=retry.backoff_seconds(self.dispatches))
        return False

    def to_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "name": self.name,
            "httpRequest": {"url": self.url, "httpMethod": self.method, "headers": dict(self.headers)},
            "createTime": _timestamp(self.created_at),
            "scheduleTime": _timestamp(self.due_at),
            "dispatchDeadline": f"{self.deadline_seconds:g}s",
            "dispatchCount": self.dispatches,
            "responseCount": self.responses,
        }
        if self.oidc:
            shown["httpRequest"]["oidcToken"] = dict(self.oidc)
        if self.first_attempt_at:
            shown["firstAttempt"] = {"dispatchTime": _timestamp(self.first_attempt_at)}
        return shown


def task_from_json(given: Mapping[str, Any], *, name: str, now: datetime) -> Task:
    """Raises Invalid."""
    request = given.get("httpRequest")
    if not isinstance(request, Mapping) or not str(request.get("url", "")).startswith(("http://", "https://")):
        raise Invalid("task.http_request.url must be an http or https URL")
    method = request.get("httpMethod", "POST")
    due_at = _moment(given["scheduleTime"]) if given.get("scheduleTime") else now
    if due_at - now > MAX_AHEAD:
        raise Invalid("task.schedule_time must be at most 30 days in the future")
    deadline = float(str(given.get("dispatchDeadline") or f"{DEFAULT_DEADLINE_SECONDS}s").rstrip("s"))
    if not 15 <= deadline <= 1800:
        raise Invalid("task.dispatch_deadline must be between 15 s and 30 min")
    try:
        body = base64.b64decode(request.get("body") or "", validate=True)
    except binascii.Error as error:
        raise Invalid("task.http_request.body must be base64") from error
    return Task(
        name=name,
        url=request["url"],
        method=METHODS.get(method, str(method)) if isinstance(method, int) else str(method),
        headers=request.get("headers") or {},
        body=body,
        created_at=now,
        due_at=max(due_at, now),
        deadline_seconds=deadline,
        oidc=request.get("oidcToken"),
    )


def _moment(text: str) -> datetime:
    """RFC 3339 with up to nanoseconds, of which we keep microseconds."""
    trimmed = re.sub(r"(\.\d{6})\d+", r"\1", text.replace("Z", "+00:00"))
    try:
        return datetime.fromisoformat(trimmed).astimezone(UTC)
    except ValueError as error:
        raise Invalid(f"{text!r} is no RFC 3339 timestamp") from error


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
