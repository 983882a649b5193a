"""A user's connected accounts: listed without a secret, and disconnected."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.accounts.credentials import Credentials, account_path, credentials_path
from shared.accounts.encryption import CannotDecrypt
from shared.accounts.user import User, user_path
from shared.core.errors import NotFound
from shared.documents.document import REMOVE, Conflict, Delete, Document, Documents, Update
from shared.integrations.oauth import ConnectPorts
from shared.integrations.stored_tokens import AccountKey
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
    held = _forgotten(AccountKey(uid, platform, account_id), ports)
    connector = ports.connectors.get(platform)
    if connector is None or connector.revoke is None or held is None or held.tokens.fields.get("dead"):
        return False
    try:
        credentials = Credentials.open(held.tokens, ports.cipher)
        if any(_shares_tokens(credentials, Credentials.open(other, ports.cipher)) for other in held.others):
            # The others go on with them.
            return False
        connector.revoke(ports.http, credentials)
    except (PlatformFailure, NotSent, NoAnswer, CannotDecrypt) as error:
        _log.warning("tokens were forgotten, but not revoked", extra={"account": held.tokens.path, "reason": str(error)})
        return False
    return True


@dataclass(frozen=True)
class _Held:
    """An account's tokens as they were when they were forgotten, and those of the user's others on the platform."""

    tokens: Document
    others: Sequence[Document]


def _forgotten(key: AccountKey, ports: ConnectPorts) -> _Held | None:
    """What was held; None if the tokens were gone. Raises NotFound.

    Only the very tokens that were read are deleted: a commit that comes late deletes no account that was connected again meanwhile.
    """
    held: _Held | None = None
    while True:
        [user] = ports.documents.get(user_path(key.uid))
        mine = User.from_document(key.uid, user).accounts.get(key.platform, {})
        if key.account_id not in mine:
            if held is None:
                raise NotFound("Account not found")
            # By our own commit, whose answer was lost.
            return held
        paths = [credentials_path(key.uid, key.platform, other) for other in mine if other != key.account_id]
        tokens, *others = ports.documents.get(key.credentials_path, *paths)
        held = _Held(tokens, [other for other in others if other is not None]) if tokens else None
        secret = [Delete(tokens.path, if_version=tokens.version)] if tokens else []
        digest = Update(user_path(key.uid), {("accounts", key.platform, key.account_id): REMOVE})
        try:
            ports.documents.commit(*secret, Delete(account_path(key.uid, key.platform, key.account_id)), digest)
            return held
        except Conflict:
            # Renewed, parked or connected again meanwhile.
            continue


def _shares_tokens(one: Credentials, other: Credentials) -> bool:
    """Whether revoking one's tokens may end the other's too."""
    return one.access_token == other.access_token or (one.granted_by is not None and one.granted_by == other.granted_by)
