"""What the platforms take, before and after files are measured."""

from dataclasses import replace
from typing import Any

import pytest

from shared.core.platforms import PLATFORMS
from shared.media.media import MediaItem
from shared.platforms.compose import compose
from shared.platforms.content import Content
from shared.platforms.instagram.rules import CAPABILITY as INSTAGRAM
from shared.platforms.preflight import validate_content
from shared.platforms.x.rules import CAPABILITY as X
from tests.platforms import all_cases
from tests.platforms.drafts import PREFIX, content, image, stored, video

RULES = [(platform, *case) for platform, cases in all_cases().items() for case in cases.rules]


@pytest.mark.parametrize(("platform", "post", "rules"), RULES)
def test_what_can_be_known_before_anything_is_queued(platform: str, post: Content, rules: list[str]) -> None:
    assert [problem.rule for problem in validate_content(platform, post, {})] == rules


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({}, []),
        ({"content_type": "image/png"}, ["instagram.image_type"]),
        ({"size_bytes": (8 << 20) + 1}, ["instagram.image_size"]),
    ],
)
def test_what_only_the_measured_file_tells(changes: dict[str, Any], rules: list[str]) -> None:
    measured = replace(stored("image/jpeg"), **changes)
    post = content("", replace(image(), stored=measured))
    assert [problem.rule for problem in validate_content("instagram", post, {})] == rules


MP4 = stored("video/mp4", 1 << 20, width=1080, height=1920, duration_seconds=20.0)
WIDE = {"width": 1920, "height": 1080}


@pytest.mark.parametrize(
    ("platform", "changes", "options", "rules"),
    [
        *((platform, {}, {}, []) for platform in PLATFORMS),
        ("x", {"duration_seconds": 1200.0}, {}, []),
        ("x", {"duration_seconds": 1201.0}, {}, ["x.video_duration"]),
        ("x", {"duration_seconds": 0.4}, {}, ["x.video_duration"]),
        ("x", {"size_bytes": (4763 << 20) + 1}, {}, ["x.video_size"]),
        ("x", {"width": 400, "height": 1300}, {}, ["x.video_ratio"]),
        ("x", {"content_type": "video/x-msvideo"}, {}, ["x.video_type"]),
        ("instagram", {"duration_seconds": 901.0}, {}, ["instagram.video_duration"]),
        ("instagram", {"duration_seconds": 61.0}, {"story": True}, ["instagram.story_duration"]),
        ("instagram", {"size_bytes": (100 << 20) + 1}, {"story": True}, ["instagram.story_size"]),
        ("facebook", {"duration_seconds": 91.0}, {}, []),
        ("facebook", {"duration_seconds": 91.0}, {"reel": True}, ["facebook.reel_video"]),
        ("facebook", {"duration_seconds": 60.0}, {"story": True}, []),
        ("facebook", {"duration_seconds": 61.0}, {"story": True}, ["facebook.story_duration"]),
        ("facebook", {"duration_seconds": 2.0}, {"story": True}, ["facebook.story_duration"]),
        ("facebook", WIDE, {"reel": True}, ["facebook.reel_video"]),
        ("instagram", {"width": 2160, "height": 3840}, {}, ["instagram.video_dimensions"]),
        ("threads", {"width": 3840, "height": 2160}, {}, ["threads.video_dimensions"]),
        ("threads", {"duration_seconds": 301.0}, {}, ["threads.video_duration"]),
        ("tiktok", {"duration_seconds": 601.0}, {}, ["tiktok.video_duration"]),
        ("tiktok", {"duration_seconds": 20.0}, {"coverAtMs": 20_000}, []),
        ("tiktok", {"width": 300, "height": 600}, {}, ["tiktok.video_dimensions"]),
        ("tiktok", {"width": 1080, "height": 4100}, {}, ["tiktok.video_dimensions"]),
        ("youtube", {"duration_seconds": 12 * 3600 + 1.0}, {}, ["youtube.video_duration"]),
        ("linkedin", {"duration_seconds": 2.0}, {}, ["linkedin.video_duration"]),
        ("linkedin", {"size_bytes": 74_999}, {}, ["linkedin.video_too_small"]),
        ("linkedin", {"size_bytes": (500 << 20) + 1}, {}, ["linkedin.video_size"]),
        ("snapchat", {"duration_seconds": 61.0}, {}, ["snapchat.video_duration"]),
        ("snapchat", {"duration_seconds": 5.5}, {}, ["snapchat.spotlight_duration"]),
        ("snapchat", {"duration_seconds": 5.5}, {"story": True}, []),
        ("snapchat", WIDE, {}, ["snapchat.video_ratio"]),
        ("snapchat", {"width": 360, "height": 640}, {}, ["snapchat.video_dimensions"]),
    ],
)
def test_what_only_the_measured_video_tells(
    platform: str, changes: dict[str, Any], options: dict[str, Any], rules: list[str]
) -> None:
    post = content("hello", replace(video(), stored=replace(MP4, **changes)))
    problems = validate_content(platform, post, options)
    assert [problem.rule for problem in problems] == rules
    assert all(problem.message.endswith(".") and problem.field == video().field for problem in problems)


