"""Everything outside of the process that the API touches."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from functions.api.request.limits import Limiter
from shared.accounts.oauth import ConnectPorts
from shared.accounts.tokens import TokenKeeper
from shared.core.clock import Clock
from shared.core.settings import (
    Addresses,
    Connecting,
    Cors,
    Generating,
    MediaFetch,
    MediaStorage,
    Platforms,
    Prices,
    RateLimits,
    StorageQuota,
    TokenKeys,
    Uploads,
)
from shared.core.together import Together
from shared.documents.document import Documents
from shared.media.direct import OpenSession
from shared.platforms.platform import Platform
from shared.posts.validate import Installation
from shared.tasks.task import Tasks


class ApiSettings(
    Addresses,
    Cors,
    RateLimits,
    MediaStorage,
    MediaFetch,
    Uploads,
    StorageQuota,
    Prices,
    Generating,
    TokenKeys,
    Platforms,
    Connecting,
):
    """Everything the API needs to know."""

    def callback_url(self, platform: str) -> str:
        """Where the platform sends people back to; registered with the operator's app there."""
        return f"{self.base_url}/v1/integrations/{platform}/callback"


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
    connecting: ConnectPorts
    # What asks them of accounts and posts; each is loaded on first use.
    platforms: Mapping[str, Platform]
    limiter: Limiter
    # Reads that do not need each other's answers.
    together: Together
    # For so many seconds, as the requests do that wait for what they began.
    sleep: Callable[[float], None]
    # Of the private bucket.
    open_session: OpenSession
    # What the API needs, by name; each raises if it does not answer.
    checks: Mapping[str, Callable[[], None]]

    @property
    def tokens(self) -> TokenKeeper:
        """Whose apps are asked for new ones as publishing does."""
        outside = self.connecting
        return TokenKeeper(outside.documents, outside.cipher, outside.http, outside.clock, outside.connectors)

    @property
    def installation(self) -> Installation:
        """What this operator's Soku is like, for the judges of posts."""
        settings = self.settings
        rewritten = tuple(settings.fetch_rewrites)
        return Installation(settings.media_url, rewritten, self.connecting.connectors, settings.tiktok_privacy)
