"""POST /v1/media and what belongs to it: one file per request, however often it is sent and whoever dies on the way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.documents.document import Create, Merge
from shared.media.fetch import FetchFailed, FetchRefused
from tests.api.conftest import error_of
from tests.fakes.world import PAGES, World

PHOTO, VIDEO, SOUND = (f"https://example.com/{name}" for name in ("photo.jpg", "video.mp4", "podcast.mp3"))


@pytest.fixture
def upload(client: FlaskClient, key: str) -> Callable[..., Any]:
    def send(url: str = PHOTO, **headers: str) -> Any:
        return client.post("/v1/media", json={"url": url}, headers={"soku-api-key": key, **headers})

    return send


def media_of(world: World) -> list[str]:
    return world.paths("media/")


def test_a_file_is_stored_measured_and_named(upload: Callable[..., Any], client: FlaskClient, world: World, key: str) -> None:
    answer = upload(VIDEO)
    assert answer.status_code == 201
    assert set(answer.get_json()) == {"url", "id"}
    media_id, url = answer.get_json()["id"], answer.get_json()["url"]
    assert world.storage.pull(url) == PAGES[VIDEO]
    assert url == f"https://storage.test/media/{media_id}.mp4"
    shown = client.get(f"/v1/media/{media_id}", headers={"soku-api-key": key}).get_json()
    assert (shown["contentType"], shown["width"], shown["durationSeconds"]) == ("video/mp4", 1280, 4.0)
    assert (shown["frameRate"], shown["videoCodec"], shown["sizeBytes"]) == (30.0, "AVC", len(PAGES[VIDEO]))
    assert world.document("users/ada").fields["storageBytes"] == len(PAGES[VIDEO])
    assert answer.headers["X-RateLimit-Limit"] == "30"


def test_sounds_are_media_too(upload: Callable[..., Any], world: World) -> None:
    media_id = upload(SOUND).get_json()["id"]
    assert world.document(f"media/{media_id}").fields["durationSeconds"] == 8.592


def test_the_same_request_is_one_upload(upload: Callable[..., Any], world: World) -> None:
    first, second = upload(), upload()
    assert first.get_json() == second.get_json()
    assert (first.headers.get("Idempotency-Replayed"), second.headers.get("Idempotency-Replayed")) == (None, "true")
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert (world.fetcher.fetched, len(world.storage.objects)) == ([PHOTO], 1)


def test_the_same_bytes_are_one_file_of_that_user(upload: Callable[..., Any], client: FlaskClient, world: World) -> None:
    world.fetcher.pages["https://example.com/copy"] = PAGES[PHOTO]
    first, second = upload(PHOTO), upload("https://example.com/copy")
    assert first.get_json() == second.get_json()
    assert (len(media_of(world)), len(world.storage.objects)) == (1, 1)
    assert world.document("users/ada").fields["storageBytes"] == len(PAGES[PHOTO])
    other = world.user("bob")
    answer = client.post("/v1/media", json={"url": PHOTO}, headers={"soku-api-key": other})
    assert answer.get_json()["id"] != first.get_json()["id"]


def test_a_key_with_another_body_is_a_conflict_that_says_what_differs(upload: Callable[..., Any]) -> None:
    assert upload(PHOTO, **{"Idempotency-Key": "mine"}).status_code == 201
    answer = upload(VIDEO, **{"Idempotency-Key": "mine"})
    assert (answer.status_code, error_of(answer)["code"]) == (409, "idempotency_conflict")
    assert error_of(answer)["details"]["differs"] == ["body.url"]
    assert error_of(answer)["details"]["jobId"].startswith("job_")


@pytest.mark.parametrize(
    ("page", "says"),
    [
        (FetchRefused("the address answered 404"), "the address answered 404"),
        (FetchFailed("the address answered 503"), "the address answered 503"),
        (b"<!DOCTYPE html><html><body>hello</body></html>", "a web page (HTML)"),
        (b"%PDF-1.7 and so on", "no image, video or sound"),
    ],
)
def test_what_cannot_be_had_is_said(upload: Callable[..., Any], world: World, page: Any, says: str) -> None:
    world.fetcher.pages["https://example.com/file"] = page
    answer = upload("https://example.com/file")
    assert (answer.status_code, error_of(answer)["code"]) == (400, "upload_failed")
    assert says in error_of(answer)["message"]
    assert (world.storage.objects, media_of(world)) == ({}, [])
    # The same request is a new try.
    world.fetcher.pages["https://example.com/file"] = PAGES[PHOTO]
    again = upload("https://example.com/file")
    assert (again.status_code, again.headers.get("Idempotency-Replayed")) == (201, None)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/a.jpg", "http://localhost/a.jpg", "https://10.0.0.1/", "http://user:pw@a.test/", "http://a.test:8080/a"],
)
def test_addresses_that_will_never_do_are_refused_at_once(upload: Callable[..., Any], world: World, url: str) -> None:
    answer = upload(url)
    assert (answer.status_code, error_of(answer)["code"]) == (400, "upload_failed")
    assert world.paths("jobs/") == []


@pytest.mark.parametrize("body", [{}, {"url": 7}, {"url": "not-a-url"}, {"url": PHOTO, "more": 1}, {"url": "ftp://a.test/a.jpg"}])
def test_bad_requests(client: FlaskClient, key: str, world: World, body: Any) -> None:
    answer = client.post("/v1/media", json=body, headers={"soku-api-key": key})
    assert (answer.status_code, error_of(answer)["code"]) == (400, "validation_error")
    assert world.paths("jobs/") == []


def test_an_address_that_stumbles_is_asked_again(upload: Callable[..., Any], world: World) -> None:
    tries = 0
    known = world.fetcher.fetch

    def stumbling(url: str) -> Any:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise FetchFailed("the address answered 503")
        yield from known(url)

    world.fetcher.fetch = stumbling  # type: ignore[method-assign]
    assert upload().status_code == 201
    assert tries == 3


def test_a_storage_quota(upload: Callable[..., Any], world: World) -> None:
    world.documents.commit(Merge("users/ada", {"storageBytes": (20 << 30) - 1000}))
    answer = upload()
    assert (answer.status_code, error_of(answer)["code"]) == (413, "storage_quota_exceeded")
    assert "20 GiB" in error_of(answer)["message"]
    assert (world.storage.objects, media_of(world)) == ({}, [])
    world.documents.commit(Merge("users/ada", {"storageBytes": 20 << 30}))
    jobs = len(world.paths("jobs/"))
    assert upload().status_code == 413
    assert len(world.paths("jobs/")) == jobs, "known at once"


def test_lists_are_in_pages_newest_first(upload: Callable[..., Any], client: FlaskClient, world: World, key: str) -> None:
    ids = []
    for url in (PHOTO, VIDEO, SOUND):
        ids.append(upload(url).get_json()["id"])
        world.clock.advance(1)
    headers = {"soku-api-key": key}
    first = client.get("/v1/media?limit=2", headers=headers).get_json()
    assert [one["id"] for one in first["media"]] == [ids[2], ids[1]]
    second = client.get(f"/v1/media?limit=2&cursor={first['nextCursor']}", headers=headers).get_json()
    assert ([one["id"] for one in second["media"]], second["nextCursor"]) == ([ids[0]], None)
    assert client.get("/v1/media", headers={"soku-api-key": world.user("bob")}).get_json()["media"] == []


def test_others_and_unknown_files_are_not_found(upload: Callable[..., Any], client: FlaskClient, world: World) -> None:
    media_id = upload().get_json()["id"]
    bob = {"soku-api-key": world.user("bob")}
    for answer in (
        client.get(f"/v1/media/{media_id}", headers=bob),
        client.delete(f"/v1/media/{media_id}", headers=bob),
        client.get("/v1/media/nothing", headers=bob),
    ):
        assert (answer.status_code, error_of(answer)["code"]) == (404, "not_found")


def test_a_deleted_file_is_unusable_at_once_and_gone_in_an_hour(
    upload: Callable[..., Any], client: FlaskClient, world: World, key: str
) -> None:
    answer = upload()
    media_id, headers = answer.get_json()["id"], {"soku-api-key": key}
    assert client.delete(f"/v1/media/{media_id}", headers=headers).get_json() == {"deleted": True}
    assert client.delete(f"/v1/media/{media_id}", headers=headers).status_code == 404
    assert client.get("/v1/media", headers=headers).get_json()["media"] == []
    refused = world.post(key, {"text": "t", "mediaIds": [media_id]})
    assert (refused.status_code, error_of(refused)["details"][0]["field"]) == (400, "body.post.content.mediaIds.0")
    assert world.document("users/ada").fields["storageBytes"] == 0
    assert len(world.storage.objects) == 1
    # The same request uploads it anew, under another name.
    again = upload()
    assert (again.status_code, again.get_json()["id"] != media_id) == (201, True)
    world.run_for(3700)
    assert len(world.storage.objects) == 1
    assert media_of(world) == [f"media/{again.get_json()['id']}"]


def test_a_file_that_a_post_waits_for_is_not_deleted(
    upload: Callable[..., Any], client: FlaskClient, world: World, key: str
) -> None:
    media_id, headers = upload().get_json()["id"], {"soku-api-key": key}
    due = (world.clock.now() + timedelta(hours=2)).isoformat()
    submission = world.accepted(key, {"text": "later", "mediaIds": [media_id]}, scheduledTime=due)
    refused = client.delete(f"/v1/media/{media_id}", headers=headers)
    assert (refused.status_code, error_of(refused)["code"]) == (409, "media_in_use")
    assert error_of(refused)["details"] == {"postSubmissionIds": [submission]}
    world.run_for(3 * 3600)
    assert world.ledger() == ["later"]
    assert client.delete(f"/v1/media/{media_id}", headers=headers).status_code == 200


def test_a_post_that_came_in_between_keeps_the_bytes(
    upload: Callable[..., Any], client: FlaskClient, world: World, key: str
) -> None:
    """It had found the file, and is written after the file was deleted."""
    media_id = upload().get_json()["id"]
    client.delete(f"/v1/media/{media_id}", headers={"soku-api-key": key})
    late = {"uid": "ada", "openMediaIds": [media_id]}
    world.documents.commit(Create("postSubmissions/late", late))
    world.run_for(2 * 3600)
    assert len(world.storage.objects) == 1
    world.documents.commit(Merge("postSubmissions/late", {"openMediaIds": []}))
    world.run_for(2 * 3600)
    assert world.storage.objects == {}


def test_uploads_are_named_in_posts_by_id_and_by_address(upload: Callable[..., Any], world: World, key: str) -> None:
    stored = upload().get_json()
    world.accepted(key, {"text": "by id", "mediaIds": [stored["id"]]})
    world.accepted(key, {"text": "by address", "imageUrls": [stored["url"]]})
    world.run_for(60)
    assert world.ledger() == ["by id", "by address"]
    assert world.fetcher.fetched == [PHOTO]


# Google Drive


FILE = "https://drive.usercontent.google.com/download?id=1aBcDeFgHiJkLmNoPqRsTuVwXyZ12345&export=download&confirm=t"


@pytest.mark.parametrize(
    "link",
    [
        "https://drive.google.com/file/d/1aBcDeFgHiJkLmNoPqRsTuVwXyZ12345/view?usp=sharing",
        "https://drive.google.com/file/d/1aBcDeFgHiJkLmNoPqRsTuVwXyZ12345/preview",
        "https://drive.google.com/file/d/1aBcDeFgHiJkLmNoPqRsTuVwXyZ12345/edit",
        "https://drive.google.com/u/0/file/d/1aBcDeFgHiJkLmNoPqRsTuVwXyZ12345/view",
        "https://drive.google.com/open?id=1aBcDeFgHiJkLmNoPqRsTuVwXyZ12345",
        "https://drive.google.com/uc?id=1aBcDeFgHiJkLmNoPqRsTuVwXyZ12345&export=download",
        "https://docs.google.com/uc?id=1aBcDeFgHiJkLmNoPqRsTuVwXyZ12345",
        "https://drive.usercontent.google.com/download?id=1aBcDeFgHiJkLmNoPqRsTuVwXyZ12345",
    ],
)
def test_drive_links_lead_to_the_file(upload: Callable[..., Any], world: World, link: str) -> None:
    world.fetcher.pages[FILE] = PAGES[PHOTO]
    assert upload(link).status_code == 201
    assert world.fetcher.fetched == [FILE]


SCAN = b"""<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head><body>
<form id="download-form" action="https://drive.usercontent.google.com/download" method="get">
<input type="submit" value="Download anyway"/><input type="hidden" name="id" value="1aBcDeFgHiJkLmNoPqRsTuVwXyZ12345">
<input type="hidden" name="export" value="download"><input type="hidden" name="confirm" value="t">
<input type="hidden" name="uuid" value="5f3c"></form></body></html>"""
SCANNED = f"{FILE}&uuid=5f3c"


def test_the_page_about_viruses_is_passed(upload: Callable[..., Any], world: World) -> None:
    world.fetcher.pages |= {FILE: SCAN, SCANNED: PAGES[VIDEO]}
    assert upload("https://drive.google.com/file/d/1aBcDeFgHiJkLmNoPqRsTuVwXyZ12345/view").status_code == 201
    assert world.fetcher.fetched == [FILE, SCANNED]


@pytest.mark.parametrize(
    ("link", "page", "says"),
    [
        ("https://drive.google.com/drive/folders/1aBcDeFgHiJkLmNoPqRsTuVwXyZ12345", b"", "a Google Drive folder"),
        ("https://docs.google.com/document/d/1aBcDeFgHiJkLmNoPqRsTuVwXyZ12345/edit", b"", "a Google document"),
        (FILE, b"<html><body>Sign in to continue to Google Drive</body></html>", "anyone who has the link"),
        (FILE, b"<html><body>Sorry, you can't view or download this file: quota exceeded</body></html>", "too often"),
        (FILE, SCAN.replace(b"https://drive.usercontent.google.com/download", b"https://evil.test/download"), "anyone who has"),
    ],
)
def test_what_drive_does_not_give_is_said(upload: Callable[..., Any], world: World, link: str, page: bytes, says: str) -> None:
    world.fetcher.pages[FILE] = page
    answer = upload(link)
    assert (answer.status_code, error_of(answer)["code"]) == (400, "upload_failed")
    assert says in error_of(answer)["message"]
