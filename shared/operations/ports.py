"""What the steps of the `jobs` function touch: it waits for providers, and does nothing that takes a core."""

from dataclasses import dataclass
from typing import Any, Protocol

from shared.documents.document import Documents
from shared.http.client import Http
from shared.jobs.work import WorkPorts
from shared.media.storage import Storage


class Studio(Protocol):
    """OpenAI's models, or another's that speaks its API. Each raises ProviderBusy, ProviderRefused, RequestRefused."""

    def written(self, instructions: str, text: str) -> dict[str, Any]:
        """A JSON object, as the instructions describe it."""
        ...

    def image(self, prompt: str, size: str) -> bytes:
        """PNG."""
        ...

    def speech(self, text: str, voice: str) -> bytes:
        """WAV."""
        ...


@dataclass(frozen=True)
class ProviderPorts:
    """Addresses end without a slash; without a key, what needs it is switched off."""

    documents: Documents
    storage: Storage
    http: Http
    studio: Studio
    working: WorkPorts
    youtube_url: str
    youtube_key: str | None
    replicate_url: str
    replicate_key: str | None
    solana_url: str
