"""Posts as the rules see them, short to write."""

from typing import Any

from shared.media.media import MediaItem, StoredMedia
from shared.platforms.content import Content, MediaType

PREFIX = "body.post.content"


def image(n: int = 0, name: str = "a.jpg", *, content_type: str = "") -> MediaItem:
    """With a content type: as measured."""
    file = stored(content_type) if content_type else None
    return MediaItem(f"{PREFIX}.imageUrls.{n}", "image", f"https://e.test/{name}", stored=file)


def images(number: int) -> tuple[MediaItem, ...]:
    return tuple(image(n) for n in range(number))


def video(name: str = "v.mp4", *, content_type: str = "") -> MediaItem:
    file = stored(content_type, 1 << 20) if content_type else None
    return MediaItem(f"{PREFIX}.videoUrl", "video", f"https://e.test/{name}", stored=file)


def stored(content_type: str, size_bytes: int = 1000, **facts: Any) -> StoredMedia:
    return StoredMedia(
        media_id="m",
        url="https://s.test/m",
        storage_path="media/m",
        content_type=content_type,
        size_bytes=size_bytes,
        sha256="00",
        **facts,
    )


def content(text: str = "", *media: MediaItem, kind: MediaType | None = None) -> Content:
    return Content(text, media, kind)
