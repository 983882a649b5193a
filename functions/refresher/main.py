"""Target `refresher`: called by Cloud Tasks (queue `refresh`) with {uid, platform, accountId, what?}.

Asks the platform for new tokens and writes the account's credentials; or for what it says of the account (`what` is `facts`), and
writes the user. On failure Cloud Tasks delivers again for ten minutes, and the sweeper enqueues it anew after that.
"""

from functions.refresher import wiring
from functions.task import Payload, task_function
from shared.accounts.account import AccountKey
from shared.accounts.facts import renew_facts
from shared.core.log import start_logging

start_logging()


def handle(payload: Payload, ports: wiring.Ports) -> None:
    key = AccountKey(payload["uid"], payload["platform"], payload["accountId"])
    if payload.get("what") == "facts":
        renew_facts(key, ports.tokens)
    else:
        ports.tokens.refresh(key)


refresher = task_function(handle, wiring.ports)
