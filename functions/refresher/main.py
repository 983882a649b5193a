"""Target `refresher`: called by Cloud Tasks (queue `refresh`) with {uid, platform, accountId}.

Asks the platform for new tokens and writes the account's credentials. On failure Cloud Tasks delivers again for ten minutes, and
the sweeper enqueues it anew after that.
"""

from functions.refresher import wiring
from functions.task import Payload, task_function
from shared.accounts.account import AccountKey
from shared.core.log import start_logging

start_logging()


def handle(payload: Payload, ports: wiring.Ports) -> None:
    ports.tokens.refresh(AccountKey(payload["uid"], payload["platform"], payload["accountId"]))


refresher = task_function(handle, wiring.ports)
