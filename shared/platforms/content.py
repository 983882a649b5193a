"""What is to be published, before any platform has looked at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shared.media.media import MediaItem

MediaType = Literal["video", "image", "text"]


@dataclass(frozen=True)
class Content:
    """What a run publishes, as the customer named it; `media` in the order videoUrl, imageUrls, mediaUrls, mediaIds."""

    text: str = ""
    media: tuple[MediaItem, ...] = ()
    media_type: MediaType | None = None

    def to_fields(self) -> dict[str, Any]:
        return {"text": self.text, "mediaType": self.media_type, "media": [item.to_fields() for item in self.media]}

    @staticmethod
    def from_fields(fields: Mapping[str, Any]) -> "Content":
        media = tuple(MediaItem.from_fields(item) for item in fields["media"])
        return Content(fields["text"], media, fields["mediaType"])
