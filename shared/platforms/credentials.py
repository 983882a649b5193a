"""What a platform gave us for an account: the tokens, and who the account is there. Only ever stored encrypted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.core.encryption import Cipher
from shared.documents.document import Document
from shared.users.user import user_path

# Tokens that live longer than this are renewed ahead of time by themselves: unused, they would lapse.
LONG_LIVED = timedelta(days=2)
# A refresh token that is never used lapses too (X: after six months, as its users report); so each is used once a month.
KEEP_ALIVE = timedelta(days=30)
# A tenth of a token's life before its end, but not more than a week and not less than five minutes.
MIN_LEAD, MAX_LEAD = timedelta(minutes=5), timedelta(days=7)


@dataclass(frozen=True)
class Credentials:
    """`platform_user_id` is the platform's own id of the account, `username` its public handle without the @.

    `expires_at` None: the access token ends on no date. `granted_by` is who consented, where one person's consent makes several
    accounts (LinkedIn's organisations): whoever revokes the tokens of one may end those of all.
    """

    access_token: str
    platform_user_id: str
    username: str
    refresh_token: str | None = None
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    granted_by: str | None = None

    def __repr__(self) -> str:
        return f"Credentials(of {self.username!r})"

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(secret for secret in (self.access_token, self.refresh_token) if secret)

    @property
    def renew_from(self) -> datetime | None:
        """From when on another access token should be had before this one is used."""
        if self.expires_at is None:
            return None
        lifetime = self.expires_at - (self.issued_at or self.expires_at)
        return self.expires_at - min(max(lifetime / 10, MIN_LEAD), MAX_LEAD)

    @property
    def refresh_at(self) -> datetime | None:
        """When the tokens are to be renewed though nobody publishes."""
        if self.expires_at is None:
            return None
        if self.refresh_token is None:
            return self.renew_from
        issued = self.issued_at or self.expires_at
        return self.renew_from if self.expires_at - issued > LONG_LIVED else issued + KEEP_ALIVE

    def seal(self, cipher: Cipher, path: str) -> dict[str, str]:
        secret = {
            "accessToken": self.access_token,
            "platformUserId": self.platform_user_id,
            "username": self.username,
            "refreshToken": self.refresh_token,
            "issuedAt": self.issued_at.isoformat() if self.issued_at else None,
            "expiresAt": self.expires_at.isoformat() if self.expires_at else None,
            "grantedBy": self.granted_by,
        }
        return cipher.seal(secret, path=path)

    @staticmethod
    def open(document: Document, cipher: Cipher) -> "Credentials":
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


def credentials_path(uid: str, platform: str, account_id: str) -> str:
    return f"{user_path(uid)}/credentials/{platform}:{account_id}"


def account_path(uid: str, platform: str, account_id: str) -> str:
    return f"{user_path(uid)}/integrations/{platform}/accounts/{account_id}"
