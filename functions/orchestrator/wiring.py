"""The orchestrator's real ports, built once, on the first request."""

from dataclasses import dataclass

from shared.core.clock import Clock
from shared.core.once import once
from shared.core.settings import CloudTasks, read_settings
from shared.documents.document import Documents
from shared.gcp import firestore
from shared.gcp.cloud_tasks import CloudTasksQueue
from shared.gcp.oidc import OidcVerifier
from shared.tasks.invoker import Verifier
from shared.tasks.task import Tasks

SETTINGS = read_settings(CloudTasks)


@dataclass(frozen=True)
class Ports:
    documents: Documents
    tasks: Tasks
    clock: Clock
    verifier: Verifier


@once
def ports() -> Ports:
    documents = firestore.connect(SETTINGS.project_id)
    return Ports(
        documents=documents,
        tasks=CloudTasksQueue(SETTINGS),
        clock=documents.clock,
        verifier=OidcVerifier(SETTINGS, SETTINGS.function_url("orchestrator")),
    )