def test_an_audio_file_is_refused_once_it_is_known_to_be_one() -> None:
    item = MediaItem(f"{PREFIX}.mediaUrls.0", "unknown", "https://e.test/download?id=1")
    assert validate_content("x", content("", item), {}) == []
    sound = replace(item, stored=stored("audio/mpeg"))
    assert [p.rule for p in validate_content("x", content("", sound), {})] == ["x.media_type"]


def test_images_beside_a_video_become_its_cover_or_are_left_out() -> None:
    post = content("t", video(), image(0), image(1))
    on_x = compose(post, X, {})
    assert (on_x.media, on_x.cover) == ((video(),), None)
    assert "left out" in on_x.notes[0]
    on_instagram = compose(post, INSTAGRAM, {})
    assert (on_instagram.media, on_instagram.cover) == ((video(),), image(0))
    mixed = compose(replace(post, media_type="image"), INSTAGRAM, {})
    assert (mixed.media, mixed.cover) == ((video(), image(0), image(1)), None)


def test_a_gif_larger_than_x_shows_is_told() -> None:
    gif = stored("image/gif", width=1920, height=1080)
    problems = validate_content("x", content("", replace(image(0, "a.gif"), stored=gif)), {})
    assert [problem.rule for problem in problems] == ["x.image_dimensions"]


@pytest.mark.parametrize(
    ("options", "rule", "field"),
    [
        ({"coverAtMs": 20_001}, "tiktok.cover_outside", "coverAtMs"),
        ({"brandedContent": True, "privacyLevel": "SELF_ONLY"}, "tiktok.branded_content_private", "privacyLevel"),
    ],
)
def test_options_that_do_not_fit_each_other_or_the_video(options: dict[str, Any], rule: str, field: str) -> None:
    [problem] = validate_content("tiktok", content("hello", replace(video(), stored=MP4)), options)
    assert (problem.rule, problem.field) == (rule, f"options.{field}")


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ("one", "Of 2 files the last 1 have no altText: there were 1."),
        (["one", "two"], None),
        (["one", "two", "three"], "Of 3 altTexts the last 1 were left out: there are 2 files for them."),
    ],
)
def test_alt_texts_that_do_not_fit_the_images_are_told(texts: Any, says: str | None) -> None:
    post = compose(content("t", image(0), image(1)), X, {"altText": texts})
    assert list(post.notes) == ([says] if says else [])


def test_an_image_on_snapchat_is_a_story_or_nothing() -> None:
    [problem] = validate_content("snapchat", content("", image()), {"story": False})
    assert (problem.rule, problem.field) == ("snapchat.image_is_story", "options.story")
    assert validate_content("snapchat", content("", video()), {"story": False}) == []
