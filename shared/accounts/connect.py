"""Make an account usable: the account, its encrypted tokens and the user's summary change in one commit."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from shared.accounts.account import FACTS_RENEWED_AFTER, AccountKey, credentials_path, facts_fields, seal
from shared.accounts.events import account_event
from shared.core.clock import Clock
from shared.core.encryption import Cipher
from shared.core.ids import random_base62
from shared.documents.change import read_modify_write
from shared.documents.document import Create, Documents, Merge, Update, Write
from shared.platforms.credentials import Credentials
from shared.users.user import user_path


def connect_account(
    uid: str,
    platform: str,
    account_id: str,
    credentials: Credentials,
    *,
    display_name: str | None = None,
    scopes: Sequence[str] = (),
    facts: Mapping[str, Any] | None = None,
    needs: Sequence[str] = (),
    renews: bool | None = None,
    told: Collection[str] = (),
    cipher: Cipher,
    documents: Documents,
    clock: Clock,
) -> None:
    """`needs` are scopes without which nothing can be published; `renews`: whether its tokens are renewed without its person;
    `told` are the types of events that its user's webhooks want.

    Connecting an account again gives it the new tokens, whoever is renewing the old ones: they are of another consent."""
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
        # Of a connection before this one.
        "problem": None,
        **({"neededScopes": list(needs)} if needs else {}),
        **({"renews": renews} if renews is not None else {}),
    }
    secret = secret_fields(uid, platform, account_id, credentials, cipher, connection=random_base62(16))
    if facts:
        secret["factsDueAt"] = clock.now() + FACTS_RENEWED_AFTER
    said = {"accountFacts": {platform: {account_id: facts_fields(facts, clock.now())}}} if facts else {}
    summary = Merge(user_path(uid), {"accounts": {platform: {account_id: "connected"}}, **said})

    def attempt() -> None:
        [held] = documents.get(secret_path)
        if held is not None and held.fields.get("connection") == secret["connection"]:
            # Our own commit, whose answer was lost, and whose tokens were renewed since.
            return
        tokens: Write = Create(secret_path, secret) if held is None else Update(secret_path, secret, if_version=held.version)
        key, now = AccountKey(uid, platform, account_id), clock.now()
        events = account_event(key, "connected", told, now)
        documents.commit(tokens, Merge(key.path, account), summary, *events)

    # Again if it is connected or renewed meanwhile.
    read_modify_write(attempt)


def secret_fields(
    uid: str, platform: str, account_id: str, credentials: Credentials, cipher: Cipher, *, connection: str
) -> dict[str, Any]:
    """A credentials document. `connection` names the person's consent, `generation` these very tokens; `refreshAt` is when the
    sweeper has them renewed."""
    path = credentials_path(uid, platform, account_id)
    return {
        **seal(credentials, cipher, path),
        "uid": uid,
        "platform": platform,
        "accountId": account_id,
        "connection": connection,
        "generation": random_base62(16),
        "refreshAt": credentials.refresh_at,
        "refreshingUntil": None,
        "dead": False,
    }
