"""The transcribe function's real ports, built once, on the first request."""

from dataclasses import dataclass
from functools import partial

from shared.core.once import once
from shared.core.settings import CloudTasks, MediaStorage, OpenAi, read_settings
from shared.gcp import firestore
from shared.gcp.cloud_storage import CloudStorage
from shared.gcp.cloud_tasks import CloudTasksQueue
from shared.gcp.oidc import OidcVerifier
from shared.jobs.work import WorkPorts
from shared.media.leftovers import delete_leftovers
from shared.tasks.invoker import Verifier
from shared.transcription.openai import OpenAiTranscriber
from shared.transcription.transcribe import TranscribePorts


class TranscribeSettings(CloudTasks, MediaStorage, OpenAi):
    """Everything that transcribing needs to know."""


SETTINGS = read_settings(TranscribeSettings)


@dataclass(frozen=True)
class Ports:
    working: WorkPorts
    transcribing: TranscribePorts
    verifier: Verifier


@once
def ports() -> Ports:
    documents, storage = firestore.connect(SETTINGS.project_id), CloudStorage(SETTINGS)
    return Ports(
        working=WorkPorts(documents, CloudTasksQueue(SETTINGS), documents.clock, partial(delete_leftovers, storage=storage)),
        transcribing=TranscribePorts(OpenAiTranscriber(SETTINGS), storage),
        verifier=OidcVerifier(SETTINGS, SETTINGS.function_url("transcribe")),
    )
