"""A user's connected accounts: listed without a secret, and disconnected."""

import logging
from collections.abc import Sequence
from typing import Any

from shared.accounts.credentials import Credentials, account_path, credentials_path
from shared.accounts.encryption import CannotDecrypt
from shared.accounts.user import User, user_path
from shared.core.errors import NotFound
from shared.documents.document import REMOVE, Delete, Documents, Update
from shared.integrations.oauth import ConnectPorts
from shared.platforms.failure import PlatformFailure
from shared.platforms.http import NoAnswer, NotSent
from shared.platforms.names import PLATFORMS

_log = logging.getLogger(__name__)


def list_accounts(uid: str, *, documents: Documents) -> Sequence[dict[str, Any]]:
    """The accounts' documents, by platform and id. Two RPCs: the digest names them."""
    [user] = documents.get(user_path(uid))
    accounts = User.from_document(uid, user).accounts
    paths = [account_path(uid, platform, account_id) for platform in PLATFORMS for account_id in sorted(accounts.get(platform, {}))]
    found = documents.get(*paths) if paths else []
    return [dict(document.fields) for document in found if document is not None]


def disconnect(uid: str, platform: str, account_id: str, ports: ConnectPorts) -> bool:
    """Forget the account and its tokens; True if the platform revoked them too. Raises NotFound.

    What is forgotten here is forgotten whatever the platform says; what was to be published there fails.
    """
    [user] = ports.documents.get(user_path(uid))
    mine = User.from_document(uid, user).accounts.get(platform, {})
    if account_id not in mine:
        raise NotFound("Account not found")
    secret_path, path = credentials_path(uid, platform, account_id), account_path(uid, platform, account_id)
    paths = [credentials_path(uid, platform, other) for other in mine if other != account_id]
    secret, *others = ports.documents.get(secret_path, *paths)
    ports.documents.commit(Delete(path), Delete(secret_path), Update(user_path(uid), {("accounts", platform, account_id): REMOVE}))
    connector = ports.connectors.get(platform)
    if connector is None or connector.revoke is None or secret is None or secret.fields.get("dead"):
        return False
    try:
        credentials = Credentials.open(secret, ports.cipher)
        if any(_shares_tokens(credentials, Credentials.open(other, ports.cipher)) for other in others if other):
            # The others go on with them.
            return False
        connector.revoke(ports.http, credentials)
    except (PlatformFailure, NotSent, NoAnswer, CannotDecrypt) as error:
        _log.warning("tokens were forgotten, but not revoked", extra={"account": path, "reason": str(error)})
        return False
    return True


def _shares_tokens(one: Credentials, other: Credentials) -> bool:
    """Whether revoking one's tokens may end the other's too."""
    return one.access_token == other.access_token or (one.granted_by is not None and one.granted_by == other.granted_by)
