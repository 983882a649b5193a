"""The ingest function's real ports, built once, on the first request."""

from dataclasses import dataclass
from functools import partial

from shared.core.once import once
from shared.core.settings import CloudTasks, MediaFetch, MediaStorage, StorageQuota, Uploads, read_settings
from shared.gcp import firestore
from shared.gcp.cloud_storage import CloudStorage
from shared.gcp.cloud_tasks import CloudTasksQueue
from shared.gcp.oidc import OidcVerifier
from shared.jobs.work import WorkPorts
from shared.media.drive import DriveFetcher
from shared.media.fetch import GuardedFetcher
from shared.media.keep import Keeping
from shared.media.leftovers import delete_leftovers
from shared.media.measure import ProcessMeasurer
from shared.media.upload import UploadPorts
from shared.posts.copying import IngestPorts
from shared.tasks.invoker import Verifier
from shared.templates.pictures import PicturePorts


class IngestSettings(CloudTasks, MediaStorage, MediaFetch, Uploads, StorageQuota):
    """Everything that copying needs to know."""


SETTINGS = read_settings(IngestSettings)


@dataclass(frozen=True)
class Ports:
    ingesting: IngestPorts
    working: WorkPorts
    uploading: UploadPorts
    picturing: PicturePorts
    verifier: Verifier


@once
def ports() -> Ports:
    documents = firestore.connect(SETTINGS.project_id)
    ingesting = IngestPorts(
        documents=documents,
        tasks=CloudTasksQueue(SETTINGS),
        storage=CloudStorage(SETTINGS),
        fetcher=DriveFetcher(GuardedFetcher(SETTINGS)),
        measurer=ProcessMeasurer(),
        clock=documents.clock,
        quota_bytes=SETTINGS.storage_quota_bytes,
    )
    arrived = CloudStorage(SETTINGS, SETTINGS.uploads_bucket)
    keeping = Keeping(ingesting.storage, documents, documents.clock, SETTINGS.storage_quota_bytes)
    return Ports(
        ingesting=ingesting,
        working=WorkPorts(documents, ingesting.tasks, documents.clock, partial(delete_leftovers, storage=ingesting.storage)),
        uploading=UploadPorts(ingesting.intake, keeping, arrived, SETTINGS.max_media_bytes),
        picturing=PicturePorts(ingesting.intake, documents.clock),
        verifier=OidcVerifier(SETTINGS, SETTINGS.function_url("ingest")),
    )
