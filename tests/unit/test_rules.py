"""What the platforms take, before and after files are measured."""

from dataclasses import replace
from typing import Any

import pytest

from shared.media.media import MediaItem, StoredMedia
from shared.platforms.content import Content, MediaType
from shared.platforms.instagram.rules import CAPABILITY as INSTAGRAM
from shared.platforms.preflight import judge_content
from shared.platforms.rules import compose
from shared.platforms.x.rules import CAPABILITY as X

PREFIX = "body.post.content"


def image(n: int = 0, name: str = "a.jpg") -> MediaItem:
    return MediaItem(f"{PREFIX}.imageUrls.{n}", "image", f"https://e.test/{name}")


VIDEO = MediaItem(f"{PREFIX}.videoUrl", "video", "https://e.test/v.mp4")


def content(text: str = "", *media: MediaItem, kind: MediaType | None = None) -> Content:
    return Content(text, media, kind)


@pytest.mark.parametrize(
    ("platform", "post", "rules"),
    [
        ("x", content("hello"), []),
        ("x", content("x" * 280), []),
        ("x", content("x" * 281), ["x.text_too_long"]),
        ("x", content("日" * 141), ["x.text_too_long"]),
        ("x", content("", *(image(n) for n in range(4))), []),
        ("x", content("", *(image(n) for n in range(5))), ["x.too_many_images"]),
        ("x", content("", image(0, "a.heic")), ["x.image_type"]),
        ("x", content("", VIDEO), []),
        ("x", content("", VIDEO, image()), []),
        ("x", content("", image(0, "a.gif"), image(1)), ["x.gif_alone"]),
        ("instagram", content("hello"), ["instagram.media_required"]),
        ("instagram", content("hello", image()), []),
        ("instagram", content("hello", image(0, "a.png")), ["instagram.image_type"]),
        ("instagram", content("x" * 2201, image()), ["instagram.text_too_long"]),
        ("instagram", content("#a " * 31, image()), ["instagram.too_many_hashtags"]),
        ("instagram", content("@a " * 21, image()), ["instagram.too_many_mentions"]),
        ("instagram", content("", *(image(n) for n in range(11))), ["instagram.too_many_images", "instagram.too_many_items"]),
        ("instagram", content("", VIDEO, image(0, "a.png")), []),
        ("snapchat", content("hello"), ["snapchat.media_required"]),
    ],
)
def test_what_can_be_known_before_anything_is_queued(platform: str, post: Content, rules: list[str]) -> None:
    assert [problem.rule for problem in judge_content(platform, post, {})] == rules


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({}, []),
        ({"content_type": "image/png"}, ["instagram.image_type"]),
        ({"size_bytes": (8 << 20) + 1}, ["instagram.image_size"]),
    ],
)
def test_what_only_the_measured_file_tells(changes: dict[str, Any], rules: list[str]) -> None:
    measured = replace(StoredMedia("m", "https://s.test/m.jpg", "media/m.jpg", "image/jpeg", 1000, "00"), **changes)
    post = content("", replace(image(), stored=measured))
    assert [problem.rule for problem in judge_content("instagram", post, {})] == rules


def test_an_audio_file_is_refused_once_it_is_known_to_be_one() -> None:
    item = MediaItem(f"{PREFIX}.mediaUrls.0", "unknown", "https://e.test/download?id=1")
    assert judge_content("x", content("", item), {}) == []
    stored = StoredMedia("m", "u", "p", "audio/mpeg", 10, "00")
    assert [p.rule for p in judge_content("x", content("", replace(item, stored=stored)), {})] == ["x.media_type"]


def test_images_beside_a_video_become_its_cover_or_are_left_out() -> None:
    post = content("t", VIDEO, image(0), image(1))
    on_x = compose(post, X, {})
    assert (on_x.media, on_x.cover) == ((VIDEO,), None)
    assert "left out" in on_x.notes[0]
    on_instagram = compose(post, INSTAGRAM, {})
    assert (on_instagram.media, on_instagram.cover) == ((VIDEO,), image(0))
    mixed = compose(replace(post, media_type="image"), INSTAGRAM, {})
    assert (mixed.media, mixed.cover) == ((VIDEO, image(0), image(1)), None)
