"""A file in a post: named by the customer, and once copied into our storage, measured."""

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from shared.media.measure import Measured

Kind = Literal["image", "video", "unknown"]
# It names a document: no slash, and not like __this__, which Firestore keeps for itself.
MEDIA_ID = r"^[0-9A-Za-z][0-9A-Za-z_-]{0,127}$"


def media_path(media_id: str) -> str:
    """The document of a stored file."""
    return f"media/{media_id}"


# How measured facts are called in documents.
_MEASURED = {
    "width": "width",
    "height": "height",
    "durationSeconds": "duration_seconds",
    "frameRate": "frame_rate",
    "videoCodec": "video_codec",
    "audioCodec": "audio_codec",
    "chroma": "chroma",
    "frames": "frames",
}


@dataclass(frozen=True, kw_only=True)
class StoredMedia(Measured):
    """A file in our storage, and what the version `measured_by` of our measuring found; 0 where an older one did."""

    media_id: str
    url: str
    storage_path: str
    content_type: str
    size_bytes: int
    sha256: str
    measured_by: int = 0

    def to_fields(self) -> dict[str, Any]:
        fields = {
            "mediaId": self.media_id,
            "url": self.url,
            "storagePath": self.storage_path,
            "contentType": self.content_type,
            "sizeBytes": self.size_bytes,
            "sha256": self.sha256,
            "measuredBy": self.measured_by,
            **{name: getattr(self, attribute) for name, attribute in _MEASURED.items()},
        }
        return {name: value for name, value in fields.items() if value is not None}

    @staticmethod
    def from_fields(fields: Mapping[str, Any]) -> "StoredMedia":
        return StoredMedia(
            media_id=fields["mediaId"],
            url=fields["url"],
            storage_path=fields["storagePath"],
            content_type=fields["contentType"],
            size_bytes=fields["sizeBytes"],
            sha256=fields["sha256"],
            measured_by=fields.get("measuredBy", 0),
            **{attribute: fields.get(name) for name, attribute in _MEASURED.items()},
        )


@dataclass(frozen=True)
class MediaItem:
    """One file of a post: `field` is where the customer named it, exactly one of `url` and `media_id` says which."""

    field: str
    kind: Kind
    url: str | None = None
    media_id: str | None = None
    stored: StoredMedia | None = None

    @property
    def content_type(self) -> str | None:
        """The measured type, or before that the one its address declares."""
        if self.stored is not None:
            return self.stored.content_type
        return declared_content_type(self.url) if self.url else None

    @property
    def size_bytes(self) -> int | None:
        return self.stored.size_bytes if self.stored else None

    def to_fields(self) -> dict[str, Any]:
        named = {"url": self.url} if self.url else {"mediaId": self.media_id}
        return {"field": self.field, "kind": self.kind, **named}

    @staticmethod
    def from_fields(fields: Mapping[str, Any]) -> "MediaItem":
        return MediaItem(fields["field"], fields["kind"], fields.get("url"), fields.get("mediaId"))


def declared_content_type(url: str) -> str | None:
    """What a URL's file name says the file is, if it says anything."""
    guessed, _ = mimetypes.guess_type(urlsplit(url).path)
    return guessed


def kind_of(content_type: str | None) -> Kind:
    family = (content_type or "").partition("/")[0]
    if family == "image":
        return "image"
    return "video" if family == "video" else "unknown"
