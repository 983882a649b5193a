"""The publisher's real ports, built once, on the first request."""

from dataclasses import dataclass

from shared.automations.fire import AutomationPorts
from shared.core.encryption import Cipher
from shared.core.once import once
from shared.core.settings import CloudTasks, MediaFetch, MediaStorage, Platforms, TokenKeys, read_settings
from shared.gcp import firestore
from shared.gcp.cloud_storage import CloudStorage
from shared.gcp.cloud_tasks import CloudTasksQueue
from shared.gcp.oidc import OidcVerifier
from shared.http.client import RequestsHttp
from shared.platforms.registry import connectors, publishers
from shared.platforms.versions import announce_ageing
from shared.posts.validate import Installation
from shared.publishing.attempt import PublisherPorts
from shared.tasks.invoker import Verifier


class PublisherSettings(CloudTasks, MediaStorage, MediaFetch, TokenKeys, Platforms):
    """Everything the publisher needs to know."""


SETTINGS = read_settings(PublisherSettings)


@dataclass(frozen=True)
class Ports:
    publishing: PublisherPorts
    automating: AutomationPorts
    verifier: Verifier


@once
def ports() -> Ports:
    documents = firestore.connect(SETTINGS.project_id)
    announce_ageing(SETTINGS, documents.clock.now())
    tasks, apps = CloudTasksQueue(SETTINGS), connectors(SETTINGS)
    here = Installation(SETTINGS.media_url, tuple(SETTINGS.fetch_rewrites), apps, SETTINGS.tiktok_privacy)
    return Ports(
        publishing=PublisherPorts(
            documents=documents,
            tasks=tasks,
            http=RequestsHttp(),
            storage=CloudStorage(SETTINGS),
            cipher=Cipher(SETTINGS.token_keys),
            clock=documents.clock,
            platforms=publishers(SETTINGS),
            connectors=apps,
            daily_ceilings={"x": SETTINGS.x_daily_usd} if SETTINGS.x_daily_usd is not None else {},
        ),
        automating=AutomationPorts(documents, tasks, documents.clock, here),
        verifier=OidcVerifier(SETTINGS, SETTINGS.function_url("publisher")),
    )
