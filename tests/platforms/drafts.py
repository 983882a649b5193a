"""Posts as the rules see them, short to write."""

from shared.media.media import MediaItem
from shared.platforms.content import Content, MediaType

PREFIX = "body.post.content"


def image(n: int = 0, name: str = "a.jpg") -> MediaItem:
    return MediaItem(f"{PREFIX}.imageUrls.{n}", "image", f"https://e.test/{name}")


def images(number: int) -> tuple[MediaItem, ...]:
    return tuple(image(n) for n in range(number))


def video(name: str = "v.mp4") -> MediaItem:
    return MediaItem(f"{PREFIX}.videoUrl", "video", f"https://e.test/{name}")


def content(text: str = "", *media: MediaItem, kind: MediaType | None = None) -> Content:
    return Content(text, media, kind)
