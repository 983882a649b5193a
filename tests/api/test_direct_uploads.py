"""POST /v1/media/uploads and its completion: bytes that go to a private bucket, and are judged there as fetched ones are."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import pytest
from flask.testing import FlaskClient

from functions.api.v1.media_uploads import ContentType
from shared.media.direct import MAX_OPEN
from shared.media.sniff import CONTENT_TYPES
from tests.api.conftest import error_of
from tests.fakes.world import PAGES, World

PHOTO, VIDEO = (PAGES[f"https://example.com/{name}"] for name in ("photo.jpg", "video.mp4"))


class Uploader:
    """A customer's program."""

    def __init__(self, client: FlaskClient, world: World, key: str) -> None:
        self.client, self.world, self.headers = client, world, {"soku-api-key": key}

    def begin(self, content: bytes = PHOTO, content_type: str = "image/jpeg", **more: Any) -> Any:
        wanted = {"contentType": content_type, "sizeBytes": len(content), **more}
        return self.client.post("/v1/media/uploads", json=wanted, headers=self.headers)

    def arrive(self, upload_id: str, content: bytes = PHOTO) -> None:
        self.world.arrived.objects[upload_id] = content

    def complete(self, upload_id: str) -> Any:
        return self.client.post(f"/v1/media/uploads/{upload_id}/complete", headers=self.headers)

    def upload(self, content: bytes = PHOTO, content_type: str = "image/jpeg", declared: bytes | None = None, **more: Any) -> Any:
        upload_id = self.begin(content if declared is None else declared, content_type, **more).get_json()["id"]
        self.arrive(upload_id, content)
        return self.complete(upload_id)


@pytest.fixture
def uploader(client: FlaskClient, world: World, key: str) -> Uploader:
    return Uploader(client, world, key)


def test_one_upload_per_key_with_an_address_each_time(uploader: Uploader, world: World) -> None:
    uploader.headers["Idempotency-Key"] = "film"
    first, again = uploader.begin(), uploader.begin()
    assert (first.get_json(), "Idempotency-Replayed" in first.headers) == (again.get_json(), False)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert len(world.paths("uploads/")) == 1
    upload_id = first.get_json()["id"]
    uploader.arrive(upload_id)
    del uploader.headers["Idempotency-Key"]
    assert uploader.complete(upload_id).status_code == 201
    uploader.headers["Idempotency-Key"] = "film"
    assert uploader.begin().status_code == 404


def test_of_twins_with_one_key_one_begins_and_both_are_answered_with_it(uploader: Uploader, world: World) -> None:
    uploader.headers["Idempotency-Key"] = "film"
    twins, opened = list[Any](), world.api_ports.open_session

    def between(*given: Any) -> str:
        if not twins:
            twins.append(None)
            twins[0] = uploader.begin()
        return opened(*given)

    world.api_ports = replace(world.api_ports, open_session=between)
    uploader.client = world.client()
    late = uploader.begin()
    assert [answer.status_code for answer in (twins[0], late)] == [201, 201]
    assert late.get_json()["id"] == twins[0].get_json()["id"]
    assert (late.headers["Idempotency-Replayed"], len(world.paths("uploads/"))) == ("true", 1)


def test_what_arrived_is_measured_kept_and_taken_from_the_private_bucket(uploader: Uploader, world: World) -> None:
    begun = uploader.begin(VIDEO, "video/mp4", sha256=hashlib.sha256(VIDEO).hexdigest())
    assert begun.status_code == 201
    told = begun.get_json()
    assert told["uploadUrl"] == f"https://upload.test/{told['id']}?size={len(VIDEO)}&type=video/mp4&origin=None"
    assert told["expiresAt"] == "2026-01-16T09:00:00.000Z"
    uploader.arrive(told["id"], VIDEO)
    answer = uploader.complete(told["id"])
    assert (answer.status_code, set(answer.get_json())) == (201, {"url", "id"})
    assert world.storage.pull(answer.get_json()["url"]) == VIDEO
    stored = world.document(f"media/{answer.get_json()['id']}").fields
    assert (stored["durationSeconds"], stored["videoCodec"]) == (4.0, "AVC")
    assert world.document("users/ada").fields["storageBytes"] == len(VIDEO)
    assert world.arrived.objects == {}
    assert world.paths("uploads/") == []


def test_completing_twice_is_one_file(uploader: Uploader, world: World) -> None:
    first = uploader.upload()
    upload_id = world.paths("jobs/")[0] and world.document(world.paths("jobs/")[0]).fields["input"]["uploadId"]
    second = uploader.complete(upload_id)
    assert (second.status_code, second.get_json()) == (201, first.get_json())
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(world.storage.objects) == 1


def test_the_same_bytes_are_the_same_file_however_they_came(uploader: Uploader, world: World) -> None:
    fetched = uploader.client.post("/v1/media", json={"url": "https://example.com/photo.jpg"}, headers=uploader.headers)
    assert uploader.upload().get_json() == fetched.get_json()
    assert len(world.storage.objects) == 1


def test_what_has_not_arrived_may_be_completed_later(uploader: Uploader) -> None:
    upload_id = uploader.begin().get_json()["id"]
    early = uploader.complete(upload_id)
    assert (early.status_code, error_of(early)["code"]) == (400, "upload_failed")
    assert "nothing has arrived at its uploadUrl yet" in error_of(early)["message"]
    uploader.arrive(upload_id)
    assert uploader.complete(upload_id).status_code == 201


