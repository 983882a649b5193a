"""Make an account usable: the account, its encrypted tokens and the user's digest change in one commit."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.accounts.credentials import Credentials, account_path, credentials_path
from shared.accounts.encryption import Cipher
from shared.accounts.user import User, user_path
from shared.core.clock import Clock
from shared.core.ids import random_base62
from shared.documents.document import Conflict, Create, Document, Documents, Merge, Update, Write

# The path of a credentials document → the generation that it held.
TokensHeld = Mapping[str, str]


def tokens_held(uid: str, platform: str, *, documents: Documents) -> TokensHeld:
    """Two RPCs: the user's digest names the accounts."""
    [user] = documents.get(user_path(uid))
    accounts = User.from_document(uid, user).accounts.get(platform, {})
    found = documents.get(*(credentials_path(uid, platform, account_id) for account_id in accounts)) if accounts else []
    return {document.path: document.fields["generation"] for document in found if document is not None}


def connect_account(
    uid: str,
    platform: str,
    account_id: str,
    credentials: Credentials,
    *,
    display_name: str | None = None,
    scopes: Sequence[str] = (),
    cipher: Cipher,
    documents: Documents,
    clock: Clock,
    before: TokensHeld | None = None,
) -> None:
    """Connecting an account again gives it the new tokens, whoever is refreshing the old ones.

    `before` are the tokens that it had when these were asked for: others that came meanwhile, and live, stay. No clock is compared,
    as no two show the same time.
    """
    secret_path = credentials_path(uid, platform, account_id)
    account = {
        "uid": uid,
        "platform": platform,
        "accountId": account_id,
        "displayName": display_name or credentials.username,
        "username": credentials.username,
        "status": "connected",
        "scopes": list(scopes),
        "connectedAt": clock.now(),
        "tokenExpiresAt": credentials.expires_at,
    }
    secret = secret_fields(uid, platform, account_id, credentials, cipher)
    digest = Merge(user_path(uid), {"accounts": {platform: {account_id: "connected"}}})
    while True:
        [held] = documents.get(secret_path)
        if held is not None and before is not None and _came_meanwhile(held, before):
            return
        tokens: Write = Create(secret_path, secret) if held is None else Update(secret_path, secret, if_version=held.version)
        try:
            documents.commit(tokens, Merge(account_path(uid, platform, account_id), account), digest)
            return
        except Conflict:
            # Connected or renewed meanwhile.
            continue


def _came_meanwhile(held: Document, before: TokensHeld) -> bool:
    return held.fields["generation"] != before.get(held.path) and not held.fields.get("dead")


def secret_fields(uid: str, platform: str, account_id: str, credentials: Credentials, cipher: Cipher) -> dict[str, Any]:
    """A credentials document. `generation` names these very tokens; `refreshAt` is when the sweeper has them renewed."""
    path = credentials_path(uid, platform, account_id)
    return {
        **credentials.seal(cipher, path),
        "uid": uid,
        "platform": platform,
        "accountId": account_id,
        "generation": random_base62(16),
        "refreshAt": credentials.refresh_at,
        "refreshingUntil": None,
        "dead": False,
    }
