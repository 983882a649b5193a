"""A user's account on a platform: where it is stored, what is shown of it, and its tokens, which are only ever stored encrypted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.core.encryption import Cipher
from shared.core.errors import NotFound
from shared.core.platforms import PLATFORMS, canonical
from shared.documents.document import Document, Documents
from shared.platforms.credentials import Credentials
from shared.users.user import User, user_path

# What a platform says of an account is asked for again after this long.
FACTS_RENEWED_AFTER = timedelta(days=30)
# Far longer than any platform's.
MAX_ID = 256


@dataclass(frozen=True)
class AccountKey:
    """Names an account; what tasks carry."""

    uid: str
    platform: str
    account_id: str

    @property
    def path(self) -> str:
        return account_path(self.uid, self.platform, self.account_id)

    @property
    def credentials_path(self) -> str:
        return credentials_path(self.uid, self.platform, self.account_id)


def account_key(uid: str, platform: str, account_id: str) -> AccountKey:
    """As callers name it. Raises NotFound for what no account can be called."""
    named = canonical(platform)
    # What Firestore keeps for itself, or takes for a way.
    is_reserved = account_id in (".", "..") or "/" in account_id or (account_id.startswith("__") and account_id.endswith("__"))
    if named not in PLATFORMS or is_reserved or not 0 < len(account_id) <= MAX_ID:
        raise NotFound("There is no such account")
    return AccountKey(uid, named, account_id)


def account_path(uid: str, platform: str, account_id: str) -> str:
    return f"{user_path(uid)}/integrations/{platform}/accounts/{account_id}"


def credentials_path(uid: str, platform: str, account_id: str) -> str:
    return f"{user_path(uid)}/credentials/{platform}:{account_id}"


def facts_fields(facts: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What the platform says of an account, as it stands at `users/{uid}.accountFacts.{platform}.{accountId}`."""
    return {**facts, "at": now}


def list_accounts(uid: str, *, documents: Documents) -> Sequence[dict[str, Any]]:
    """The accounts' documents, by platform and id, none of which holds a secret. Two RPCs: the user's summary names them."""
    [user] = documents.get(user_path(uid))
    accounts = User.from_document(uid, user).accounts
    paths = [account_path(uid, platform, account_id) for platform in PLATFORMS for account_id in sorted(accounts.get(platform, {}))]
    found = documents.get(*paths) if paths else []
    return [dict(document.fields) for document in found if document is not None]


def seal(credentials: Credentials, cipher: Cipher, path: str) -> dict[str, str]:
    """What to store of the tokens at the document `path`."""
    secret = {
        "accessToken": credentials.access_token,
        "platformUserId": credentials.platform_user_id,
        "username": credentials.username,
        "refreshToken": credentials.refresh_token,
        "issuedAt": credentials.issued_at.isoformat() if credentials.issued_at else None,
        "expiresAt": credentials.expires_at.isoformat() if credentials.expires_at else None,
        "grantedBy": credentials.granted_by,
    }
    return cipher.seal(secret, path=path)


def open_credentials(document: Document, cipher: Cipher) -> Credentials:
    """The tokens in a credentials document. Raises CannotDecrypt."""
    secret: Mapping[str, Any] = cipher.open(document.fields, path=document.path)
    return Credentials(
        secret["accessToken"],
        secret["platformUserId"],
        secret["username"],
        secret.get("refreshToken"),
        _moment(secret.get("issuedAt")),
        _moment(secret.get("expiresAt")),
        secret.get("grantedBy"),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