@pytest.mark.parametrize(
    ("content", "declared", "content_type", "more", "says"),
    [
        (PHOTO, PHOTO + b"1", "image/jpeg", {}, f"declared {len(PHOTO) + 1} bytes, and {len(PHOTO)} bytes arrived"),
        (PHOTO, PHOTO[:-1], "image/jpeg", {}, f"declared {len(PHOTO) - 1} bytes, and more arrived"),
        (PHOTO, PHOTO, "image/png", {}, "the file is image/jpeg, and the upload declared image/png"),
        (PHOTO, PHOTO, "image/jpeg", {"sha256": "0" * 64}, "the upload declared another"),
        (b"<html>" * 20, b"<html>" * 20, "image/jpeg", {}, "web page"),
        (b"MZ" + b"\0" * 99, b"MZ" + b"\0" * 99, "image/jpeg", {}, "no image, video or sound"),
    ],
    ids=["short", "long", "type", "hash", "page", "program"],
)
def test_what_is_not_as_declared_is_refused_and_gone(
    uploader: Uploader, world: World, content: bytes, declared: bytes, content_type: str, more: Any, says: str
) -> None:
    answer = uploader.upload(content, content_type, declared, **more)
    assert (answer.status_code, error_of(answer)["code"]) == (400, "upload_failed")
    assert says in error_of(answer)["message"]
    assert (world.storage.objects, world.arrived.objects, world.paths("uploads/"), world.paths("media/")) == ({}, {}, [], [])


def test_parts_that_end_where_the_file_does(uploader: Uploader, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in (len(PHOTO), len(PHOTO) - 1, len(PHOTO) + 1, len(PHOTO) // 4):
        monkeypatch.setattr("shared.media.arrived.PART_BYTES", part)
        assert uploader.upload().status_code == 201
        short = uploader.upload(PHOTO[:part], declared=PHOTO) if part < len(PHOTO) else None
        assert short is None or short.status_code == 400


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"contentType": "image/jpeg"}, "body.sizeBytes", "invalid_type"),
        ({"contentType": "image/svg+xml", "sizeBytes": 1}, "body.contentType", "invalid_enum_value"),
        ({"contentType": "image/jpeg", "sizeBytes": 0}, "body.sizeBytes", "too_small"),
        ({"contentType": "image/jpeg", "sizeBytes": (1 << 30) + 1}, "body.sizeBytes", "too_big"),
        ({"contentType": "image/jpeg", "sizeBytes": 1, "sha256": "XYZ"}, "body.sha256", "invalid_string"),
    ],
)
def test_what_cannot_be_declared(client: FlaskClient, key: str, body: Any, field: str, code: str) -> None:
    answer = client.post("/v1/media/uploads", json=body, headers={"soku-api-key": key})
    assert answer.status_code == 400
    assert [(one["field"], one["code"]) for one in error_of(answer)["details"]] == [(field, code)]


def test_types_have_the_names_that_browsers_give_them(uploader: Uploader, world: World) -> None:
    assert get_args(ContentType) == CONTENT_TYPES
    begun = uploader.begin(content_type="audio/x-m4a").get_json()
    assert world.document(f"uploads/{begun['id']}").fields["contentType"] == "audio/mp4"


def test_a_page_may_upload_from_the_origins_that_the_operator_named(client: FlaskClient, world: World) -> None:
    world.user()
    for origin, given in (("https://app.test", "https://app.test"), ("https://evil.test", "None")):
        headers = {"Authorization": "Bearer token-of-ada", "Origin": origin}
        answer = client.post("/v1/media/uploads", json={"contentType": "image/png", "sizeBytes": 5}, headers=headers)
        assert answer.status_code == 201
        assert answer.get_json()["uploadUrl"].endswith(f"origin={given}")


def test_open_uploads_count_against_the_quota_until_they_lapse(uploader: Uploader, world: World) -> None:
    quota = world.api_ports.settings.storage_quota_bytes
    world.memory.contents["users/ada"][0]["storageBytes"] = quota - 2 * len(PHOTO)
    assert uploader.begin().status_code == 201
    assert uploader.begin().status_code == 201
    over = uploader.begin()
    assert (over.status_code, error_of(over)["code"]) == (413, "storage_quota_exceeded")
    assert "Direct uploads that are open count, too." in error_of(over)["message"]
    world.clock.advance(timedelta(days=1, seconds=1).total_seconds())
    assert uploader.begin().status_code == 201


def test_there_is_an_end_to_open_uploads(uploader: Uploader, world: World) -> None:
    world.memory.contents["users/ada"][0]["admin"] = True
    for _ in range(MAX_OPEN):
        assert uploader.begin().status_code == 201
    assert "100 direct uploads are open" in error_of(uploader.begin())["message"]


def test_another_users_upload_and_one_that_lapsed_are_not_found(uploader: Uploader, client: FlaskClient, world: World) -> None:
    upload_id = uploader.begin().get_json()["id"]
    uploader.arrive(upload_id)
    other = client.post(f"/v1/media/uploads/{upload_id}/complete", headers={"soku-api-key": world.user("bob")})
    assert (other.status_code, error_of(other)["code"]) == (404, "not_found")
    world.clock.advance(timedelta(days=1, seconds=1).total_seconds())
    assert uploader.complete(upload_id).status_code == 404
    assert uploader.complete("upload_none").status_code == 404


def test_uploads_is_no_files_name(client: FlaskClient, key: str) -> None:
    assert client.get("/v1/media/uploads", headers={"soku-api-key": key}).status_code == 405
