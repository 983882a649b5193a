"""Everything outside of the process that the API touches."""

from dataclasses import dataclass
from typing import Protocol

from shared.core.clock import Clock
from shared.core.settings import CloudTasks, Cors, MediaStorage
from shared.documents.document import Documents
from shared.tasks.task import Tasks


class ApiSettings(CloudTasks, Cors, MediaStorage):
    """Everything the API needs to know."""


class IdTokens(Protocol):
    def verify(self, id_token: str) -> str:
        """The uid of the signed-in user. Raises Unauthorized for anything but a valid, unrevoked token."""
        ...


@dataclass(frozen=True)
class Ports:
    documents: Documents
    tasks: Tasks
    id_tokens: IdTokens
    clock: Clock
    settings: ApiSettings
