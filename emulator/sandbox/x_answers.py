"""The shapes of X's answers: {data, meta} and problem+json."""

from typing import Any

from emulator.sandbox.platform import Answer


def ok(data: Any, status: int = 200, meta: dict[str, Any] | None = None) -> Answer:
    return Answer(status, {"data": data, **({"meta": meta} if meta else {})})


def invalid(detail: str) -> Answer:
    return problem(400, "Invalid Request", detail, kind="https://api.x.com/2/problems/invalid-request")


def problem(status: int, title: str, detail: str, *, kind: str = "about:blank") -> Answer:
    return Answer(status, {"title": title, "detail": detail, "type": kind, "status": status})
