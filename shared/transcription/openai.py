"""OpenAI's audio API, or another that speaks it, through its own client: which costs most of a second to import, so that only those
load this module that ask it."""

from collections.abc import Callable
from typing import Any, TypeVar

import openai

from shared.core.errors import SokuError
from shared.core.settings import OpenAi
from shared.jobs.provider import ProviderBusy, ProviderRefused, RequestRefused, seconds_named
from shared.transcription.transcribe import ANSWERED_WITHIN_SECONDS, FileRefused, Words

T = TypeVar("T")
# Models that give their segments.
_WITH_SEGMENTS = "whisper"


class OpenAiTranscriber:
    def __init__(self, settings: OpenAi) -> None:
        self._settings = settings
        self._client = client_of(settings)

    def words(self, content: bytes, name: str, content_type: str, language: str | None, model: str) -> Words:
        """As Transcriber says."""
        has_segments = model.startswith(_WITH_SEGMENTS)
        more: dict[str, Any] = {"response_format": "verbose_json" if has_segments else "json"}
        if language:
            more["language"] = language
        if has_segments:
            more["timestamp_granularities"] = ["segment"]

        def ask() -> Any:
            return self._client.audio.transcriptions.create(model=model, file=(name, content, content_type), **more)

        answer = asked(self._settings, ask, unfit=FileRefused, unknown=RequestRefused)
        segments = getattr(answer, "segments", None) or ()
        return Words(answer.text or "", tuple(str(getattr(segment, "text", "")) for segment in segments))


def client_of(settings: OpenAi) -> openai.OpenAI:
    """With our own retries only: the client's would be invisible in the job."""
    key = settings.openai_key or "none"
    return openai.OpenAI(api_key=key, base_url=settings.openai_url, max_retries=0, timeout=ANSWERED_WITHIN_SECONDS)


def asked(settings: OpenAi, ask: Callable[[], T], *, unfit: type[SokuError], unknown: type[SokuError]) -> T:
    """The answer. Raises `unfit` for what was given, `unknown` where there is no such thing, ProviderBusy and ProviderRefused."""
    if not settings.openai_key:
        raise ProviderRefused("SOKU_OPENAI_KEY is not set")
    try:
        return ask()
    except openai.APIStatusError as error:
        raise _of_status(error, unfit, unknown) from error
    except openai.APIError as error:  # no answer, or none that can be read
        raise ProviderBusy(f"the provider did not answer ({type(error).__name__})") from error


def _of_status(error: openai.APIStatusError, unfit: type[SokuError], unknown: type[SokuError]) -> SokuError:
    message, after = str(error.message)[:300], seconds_named(error.response.headers.get("retry-after"))
    if error.status_code == 429 and error.code != "insufficient_quota":
        return ProviderBusy("the provider is throttling", after)
    if error.status_code >= 500 or error.status_code in (408, 409):
        return ProviderBusy(f"the provider answered {error.status_code}", after)
    if error.status_code == 404:
        return unknown(message)
    if "language" in message.lower():
        return RequestRefused(message)
    if error.status_code in (400, 413, 415, 422):
        return unfit(message)
    return ProviderRefused(f"{error.status_code} {error.code or ''}: {message}")
