"""The ingest function's real ports, built once, on the first request."""

from dataclasses import dataclass
from functools import cache

from shared.core.settings import CloudTasks, MediaFetch, MediaStorage, read_settings
from shared.gcp import firestore
from shared.gcp.cloud_storage import CloudStorage
from shared.gcp.cloud_tasks import CloudTasksQueue
from shared.gcp.oidc import OidcVerifier
from shared.media.fetch import GuardedFetcher
from shared.media.measure import ProcessMeasurer
from shared.posts.ingest import IngestPorts
from shared.tasks.invoker import Verifier


class IngestSettings(CloudTasks, MediaStorage, MediaFetch):
    """Everything that copying needs to know."""


SETTINGS = read_settings(IngestSettings)


@dataclass(frozen=True)
class Ports:
    ingesting: IngestPorts
    verifier: Verifier


@cache
def ports() -> Ports:
    documents = firestore.connect(SETTINGS.project_id)
    return Ports(
        ingesting=IngestPorts(
            documents=documents,
            tasks=CloudTasksQueue(SETTINGS),
            storage=CloudStorage(SETTINGS),
            fetcher=GuardedFetcher(SETTINGS),
            measurer=ProcessMeasurer(),
            clock=documents.clock,
        ),
        verifier=OidcVerifier(SETTINGS, SETTINGS.function_url("ingest")),
    )
