"""OpenAI's models through its own client, which takes most of a second to import: loaded on the first operation that needs it."""

import base64
import json
from typing import Any

import openai

from shared.core.settings import OpenAi, OpenAiModels
from shared.jobs.provider import ProviderBusy, ProviderRefused, RequestRefused
from shared.operations.studio import ANSWERED_WITHIN_SECONDS

MAX_FILE_BYTES = 32 << 20


class OpenAiStudio:
    """As Studio says."""

    def __init__(self, settings: OpenAi, models: OpenAiModels) -> None:
        self._key, self._models = settings.openai_key, models
        # Our own retries only: the client's would be invisible in the job.
        self._client = openai.OpenAI(
            api_key=settings.openai_key or "none", base_url=settings.openai_url, max_retries=0, timeout=ANSWERED_WITHIN_SECONDS
        )

    def written(self, instructions: str, text: str) -> dict[str, Any]:
        def asked() -> Any:
            return self._client.chat.completions.create(
                model=self._models.text_model,
                messages=[{"role": "system", "content": instructions}, {"role": "user", "content": text}],
                response_format={"type": "json_object"},
            )

        answer = self._asked(asked)
        try:
            parsed = json.loads(answer.choices[0].message.content or "")
        except (ValueError, IndexError, AttributeError) as error:
            raise ProviderBusy("the model answered with no JSON") from error
        return parsed if isinstance(parsed, dict) else {}

    def image(self, prompt: str, size: str) -> bytes:
        answer = self._asked(lambda: self._client.images.generate(model=self._models.image_model, prompt=prompt, size=size, n=1))  # pyright: ignore[reportArgumentType, reportCallIssue]
        try:
            return base64.b64decode(answer.data[0].b64_json)
        except (TypeError, ValueError, IndexError) as error:
            raise ProviderBusy("the provider answered without an image") from error

    def speech(self, text: str, voice: str) -> bytes:
        def asked() -> bytes:
            answer = self._client.audio.speech.create(
                model=self._models.speech_model, voice=voice, input=text, response_format="wav"
            )
            return answer.read()

        return self._asked(asked)[:MAX_FILE_BYTES]

    def _asked(self, ask: Any) -> Any:
        if not self._key:
            raise ProviderRefused("SOKU_OPENAI_KEY is not set")
        try:
            return ask()
        except openai.APIStatusError as error:
            raise _of_status(error) from error
        except openai.APIError as error:  # no answer, or none that can be read
            raise ProviderBusy(f"the provider did not answer ({type(error).__name__})") from error


def _of_status(error: openai.APIStatusError) -> ProviderBusy | ProviderRefused | RequestRefused:
    message = str(error.message)[:300]
    if (error.status_code == 429 and error.code != "insufficient_quota") or error.status_code >= 500 or error.status_code == 408:
        said = error.response.headers.get("retry-after", "")
        return ProviderBusy(f"the provider answered {error.status_code}", float(said) if said.isdecimal() else None)
    if error.status_code in (400, 413, 422):
        return RequestRefused(message)
    return ProviderRefused(f"{error.status_code} {error.code or ''}: {message}")
