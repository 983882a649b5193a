"""What is done after an operation that was cancelled, or took too long: what it has begun elsewhere is ended."""

import logging
from collections.abc import Mapping
from typing import Any

from shared.jobs.provider import ProviderBusy, ProviderRefused, RequestRefused
from shared.media.leftovers import delete_leftovers
from shared.operations.batch import cancel_children
from shared.operations.ports import ProviderPorts
from shared.operations.replicate import cancel

_log = logging.getLogger(__name__)


def tidy(state: Mapping[str, Any], ports: ProviderPorts) -> list[str]:
    """What could not be deleted. A provider that cannot be told goes on, at the operator's cost."""
    if "prediction" in state:
        try:
            cancel(state["prediction"], ports)
        except (ProviderBusy, ProviderRefused, RequestRefused) as error:
            _log.info("provider.not_cancelled", extra={"prediction": state["prediction"], "reason": str(error)})
    if "batch" in state:
        cancel_children(state["batch"], state["children"], ports)
    return delete_leftovers(state, ports.storage)
