"""OpenAI's models through its own client, which takes most of a second to import: loaded on the first operation that needs it."""

import base64
import json
from collections.abc import Callable
from typing import Any, TypeVar

from shared.core.settings import OpenAi, OpenAiModels
from shared.jobs.provider import ProviderBusy, ProviderRefused, RequestRefused
from shared.transcription.openai import asked, client_of

T = TypeVar("T")
MAX_FILE_BYTES = 32 << 20


class OpenAiStudio:
    """As Studio says."""

    def __init__(self, settings: OpenAi, models: OpenAiModels) -> None:
        self._settings, self._models, self._client = settings, models, client_of(settings)

    def written(self, instructions: str, text: str) -> dict[str, Any]:
        def ask() -> Any:
            return self._client.chat.completions.create(
                model=self._models.text_model,
                messages=[{"role": "system", "content": instructions}, {"role": "user", "content": text}],
                response_format={"type": "json_object"},
            )

        answer = self._asked(ask)
        try:
            parsed = json.loads(answer.choices[0].message.content or "")
        except (ValueError, IndexError, AttributeError) as error:
            raise ProviderBusy("the model answered with no JSON") from error
        return parsed if isinstance(parsed, dict) else {}

    def image(self, prompt: str, size: str) -> bytes:
        def ask() -> Any:
            wanted: dict[str, Any] = {"prompt": prompt, "size": size, "n": 1}
            return self._client.images.generate(model=self._models.image_model, **wanted)

        answer = self._asked(ask)
        try:
            return base64.b64decode(answer.data[0].b64_json)
        except (TypeError, ValueError, IndexError) as error:
            raise ProviderBusy("the provider answered without an image") from error

    def speech(self, text: str, voice: str) -> bytes:
        def ask() -> bytes:
            answer = self._client.audio.speech.create(
                model=self._models.speech_model, voice=voice, input=text, response_format="wav"
            )
            return answer.read()

        return self._asked(ask)[:MAX_FILE_BYTES]

    def _asked(self, ask: Callable[[], T]) -> T:
        # Its models are the operator's choice.
        return asked(self._settings, ask, unfit=RequestRefused, unknown=ProviderRefused)
