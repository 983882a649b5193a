"""Disconnect an account: have the platform revoke its tokens, then forget it."""

import logging
from collections.abc import Sequence

from shared.accounts.account import account_path, credentials_path, open_credentials
from shared.accounts.oauth import ConnectPorts
from shared.core.encryption import CannotDecrypt
from shared.core.errors import NotFound
from shared.documents.change import read_modify_write
from shared.documents.document import REMOVE, Delete, Document, Update
from shared.platforms.connector import revoke
from shared.platforms.credentials import Credentials
from shared.users.user import User, user_path

_log = logging.getLogger(__name__)


def disconnect(uid: str, platform: str, account_id: str, ports: ConnectPorts) -> bool:
    """Have the account's tokens revoked, then forget it; True if the platform revoked them. Raises NotFound.

    In this order: whoever dies in between leaves an account to be disconnected again, not tokens that nobody remembers. It is
    forgotten whatever the platform says, and what was to be published there fails. An account that is connected again meanwhile
    stays, also when our commit arrives late.
    """
    secret_path = credentials_path(uid, platform, account_id)
    # The consent that is to be ended, and whether each generation of its tokens was revoked.
    connection = ""
    revoked: dict[str, bool] = {}

    def attempt() -> bool:
        nonlocal connection
        [user] = ports.documents.get(user_path(uid))
        mine = User.from_document(uid, user).accounts.get(platform, {})
        if user is None or account_id not in mine:
            if not revoked:
                raise NotFound("Account not found: GET /v1/integrations lists yours.")
            # Forgotten meanwhile: by a twin, or by our own commit, whose answer was lost.
            return all(revoked.values())
        paths = [credentials_path(uid, platform, other) for other in mine if other != account_id]
        tokens, *others = ports.documents.get(secret_path, *paths)
        there = str(tokens.fields.get("connection") or "") if tokens else ""
        if revoked and there != connection:
            return all(revoked.values())
        connection = there
        generation = str(tokens.fields["generation"]) if tokens else ""
        if not revoked.get(generation):
            # Asked again if it could not be done: another account of the consent may be gone by now.
            revoked[generation] = tokens is not None and _revoked(platform, tokens, others, ports)
        forgotten = {(field, platform, account_id): REMOVE for field in ("accounts", "accountFacts")}
        summary = Update(user_path(uid), forgotten, if_version=user.version)
        secret = [Delete(secret_path, if_version=tokens.version)] if tokens else []
        ports.documents.commit(summary, Delete(account_path(uid, platform, account_id)), *secret)
        return all(revoked.values())

    # Again if it is renewed, parked, given up or connected again meanwhile, or another account of the user's is.
    return read_modify_write(attempt)


def _revoked(platform: str, tokens: Document, others: Sequence[Document | None], ports: ConnectPorts) -> bool:
    connector = ports.connectors.get(platform)
    if connector is None or connector.revoke is None or tokens.fields.get("dead"):
        return False
    living = [other for other in others if other is not None and not other.fields.get("dead")]
    try:
        credentials = open_credentials(tokens, ports.cipher)
        if any(_shares_tokens(credentials, open_credentials(other, ports.cipher)) for other in living):
            # The others go on with them.
            return False
        return revoke(ports.http, connector, credentials)
    except CannotDecrypt as error:
        _log.warning("account.tokens_not_revoked", extra={"account": tokens.path, "reason": str(error)})
        return False


def _shares_tokens(one: Credentials, other: Credentials) -> bool:
    """Whether revoking one's tokens may end the other's too."""
    return one.access_token == other.access_token or (one.granted_by is not None and one.granted_by == other.granted_by)
