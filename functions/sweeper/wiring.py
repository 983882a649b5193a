"""The sweeper's real ports, built once, on the first request."""

from dataclasses import dataclass

from shared.core.encryption import Cipher
from shared.core.once import once
from shared.core.settings import CloudTasks, TokenKeys, read_settings
from shared.gcp import firestore
from shared.gcp.cloud_tasks import CloudTasksQueue
from shared.gcp.oidc import OidcVerifier
from shared.tasks.invoker import Verifier
from shared.tasks.sweep import SweepPorts


class SweeperSettings(CloudTasks, TokenKeys):
    """Everything the sweeper needs to know."""


SETTINGS = read_settings(SweeperSettings)


@dataclass(frozen=True)
class Ports:
    sweeping: SweepPorts
    cipher: Cipher
    verifier: Verifier


@once
def ports() -> Ports:
    documents = firestore.connect(SETTINGS.project_id)
    return Ports(
        sweeping=SweepPorts(documents, CloudTasksQueue(SETTINGS), documents.clock),
        cipher=Cipher(SETTINGS.token_keys),
        verifier=OidcVerifier(SETTINGS, SETTINGS.function_url("sweeper")),
    )
