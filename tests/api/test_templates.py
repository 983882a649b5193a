"""POST /v1/templates: real images, drawn once per request."""

import io
import struct
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.media.fetch import FetchRefused
from shared.templates.template import TEMPLATES
from tests.api.conftest import error_of
from tests.fakes.world import PAGES, World

PRINTED = {
    "templateSlug": "tweetImage",
    "config": {"title": "My Tweet", "author": "@username", "content": "Tweet text here"},
    "aspectRatio": "1:1",
}
PHOTO = "https://example.com/photo.jpg"
REQUIRED = {
    "tweetImage": {"content": "c"},
    "videoThumbnail": {"title": "t"},
    "quote": {"quote": "q"},
    "announcement": {"title": "t"},
}


def draw(client: FlaskClient, key: str, body: Any, path: str = "/v1/templates", **headers: str) -> Any:
    return client.post(path, json=body, headers={"soku-api-key": key, **headers})


def size_of(png: bytes) -> tuple[int, ...]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", io.BytesIO(png[16:24]).read())


def test_what_the_document_prints(client: FlaskClient, world: World, key: str) -> None:
    answer = draw(client, key, PRINTED)
    assert answer.status_code == 200
    url, media_id = answer.get_json()["url"], answer.get_json()["id"]
    assert media_id.startswith("rendered_")
    assert url.endswith(f"/{media_id}.png")
    assert size_of(world.storage.pull(url) or b"") == (1080, 1080)
    assert answer.headers["X-RateLimit-Limit"] == "20"
    world.accepted(key, {"text": "Big news!", "imageUrls": [url]})
    world.run_for(60)
    assert world.ledger() == ["Big news!"]


@pytest.mark.parametrize(
    ("ratio", "size"), [("1:1", (1080, 1080)), ("4:5", (1080, 1350)), ("9:16", (1080, 1920)), (None, (1080, 1080))]
)
@pytest.mark.parametrize("slug", TEMPLATES)
def test_every_template_in_every_ratio(
    client: FlaskClient, world: World, key: str, slug: str, ratio: str | None, size: tuple[int, int]
) -> None:
    answer = draw(client, key, {"templateSlug": slug, "config": REQUIRED[slug], "aspectRatio": ratio})
    assert answer.status_code == 200
    assert size_of(world.storage.pull(answer.get_json()["url"]) or b"") == size


def test_both_addresses_are_one_endpoint(client: FlaskClient, world: World, key: str) -> None:
    first = draw(client, key, PRINTED)
    second = draw(client, key, PRINTED, "/v1/media/render-og")
    assert first.get_json() == second.get_json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(world.storage.objects) == 1


@pytest.mark.parametrize("slug", TEMPLATES)
def test_pictures_are_fetched_by_ingest_and_drawn(client: FlaskClient, world: World, key: str, slug: str) -> None:
    [field] = TEMPLATES[slug].pictures
    plain = draw(client, key, {"templateSlug": slug, "config": {**REQUIRED[slug], "theme": "dark"}}).get_json()
    answer = draw(client, key, {"templateSlug": slug, "config": {**REQUIRED[slug], "theme": "dark", field: PHOTO}})
    assert answer.status_code == 200
    assert world.fetcher.fetched == [PHOTO]
    if slug != "quote":
        assert world.storage.pull(answer.get_json()["url"]) != world.storage.pull(plain["url"])


@pytest.mark.parametrize(
    ("page", "says"),
    [
        (FetchRefused("the address answered 404"), "config.avatarUrl could not be had: the address answered 404"),
        (PAGES["https://example.com/video.mp4"], "video/mp4"),
        (b"\x89PNG\r\n\x1a\n" + bytes(1000), "width and height cannot be read"),
    ],
)
def test_a_picture_that_cannot_be_had_is_said(client: FlaskClient, world: World, key: str, page: Any, says: str) -> None:
    world.fetcher.pages["https://example.com/me"] = page
    config = {"content": "c", "author": "@a", "avatarUrl": "https://example.com/me"}
    answer = draw(client, key, {"templateSlug": "tweetImage", "config": config})
    assert (answer.status_code, error_of(answer)["code"]) == (400, "upload_failed")
    assert says in error_of(answer)["message"]


def test_an_unknown_template_is_not_found_and_the_others_are_listed(client: FlaskClient, key: str) -> None:
    answer = draw(client, key, {"templateSlug": "nothing"})
    assert (answer.status_code, error_of(answer)["code"]) == (404, "not_found")
    assert "tweetImage, videoThumbnail, quote, announcement" in error_of(answer)["message"]


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "body.templateSlug", "invalid_type"),
        ({"templateSlug": 7}, "body.templateSlug", "invalid_type"),
        ({"templateSlug": "quote", "aspectRatio": "2:1"}, "body.aspectRatio", "invalid_enum_value"),
        ({"templateSlug": "quote", "config": []}, "body.config", "invalid_type"),
        ({"templateSlug": "quote"}, "body.config.quote", "invalid_type"),
        ({"templateSlug": "quote", "config": {"quote": "  "}}, "body.config.quote", "too_small"),
        ({"templateSlug": "quote", "config": {"quote": "q", "titel": "t"}}, "body.config.titel", "unrecognized_keys"),
        ({"templateSlug": "quote", "config": {"quote": "q", "accent": "red"}}, "body.config.accent", "invalid_string"),
        ({"templateSlug": "quote", "config": {"quote": "q", "theme": "blue"}}, "body.config.theme", "invalid_enum_value"),
        ({"templateSlug": "quote", "config": {"quote": "q" * 5001}}, "body.config.quote", "too_big"),
        ({"templateSlug": "quote", "config": {"quote": "q", "avatarUrl": "x"}}, "body.config.avatarUrl", "invalid_string"),
    ],
)
def test_what_does_not_fit_is_told_by_field(client: FlaskClient, world: World, key: str, body: Any, field: str, code: str) -> None:
    answer = draw(client, key, body)
    assert (answer.status_code, error_of(answer)["code"]) == (400, "validation_error")
    assert [(detail["field"], detail["code"]) for detail in error_of(answer)["details"]] == [(field, code)]
    assert world.paths("jobs/") == []


def test_templates_are_listed_with_their_schemas_and_previews(client: FlaskClient, key: str) -> None:
    listed = client.get("/v1/templates", headers={"soku-api-key": key}).get_json()["templates"]
    assert [one["slug"] for one in listed] == list(TEMPLATES)
    for one in listed:
        assert one["configSchema"]["required"] == list(REQUIRED[one["slug"]])
        preview = client.get(one["previewUrl"].removeprefix("https://api.test"))
        assert (preview.status_code, preview.content_type, size_of(preview.data)) == (200, "image/png", (480, 480))
        assert preview.headers["Cache-Control"] == "public, max-age=86400"
    assert client.get("/v1/templates/nothing/preview").status_code == 404
