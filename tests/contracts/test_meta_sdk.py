"""Meta's own SDK, which is generated from its description of the Graph API, against what we send: no parameter it does not know."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from typing import Any

import pytest
from facebook_business.adobjects.igmedia import IGMedia
from facebook_business.adobjects.iguser import IGUser
from facebook_business.adobjects.page import Page

from shared.http.client import HttpRequest
from tests.contracts.recorded import exchanges_of
from tests.fakes.outside import SANDBOX_URL

PHOTO, OTHER = "https://example.com/photo.jpg", "https://example.com/image.jpg"
WIDE, UPRIGHT = "https://example.com/video.mp4", "https://example.com/vertical.mp4"
POSTS: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {
    "facebook": [
        ({}, {"link": "https://example.com/b"}),
        ({"imageUrls": [PHOTO, OTHER]}, {"altText": ["a", "b"]}),
        ({"videoUrl": WIDE}, {"reel": False, "title": "T"}),
        ({"videoUrl": UPRIGHT}, {"reel": True, "title": "T"}),
        ({"imageUrls": [PHOTO]}, {"story": True}),
        ({"videoUrl": UPRIGHT}, {"story": True}),
    ],
    "instagram": [
        ({"imageUrls": [PHOTO]}, {"altText": "a", "firstComment": "first"}),
        ({"imageUrls": [PHOTO, OTHER]}, {}),
        ({"videoUrl": UPRIGHT}, {"shareToFeed": False, "coverUrl": PHOTO}),
        ({"imageUrls": [PHOTO]}, {"story": True}),
    ],
}
METHODS: dict[tuple[str, str, str], Callable[..., Any]] = {
    ("facebook", "POST", "feed"): Page.create_feed,
    ("facebook", "GET", "published_posts"): Page.get_published_posts,
    ("facebook", "POST", "photos"): Page.create_photo,
    ("facebook", "POST", "videos"): Page.create_video,
    ("facebook", "GET", "videos"): Page.get_videos,
    ("facebook", "POST", "video_reels"): Page.create_video_reel,
    ("facebook", "POST", "photo_stories"): Page.create_photo_story,
    ("facebook", "POST", "video_stories"): Page.create_video_story,
    ("facebook", "GET", "stories"): Page.get_stories,
    ("instagram", "POST", "media"): IGUser.create_media,
    ("instagram", "POST", "media_publish"): IGUser.create_media_publish,
    ("instagram", "GET", "content_publishing_limit"): IGUser.get_content_publishing_limit,
    ("instagram", "GET", "media"): IGUser.get_media,
    ("instagram", "GET", "stories"): IGUser.get_stories,
    ("instagram", "POST", "comments"): IGMedia.create_comment,
}
# Of the Graph API itself: what to answer with, and a list's pages.
EVERYWHERE = {"fields", "limit", "after", "access_token"}


def edge_of(request: HttpRequest) -> str | None:
    """The last part of /{version}/{node}/{edge}; None for a node itself and for an upload."""
    found = re.fullmatch(rf"{SANDBOX_URL}/graph\.\w+\.com/v\d+\.\d+/\d+/(\w+)", request.url)
    return found[1] if found else None


def parameters_of(method: Callable[..., Any]) -> dict[str, str]:
    """What the SDK lets one say, with Meta's names of the types: it keeps them in a local variable."""
    source = ast.parse(textwrap.dedent(inspect.getsource(method)))
    for node in ast.walk(source):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "param_types":
            return ast.literal_eval(node.value)
    raise AssertionError(f"{method.__qualname__} has no param_types")


@pytest.mark.parametrize("platform", POSTS)
def test_every_parameter_is_one_that_meta_describes(platform: str) -> None:
    seen: set[tuple[str, str, str]] = set()
    for request, _ in exchanges_of(platform, POSTS[platform]):
        edge = edge_of(request)
        if edge is None:
            continue
        seen.add((platform, request.method, edge))
        described = parameters_of(METHODS[platform, request.method, edge])
        said = {**request.params, **(request.form or {})}
        names = {name.partition("[")[0] for name in said}
        assert names <= set(described) | EVERYWHERE, f"{request.method} {edge}: {sorted(names - set(described) - EVERYWHERE)}"
        for name in names & set(described):
            if described[name] == "bool":
                assert said[name] in ("true", "false")
    wanted = {key for key in METHODS if key[0] == platform}
    assert wanted - seen <= {("instagram", "GET", "stories")}, f"never asked: {wanted - seen}"
