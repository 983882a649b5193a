"""Every target by name. Deployed functions start from their own folder's main.py; tools that want all of them import this."""

from functions.api.main import api
from functions.orchestrator.main import orchestrator
from functions.publisher.main import publisher
from functions.refresher.main import refresher
from functions.sweeper.main import sweeper

__all__ = ["api", "orchestrator", "publisher", "refresher", "sweeper"]
