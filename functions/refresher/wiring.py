"""The refresher's real ports, built once, on the first request."""

from dataclasses import dataclass

from shared.accounts.tokens import TokenKeeper
from shared.core.encryption import Cipher
from shared.core.once import once
from shared.core.settings import CloudTasks, Platforms, TokenKeys, read_settings
from shared.gcp import firestore
from shared.gcp.oidc import OidcVerifier
from shared.http.client import RequestsHttp
from shared.platforms.registry import connectors
from shared.posts.check import CheckPorts
from shared.tasks.invoker import Verifier


class RefresherSettings(CloudTasks, TokenKeys, Platforms):
    """Everything the refresher needs to know."""


SETTINGS = read_settings(RefresherSettings)
# For what a post may do without.
QUICK_SECONDS = 10.0


@dataclass(frozen=True)
class Ports:
    tokens: TokenKeeper
    checking: CheckPorts
    verifier: Verifier


@once
def ports() -> Ports:
    documents = firestore.connect(SETTINGS.project_id)
    tokens = TokenKeeper(
        documents=documents,
        cipher=Cipher(SETTINGS.token_keys),
        http=RequestsHttp(),
        clock=documents.clock,
        connectors=connectors(SETTINGS),
    )
    return Ports(
        tokens=tokens,
        checking=CheckPorts(tokens, RequestsHttp(total_seconds=QUICK_SECONDS), SETTINGS.tiktok_privacy),
        verifier=OidcVerifier(SETTINGS, SETTINGS.function_url("refresher")),
    )
