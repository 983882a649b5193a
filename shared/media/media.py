"""A file in a post: named by the customer, and once copied into our storage, measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from shared.documents.document import Document
from shared.media.measure import Measured

Kind = Literal["image", "video", "unknown"]
_ENDINGS: Mapping[Literal["image", "video", "audio"], frozenset[str]] = {
    "image": frozenset(["jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "heic", "heif", "avif", "bmp", "tif", "tiff"]),
    "video": frozenset(["mp4", "m4v", "mov", "qt", "webm", "mkv", "avi", "mpg", "mpeg", "3gp", "wmv", "flv", "ogv"]),
    "audio": frozenset(["mp3", "m4a", "wav", "ogg", "oga", "opus", "aac", "flac", "weba", "wma", "aif", "aiff"]),
}
# It names a document: no slash, and not like __this__, which Firestore keeps for itself.
MEDIA_ID = r"^[0-9A-Za-z][0-9A-Za-z_-]{0,127}$"


def media_path(media_id: str) -> str:
    """The document of a stored file."""
    return f"media/{media_id}"


# How measured facts are called in documents.
MEASURED = {
    "width": "width",
    "height": "height",
    "durationSeconds": "duration_seconds",
    "frameRate": "frame_rate",
    "videoCodec": "video_codec",
    "audioCodec": "audio_codec",
    "chroma": "chroma",
    "frames": "frames",
}


def measured_fields(measured: Measured) -> dict[str, Any]:
    """As far as they are known."""
    facts = {name: getattr(measured, attribute) for name, attribute in MEASURED.items()}
    return {name: value for name, value in facts.items() if value is not None}


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
            **measured_fields(self),
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
            **{attribute: fields.get(name) for name, attribute in MEASURED.items()},
        )


# Without these a document is no file's.
_REQUIRED = ("url", "storagePath", "contentType", "sizeBytes", "sha256")


def is_stored(document: Document) -> bool:
    """Whether it says of a file what any must: documents can be changed by hand."""
    return all(document.fields.get(name) for name in _REQUIRED)


def stored_of(document: Document) -> StoredMedia:
    """What a document of a copy, or of an upload, says of its file; an upload's id is the document's."""
    return StoredMedia.from_fields({"mediaId": document.id, **document.fields})


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
        """As measured."""
        return self.stored.content_type if self.stored else None

    @property
    def size_bytes(self) -> int | None:
        return self.stored.size_bytes if self.stored else None

    def to_fields(self) -> dict[str, Any]:
        named = {"url": self.url} if self.url else {"mediaId": self.media_id}
        return {"field": self.field, "kind": self.kind, **named}

    @staticmethod
    def from_fields(fields: Mapping[str, Any]) -> "MediaItem":
        return MediaItem(fields["field"], fields["kind"], fields.get("url"), fields.get("mediaId"))


def hinted_kind(url: str) -> Kind | Literal["audio"]:
    """What an address's ending says that the file may be: a hint, which its bytes overrule. The same on every machine."""
    ending = urlsplit(url).path.rpartition(".")[2].lower()
    for kind, endings in _ENDINGS.items():
        if ending in endings:
            return kind
    return "unknown"


def kind_of(content_type: str | None) -> Kind:
    family = (content_type or "").partition("/")[0]
    if family == "image":
        return "image"
    return "video" if family == "video" else "unknown"
