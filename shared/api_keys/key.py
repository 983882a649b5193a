"""What a key looks like, and what is kept of it.

    sk_live_ + 32 random base62 characters (190 bits) + 6 characters of checksum

The checksum lets junk be refused, and leaked keys be recognised, without asking the database. 190 random bits need no salt and no
slow hash: SHA-256 is what the specification names and what the documents are called by.
"""

import hashlib
import re
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.core.ids import base62, random_base62
from shared.documents.document import Document

PREFIX = "sk_live_"
Scope = Literal["posts:read", "posts:write", "media", "ai", "webhooks", "manage"]
_SHAPE = re.compile(r"sk_live_([0-9A-Za-z]{32})([0-9A-Za-z]{6})", re.ASCII)


def new_key() -> str:
    secret = random_base62(32)
    return PREFIX + secret + _checksum(secret)


def is_well_formed(key: str) -> bool:
    """Whether the key could be one of ours: shape and checksum."""
    shape = _SHAPE.fullmatch(key)
    return shape is not None and _checksum(shape[1]) == shape[2]


def hash_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def preview_of(key: str) -> str:
    return f"{PREFIX}********{key[-4:]}"


def _checksum(secret: str) -> str:
    return base62(zlib.crc32(secret.encode()), width=6)


@dataclass(frozen=True)
class ApiKey:
    """The record of a key; `id` is the key's SHA-256."""

    id: str
    uid: str
    name: str | None
    token_preview: str
    created_at: datetime
    revoked_at: datetime | None
    # None: all there are, later ones included.
    scopes: tuple[str, ...] | None = None
    expires_at: datetime | None = None
    last_used_at: datetime | None = None

    def has_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    @staticmethod
    def from_document(document: Document) -> "ApiKey":
        fields = document.fields
        return ApiKey(
            id=document.id,
            uid=fields["uid"],
            name=fields["name"],
            token_preview=fields["tokenPreview"],
            created_at=fields["createdAt"],
            revoked_at=fields["revokedAt"],
            scopes=tuple(scopes) if (scopes := fields.get("scopes")) is not None else None,
            expires_at=fields.get("expiresAt"),
            last_used_at=fields.get("lastUsedAt"),
        )


def key_path(key_id: str) -> str:
    return f"apiKeys/{key_id}"
