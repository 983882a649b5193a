"""Sandbox accounts: any name is an account on any platform; its token and its id there follow from the name."""

import base64
import zlib
from dataclasses import dataclass


@dataclass(frozen=True)
class SandboxAccount:
    platform: str
    account_id: str

    @property
    def access_token(self) -> str:
        name = base64.urlsafe_b64encode(self.account_id.encode()).decode().rstrip("=")
        return f"sandbox-{self.platform}-{name}"

    @property
    def user_id(self) -> str:
        """Numeric, as the platforms' own ids are."""
        return str(10**12 + zlib.crc32(f"{self.platform}:{self.account_id}".encode()))

    @property
    def username(self) -> str:
        return self.account_id


def account_of_token(token: str, platform: str) -> SandboxAccount | None:
    prefix = f"sandbox-{platform}-"
    if not token.startswith(prefix):
        return None
    name = token[len(prefix) :]
    try:
        return SandboxAccount(platform, base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode())
    except ValueError:
        return None
