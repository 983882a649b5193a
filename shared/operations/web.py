"""Asks a provider's JSON interface over plain HTTP, and understands what its status says."""

from collections.abc import Mapping
from typing import Any

from shared.http.client import Http, HttpAnswer, HttpRequest, NoAnswer, NotSent
from shared.jobs.provider import ProviderBusy, ProviderRefused, RequestRefused, seconds_named


def ask(http: Http, request: HttpRequest, provider: str) -> dict[str, Any]:
    """The answer's JSON object. Raises ProviderBusy, ProviderRefused, RequestRefused."""
    try:
        answer = http.send(request)
    except (NotSent, NoAnswer) as error:
        raise ProviderBusy(f"{provider} did not answer ({error})") from error
    if answer.status < 300:
        return answer.json()
    raise _of_status(answer, provider)


def _of_status(answer: HttpAnswer, provider: str) -> ProviderBusy | ProviderRefused | RequestRefused:
    said = _message(answer.json())[:300]
    if answer.status == 429 or answer.status >= 500 or answer.status == 408:
        return ProviderBusy(f"{provider} answered {answer.status}", seconds_named(answer.headers.get("retry-after")))
    if answer.status in (401, 402, 403):
        return ProviderRefused(f"{provider} answered {answer.status}: {said}")
    return RequestRefused(f"{provider} answered {answer.status}: {said}")


def _message(body: Mapping[str, Any]) -> str:
    error = body.get("error")
    if isinstance(error, Mapping):
        return str(error.get("message") or "")
    return str(body.get("detail") or error or "")
