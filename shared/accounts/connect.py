"""Make an account usable: the account, its encrypted tokens and the user's digest change in one commit."""

from shared.accounts.credentials import Credentials, account_path, credentials_path
from shared.accounts.encryption import Cipher
from shared.accounts.user import user_path
from shared.core.clock import Clock
from shared.documents.document import Documents, Merge


def connect_account(
    uid: str, platform: str, account_id: str, credentials: Credentials, *, cipher: Cipher, documents: Documents, clock: Clock
) -> None:
    secret_path = credentials_path(uid, platform, account_id)
    documents.commit(
        Merge(
            account_path(uid, platform, account_id),
            {
                "uid": uid,
                "platform": platform,
                "accountId": account_id,
                "displayName": credentials.username,
                "username": credentials.username,
                "status": "connected",
                "connectedAt": clock.now(),
            },
        ),
        Merge(secret_path, credentials.seal(cipher, secret_path)),
        Merge(user_path(uid), {"accounts": {platform: {account_id: "connected"}}}),
    )
