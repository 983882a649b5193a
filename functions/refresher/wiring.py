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
from shared.tasks.invoker import Verifier


class RefresherSettings(CloudTasks, TokenKeys, Platforms):
    """Everything the refresher needs to know."""


SETTINGS = read_settings(RefresherSettings)


@dataclass(frozen=True)
class Ports:
    tokens: TokenKeeper
    verifier: Verifier


@once
def ports() -> Ports:
    documents = firestore.connect(SETTINGS.project_id)
    return Ports(
        tokens=TokenKeeper(
            documents=documents,
            cipher=Cipher(SETTINGS.token_keys),
            http=RequestsHttp(),
            clock=documents.clock,
            connectors=connectors(SETTINGS),
        ),
        verifier=OidcVerifier(SETTINGS, SETTINGS.function_url("refresher")),
    )
