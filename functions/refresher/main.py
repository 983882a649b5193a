"""Target `refresher`: called by Cloud Tasks (queue `refresh`) with {uid, platform, accountId}.

Asks the platform for new tokens and writes the account's credentials. On failure Cloud Tasks delivers again for ten minutes, and
the sweeper hands it on anew after that.
"""

from collections.abc import Mapping

from flask import Request

from functions.refresher import wiring
from shared.accounts.account import AccountKey
from shared.core.log import start_logging
from shared.tasks.receive import Answer, receive

start_logging()


def refresher(request: Request) -> Answer:
    return answer(request, wiring.ports())


def answer(request: Request, ports: wiring.Ports) -> Answer:
    def handle(payload: Mapping[str, str]) -> None:
        ports.tokens.refresh(AccountKey(payload["uid"], payload["platform"], payload["accountId"]))

    return receive(request.headers.get("Authorization"), request.get_data(), verifier=ports.verifier, handle=handle)
