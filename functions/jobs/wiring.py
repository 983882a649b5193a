"""The jobs function's real ports, built once, on the first request."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from shared.core.once import once
from shared.core.settings import CloudTasks, MediaStorage, OpenAi, OpenAiModels, Providers, read_settings
from shared.gcp import firestore
from shared.gcp.cloud_storage import CloudStorage
from shared.gcp.cloud_tasks import CloudTasksQueue
from shared.gcp.oidc import OidcVerifier
from shared.http.client import RequestsHttp
from shared.jobs.work import WorkPorts
from shared.operations.ports import ProviderPorts, Studio
from shared.operations.tidy import tidy
from shared.tasks.invoker import Verifier


class JobsSettings(CloudTasks, MediaStorage, OpenAi, OpenAiModels, Providers):
    """Everything that waiting for providers needs to know."""


SETTINGS = read_settings(JobsSettings)


@dataclass(frozen=True)
class Ports:
    providing: ProviderPorts
    verifier: Verifier


class _Studio:
    """OpenAI's client is loaded by the first operation that needs it."""

    @cached_property
    def _made(self) -> Studio:
        from shared.operations.openai_studio import OpenAiStudio

        return OpenAiStudio(SETTINGS, SETTINGS)

    def written(self, instructions: str, text: str) -> dict[str, Any]:
        return self._made.written(instructions, text)

    def image(self, prompt: str, size: str) -> bytes:
        return self._made.image(prompt, size)

    def speech(self, text: str, voice: str) -> bytes:
        return self._made.speech(text, voice)


@once
def ports() -> Ports:
    documents, storage, tasks = firestore.connect(SETTINGS.project_id), CloudStorage(SETTINGS), CloudTasksQueue(SETTINGS)
    http = RequestsHttp()
    providing = ProviderPorts(
        documents=documents,
        storage=storage,
        http=http,
        studio=_Studio(),
        working=WorkPorts(documents, tasks, documents.clock, lambda state: tidy(state, providing)),
        youtube_url=SETTINGS.youtube_url,
        youtube_key=SETTINGS.youtube_key,
        replicate_url=SETTINGS.replicate_url,
        replicate_key=SETTINGS.replicate_key,
        solana_url=SETTINGS.solana_url,
    )
    return Ports(providing=providing, verifier=OidcVerifier(SETTINGS, SETTINGS.function_url("jobs")))
