"""The webhooks function's real ports, built once, on the first request."""

from dataclasses import dataclass

from shared.core.encryption import Cipher
from shared.core.once import once
from shared.core.settings import Addresses, CloudTasks, MediaFetch, TokenKeys, read_settings
from shared.core.together import together_on
from shared.gcp import firestore
from shared.gcp.cloud_tasks import CloudTasksQueue
from shared.gcp.oidc import OidcVerifier
from shared.tasks.invoker import Verifier
from shared.webhooks.deliver import AT_ONCE
from shared.webhooks.ports import WebhookPorts
from shared.webhooks.send import GuardedSender


class WebhookSettings(Addresses, CloudTasks, MediaFetch, TokenKeys):
    """Everything that telling needs to know."""


SETTINGS = read_settings(WebhookSettings)


@dataclass(frozen=True)
class Ports:
    telling: WebhookPorts
    verifier: Verifier


# Of each request beside its own: so that slow endpoints keep nobody else's waiting.
_THREADS = 40 * (AT_ONCE - 1)


@once
def ports() -> Ports:
    documents = firestore.connect(SETTINGS.project_id)
    clock = documents.clock
    sender = GuardedSender(SETTINGS.fetch_rewrites, clock)
    cipher, base_url = Cipher(SETTINGS.token_keys), SETTINGS.base_url
    return Ports(
        telling=WebhookPorts(documents, CloudTasksQueue(SETTINGS), clock, cipher, sender, together_on(_THREADS), base_url),
        verifier=OidcVerifier(SETTINGS, SETTINGS.function_url("webhooks")),
    )
