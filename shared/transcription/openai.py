"""OpenAI's audio API, or another that speaks it, through its own client: which costs most of a second to import, so that only the
function that transcribes loads this module."""

from typing import Any

import openai

from shared.core.settings import OpenAi
from shared.transcription.transcribe import (
    ANSWERED_WITHIN_SECONDS,
    FileRefused,
    ProviderBusy,
    ProviderRefused,
    RequestRefused,
    Words,
)

# Models that give their segments.
_WITH_SEGMENTS = "whisper"


class OpenAiTranscriber:
    def __init__(self, settings: OpenAi) -> None:
        self._settings = settings
        # Our own retries only: the client's would be invisible in the job.
        self._client = openai.OpenAI(
            api_key=settings.openai_key or "none",
            base_url=settings.openai_url,
            max_retries=0,
            timeout=ANSWERED_WITHIN_SECONDS,
        )

    def words(self, content: bytes, name: str, content_type: str, language: str | None, model: str) -> Words:
        """As Transcriber says."""
        if not self._settings.openai_key:
            raise ProviderRefused("SOKU_OPENAI_KEY is not set")
        has_segments = model.startswith(_WITH_SEGMENTS)
        more: dict[str, Any] = {"response_format": "verbose_json" if has_segments else "json"}
        if language:
            more["language"] = language
        if has_segments:
            more["timestamp_granularities"] = ["segment"]
        try:
            answer: Any = self._client.audio.transcriptions.create(model=model, file=(name, content, content_type), **more)
        except openai.APIStatusError as error:
            raise _of_status(error) from error
        except openai.APIError as error:  # no answer, or none that can be read
            raise ProviderBusy(f"the provider did not answer ({type(error).__name__})") from error
        segments = getattr(answer, "segments", None) or ()
        return Words(answer.text or "", tuple(str(getattr(segment, "text", "")) for segment in segments))


def _of_status(error: openai.APIStatusError) -> ProviderBusy | ProviderRefused | RequestRefused | FileRefused:
    message = str(error.message)[:300]
    if error.status_code == 429 and error.code != "insufficient_quota":
        return ProviderBusy("the provider is throttling", _retry_after(error))
    if error.status_code >= 500 or error.status_code in (408, 409):
        return ProviderBusy(f"the provider answered {error.status_code}", _retry_after(error))
    if error.status_code == 404 or "language" in message.lower():
        return RequestRefused(message)
    if error.status_code in (400, 413, 415, 422):
        return FileRefused(message)
    return ProviderRefused(f"{error.status_code} {error.code or ''}: {message}")


def _retry_after(error: openai.APIStatusError) -> float | None:
    said = error.response.headers.get("retry-after", "")
    return float(said) if said.replace(".", "", 1).isdecimal() else None
