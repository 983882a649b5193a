"""What a platform gave us for an account: the tokens, and who the account is there. Only ever stored encrypted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.accounts.encryption import Cipher
from shared.accounts.user import user_path
from shared.documents.document import Document


@dataclass(frozen=True)
class Credentials:
    """`platform_user_id` is the platform's own id of the account, `username` its public handle without the @."""

    access_token: str
    platform_user_id: str
    username: str

    def __repr__(self) -> str:
        return f"Credentials(of {self.username!r})"

    def seal(self, cipher: Cipher, path: str) -> dict[str, str]:
        secret = {
            "accessToken": self.access_token,
            "platformUserId": self.platform_user_id,
            "username": self.username,
        }
        return cipher.seal(secret, path=path)

    @staticmethod
    def open(document: Document, cipher: Cipher) -> "Credentials":
        secret: Mapping[str, Any] = cipher.open(document.fields, path=document.path)
        return Credentials(secret["accessToken"], secret["platformUserId"], secret["username"])


def credentials_path(uid: str, platform: str, account_id: str) -> str:
    return f"{user_path(uid)}/credentials/{platform}:{account_id}"


def account_path(uid: str, platform: str, account_id: str) -> str:
    return f"{user_path(uid)}/integrations/{platform}/accounts/{account_id}"
