"""The document of an address's copy, as whoever needs the file reads it; copy.py makes it."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from shared.core.errors import SokuError
from shared.documents.document import Document
from shared.media.media import Kind

# What is wrong: the address, or the file behind it.
Code = Literal["media_unavailable", "media_invalid"]
# The most bytes that any of the post's platforms takes of a kind of file; a kind that none takes is missing.
Limits = Mapping[Kind, int]


class CopyFailed(SokuError):
    """The file cannot be had; the message says why, in words for the customer."""

    def __init__(self, reason: str, code: Code = "media_unavailable") -> None:
        super().__init__(reason)
        self.code: Code = code
        self.failed_at: datetime | None = None


def copy_path(submission_path: str, url: str) -> str:
    """The document of one address's copy, for one post."""
    return f"{submission_path}/media/{hashlib.sha256(url.encode()).hexdigest()[:32]}"


def failure_of(document: Document) -> CopyFailed:
    """What a copy failed with."""
    failure = CopyFailed(document.fields["error"], document.fields.get("code", "media_unavailable"))
    failure.failed_at = document.fields.get("failedAt")
    return failure
