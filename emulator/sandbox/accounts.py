"""Sandbox accounts: any name is an account on any platform. Its tokens say whose they are, which generation, and until when.

sandbox-x-<name>                    works for ever: what `user add --connect` gives
sandbox-x-<name>.<n>.<until>        got by OAuth or a refresh, good until that Unix time
refresh-x-<name>.<n>                gets the next generation
"""

import base64
import re
import zlib
from dataclasses import dataclass
from datetime import datetime

_TOKEN = re.compile(r"(sandbox|refresh)-([a-z]+)-([A-Za-z0-9_-]+)(?:\.(\d+)(?:\.(\d+))?)?")


@dataclass(frozen=True)
class SandboxAccount:
    platform: str
    account_id: str

    @property
    def access_token(self) -> str:
        return f"sandbox-{self.platform}-{self._encoded}"

    @property
    def refresh_token(self) -> str:
        return self.refresh_token_of(0)

    def access_token_of(self, generation: int, until: datetime) -> str:
        return f"{self.access_token}.{generation}.{int(until.timestamp())}"

    def refresh_token_of(self, generation: int) -> str:
        return f"refresh-{self.platform}-{self._encoded}.{generation}"

    @property
    def _encoded(self) -> str:
        return base64.urlsafe_b64encode(self.account_id.encode()).decode().rstrip("=")

    @property
    def number(self) -> str:
        """Numeric, as most of the platforms' own ids are."""
        return str(10**12 + zlib.crc32(f"{self.platform}:{self.account_id}".encode()))

    @property
    def is_organisation(self) -> bool:
        """LinkedIn: names that begin with org."""
        return self.account_id.startswith("org")

    @property
    def user_id(self) -> str:
        """The id that the platform's API calls the account by."""
        match self.platform:
            case "linkedin":
                return f"urn:li:{'organization' if self.is_organisation else 'person'}:{self.number}"
            case "youtube":
                return f"UC{self.number}"
            case "tiktok":
                return f"-000{self.number}"
            case _:
                return self.number

    @property
    def username(self) -> str:
        return self.account_id


@dataclass(frozen=True)
class Token:
    """`generation` None is the one that works for ever."""

    kind: str
    account: SandboxAccount
    generation: int | None
    until: float | None


def read_token(text: str, platform: str) -> Token | None:
    found = _TOKEN.fullmatch(text)
    if found is None or found[2] != platform:
        return None
    try:
        name = base64.urlsafe_b64decode(found[3] + "=" * (-len(found[3]) % 4)).decode()
    except ValueError:
        return None
    generation = int(found[4]) if found[4] else None
    return Token(found[1], SandboxAccount(platform, name), generation, float(found[5]) if found[5] else None)
