"""The templates function's real ports, built once, on the first request."""

from dataclasses import dataclass
from functools import partial

from shared.core.once import once
from shared.core.settings import CloudTasks, MediaStorage, StorageQuota, read_settings
from shared.gcp import firestore
from shared.gcp.cloud_storage import CloudStorage
from shared.gcp.cloud_tasks import CloudTasksQueue
from shared.gcp.oidc import OidcVerifier
from shared.jobs.work import WorkPorts
from shared.media.keep import Keeping
from shared.media.leftovers import delete_leftovers
from shared.tasks.invoker import Verifier
from shared.templates.draw import DrawPorts


class TemplatesSettings(CloudTasks, MediaStorage, StorageQuota):
    """Everything that drawing needs to know."""


SETTINGS = read_settings(TemplatesSettings)


@dataclass(frozen=True)
class Ports:
    working: WorkPorts
    drawing: DrawPorts
    verifier: Verifier


@once
def ports() -> Ports:
    documents, storage = firestore.connect(SETTINGS.project_id), CloudStorage(SETTINGS)
    keeping = Keeping(storage, documents, documents.clock, SETTINGS.storage_quota_bytes)
    return Ports(
        working=WorkPorts(documents, CloudTasksQueue(SETTINGS), documents.clock, partial(delete_leftovers, storage=storage)),
        drawing=DrawPorts(keeping),
        verifier=OidcVerifier(SETTINGS, SETTINGS.function_url("templates")),
    )
