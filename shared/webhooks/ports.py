"""What telling and delivering touch."""

from dataclasses import dataclass

from shared.core.clock import Clock
from shared.core.encryption import Cipher
from shared.core.together import Together
from shared.documents.document import Documents
from shared.tasks.task import Tasks
from shared.webhooks.send import Sender


@dataclass(frozen=True)
class WebhookPorts:
    """`base_url` is what every address in an answer begins with; `together` sends to one endpoint several at once."""

    documents: Documents
    tasks: Tasks
    clock: Clock
    cipher: Cipher
    sender: Sender
    together: Together
    base_url: str
