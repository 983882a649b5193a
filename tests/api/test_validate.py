"""POST /v1/posts/validate and GET /v1/platforms: what would be said of a post, and by which rules."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.core.platforms import PLATFORMS
from tests.api.conftest import error_of
from tests.fakes.world import World


@pytest.fixture
def key(world: World) -> str:
    return world.user("ada", connect=("x:x_main", "youtube:yt_main", "instagram:ig_main"))


def ask(client: FlaskClient, key: str, path: str, content: Any, **more: Any) -> Any:
    return client.post(path, json={"post": {"content": content}, **more}, headers={"soku-api-key": key})


def test_what_would_be_sent_and_nothing_is(client: FlaskClient, world: World, key: str) -> None:
    content = {
        "text": "Hello",
        "videoUrl": "https://example.com/video.mp4",
        "imageUrls": ["https://example.com/photo.jpg"],
        "platform": ["x", {"platform": "youtube", "options": {"text": "On YouTube"}}],
    }
    before = world.paths("postSubmissions/")
    answer = ask(client, key, "/v1/posts/validate", content)
    assert (answer.status_code, answer.get_json()["valid"]) == (200, True)
    x, youtube = answer.get_json()["targets"]
    assert (x["text"], [file["field"] for file in x["media"]], x["cover"]) == ("Hello", ["body.post.content.videoUrl"], None)
    assert any("images were left out" in note for note in x["notes"])
    assert (youtube["text"], youtube["cover"]["url"]) == ("On YouTube", "https://example.com/photo.jpg")
    assert world.paths("postSubmissions/") == before
    assert len(world.tasks) == 0


@pytest.mark.parametrize(
    ("content", "more"),
    [
        ({"text": "t" * 300, "platform": "x"}, {}),
        ({"text": "no picture", "platform": "instagram"}, {}),
        ({"text": "t", "platform": "tiktok"}, {}),
        ({"text": "t", "platform": "x"}, {"scheduledTime": "2020-01-01T00:00:00Z"}),
        ({"text": "t", "platform": "x", "mediaIds": ["nothing"]}, {}),
    ],
)
def test_it_refuses_what_a_post_would_be_refused_for(client: FlaskClient, key: str, content: Any, more: Any) -> None:
    validated, posted = (ask(client, key, path, content, **more) for path in ("/v1/posts/validate", "/v1/posts"))
    assert validated.status_code == posted.status_code == 400
    told = [{name: error_of(one)[name] for name in ("code", "message", "details")} for one in (validated, posted)]
    assert told[0] == told[1]


def test_platforms_are_shown_by_the_rules_themselves(client: FlaskClient, key: str) -> None:
    headers = {"soku-api-key": key}
    shown = client.get("/v1/platforms", headers=headers).get_json()["platforms"]
    assert [one["platform"] for one in shown] == list(PLATFORMS)
    x = client.get("/v1/platforms/x", headers=headers).get_json()
    assert x == shown[0]
    assert (x["text"], x["images"]["most"], x["videos"]["maxFrameRate"]) == (
        {"most": 280, "unit": "weighted characters", "alone": True},
        4,
        60,
    )
    assert "replySettings" in x["optionsSchema"]["properties"]
    assert client.get("/v1/platforms/facebook_pages", headers=headers).get_json()["platform"] == "facebook"
    assert error_of(client.get("/v1/platforms/myspace", headers=headers))["code"] == "not_found"
