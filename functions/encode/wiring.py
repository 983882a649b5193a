"""The encode function's real ports, built once, on the first request."""

import shutil
from dataclasses import dataclass
from functools import partial

from shared.core.once import once
from shared.core.settings import CloudTasks, Encoding, MediaStorage, SettingsError, read_settings
from shared.gcp import firestore
from shared.gcp.cloud_storage import CloudStorage
from shared.gcp.cloud_tasks import CloudTasksQueue
from shared.gcp.oidc import OidcVerifier
from shared.jobs.work import WorkPorts
from shared.media.leftovers import delete_leftovers
from shared.tasks.invoker import Verifier
from shared.transcription.cut import CutPorts


class EncodeSettings(CloudTasks, MediaStorage, Encoding):
    """Everything that cutting needs to know."""


SETTINGS = read_settings(EncodeSettings)


@dataclass(frozen=True)
class Ports:
    working: WorkPorts
    cutting: CutPorts
    verifier: Verifier


@once
def ports() -> Ports:
    """Raises SettingsError where there is no ffmpeg: better now than in the middle of a job."""
    ffmpeg = shutil.which(SETTINGS.ffmpeg)
    if ffmpeg is None:
        raise SettingsError(f"there is no program {SETTINGS.ffmpeg!r}: install ffmpeg, or name it in SOKU_FFMPEG")
    documents, storage = firestore.connect(SETTINGS.project_id), CloudStorage(SETTINGS)
    return Ports(
        working=WorkPorts(documents, CloudTasksQueue(SETTINGS), documents.clock, partial(delete_leftovers, storage=storage)),
        cutting=CutPorts(storage, documents.clock, ffmpeg),
        verifier=OidcVerifier(SETTINGS, SETTINGS.function_url("encode")),
    )
