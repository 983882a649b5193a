"""Where files live: what the Cloud Storage emulator does, the twin does too."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client

from emulator.ports import UPLOADS_BUCKET
from shared.core.settings import MediaStorage
from shared.gcp.cloud_storage import CloudStorage
from shared.media.copy import FOLDER
from shared.media.storage import ObjectMissing, Storage, StorageUnavailable
from shared.operations.files import FOLDER as MADE
from tests.conftest import ROOT, LocalStack
from tests.fakes.outside import MemoryStorage
from tests.fakes.world import SETTINGS

UNTIL = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)


@pytest.fixture(params=["memory", "emulator"])
def storage(request: pytest.FixtureRequest) -> Storage:
    if request.param == "memory":
        return MemoryStorage()
    stack: LocalStack = request.getfixturevalue("stack")
    return cloud_storage(stack.storageUrl)


def cloud_storage(url: str, bucket: str | None = None) -> CloudStorage:
    changes = {"STORAGE_EMULATOR_HOST": url, "SOKU_MEDIA_URL": f"{url}/{SETTINGS['SOKU_MEDIA_BUCKET']}"}
    return CloudStorage(MediaStorage.model_validate(SETTINGS | changes), bucket)


@pytest.fixture(autouse=True)
def _emulator(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Google's client finds the emulator by this variable alone."""
    if "emulator" in request.node.name or "real" in request.node.name:
        stack: LocalStack = request.getfixturevalue("stack")
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", stack.storageUrl)


def test_what_was_written_is_read_whole_and_in_ranges(storage: Storage) -> None:
    content = bytes(range(256)) * 40_000  # 10 MB: more than two parts
    storage.write("media/a.bin", "image/png", (content[n : n + 70_000] for n in range(0, len(content), 70_000)), keep_until=UNTIL)
    assert storage.read("media/a.bin") == content
    assert storage.read("media/a.bin", 5, 10) == content[5:15]
    assert storage.read("media/a.bin", len(content) - 3) == content[-3:]
    assert storage.read("media/a.bin", 0, 4) == content[:4]
    assert storage.read("media/a.bin", len(content) - 2, 10) == content[-2:]
    assert storage.read("media/a.bin", len(content), 10) == b""


def test_a_write_that_breaks_off_leaves_nothing(storage: Storage) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * 9_000_000
        raise ConnectionError("the source went away")

    with pytest.raises(ConnectionError):
        storage.write("media/broken.bin", "image/png", broken(), keep_until=UNTIL)
    with pytest.raises((StorageUnavailable, KeyError)):
        storage.read("media/broken.bin")


def test_what_was_deleted_is_gone_and_may_be_deleted_again(storage: Storage) -> None:
    storage.write("copies/a.bin", "image/png", iter([b"x"]), keep_until=UNTIL)
    storage.delete("copies/a.bin")
    storage.delete("copies/a.bin")
    with pytest.raises((StorageUnavailable, KeyError)):
        storage.read("copies/a.bin")


def test_real_objects_say_until_when_they_are_kept(stack: LocalStack) -> None:
    """By `customTime`, from which storage.lifecycle.json counts."""
    cloud_storage(stack.storageUrl).write("copies/kept.jpg", "image/jpeg", iter([b"x"]), keep_until=UNTIL)
    client = Client(project="demo-soku", credentials=AnonymousCredentials())
    blob = client.bucket(SETTINGS["SOKU_MEDIA_BUCKET"]).get_blob("copies/kept.jpg")
    assert blob is not None
    assert blob.custom_time == UNTIL


def test_real_objects_that_are_kept_for_longer_say_so_and_stay_as_they_are(stack: LocalStack) -> None:
    storage, later = cloud_storage(stack.storageUrl), UNTIL + timedelta(days=40)
    storage.write("copies/longer.jpg", "image/jpeg", iter([b"x"]), keep_until=UNTIL)
    storage.keep("copies/longer.jpg", later)
    client = Client(project="demo-soku", credentials=AnonymousCredentials())
    blob = client.bucket(SETTINGS["SOKU_MEDIA_BUCKET"]).get_blob("copies/longer.jpg")
    assert blob is not None
    assert (blob.custom_time, blob.content_type, storage.read("copies/longer.jpg")) == (later, "image/jpeg", b"x")


def test_real_objects_that_others_need_for_longer_are_kept_for_longer(stack: LocalStack) -> None:
    """Cloud Storage refuses an earlier time."""
    storage, later = cloud_storage(stack.storageUrl), UNTIL + timedelta(days=40)
    storage.write("copies/shared.jpg", "image/jpeg", iter([b"x"]), keep_until=UNTIL)
    storage.keep("copies/shared.jpg", later)
    storage.keep("copies/shared.jpg", UNTIL + timedelta(days=1))
    client = Client(project="demo-soku", credentials=AnonymousCredentials())
    blob = client.bucket(SETTINGS["SOKU_MEDIA_BUCKET"]).get_blob("copies/shared.jpg")
    assert blob is not None
    assert blob.custom_time == later


def test_what_is_gone_cannot_be_kept(storage: Storage) -> None:
    with pytest.raises(ObjectMissing):
        storage.keep("copies/gone.jpg", UNTIL)
    [rule] = json.loads((ROOT / "storage.lifecycle.json").read_text())["rule"]
    assert rule["condition"] == {"daysSinceCustomTime": 30, "matchesPrefix": [f"{FOLDER}/", f"{MADE}/"]}


def test_real_objects_are_served_at_their_public_address(stack: LocalStack) -> None:
    storage = cloud_storage(stack.storageUrl)
    storage.write("media/public.jpg", "image/jpeg", iter([b"\xff\xd8\xff public"]), keep_until=UNTIL)
    answer = requests.get(storage.url("media/public.jpg"), timeout=10)
    assert (answer.status_code, answer.content) == (200, b"\xff\xd8\xff public")
    assert answer.headers["Content-Type"] == "image/jpeg"


def test_a_real_session_takes_bytes_in_parts_and_from_its_own_origin_alone(stack: LocalStack) -> None:
    storage = cloud_storage(stack.storageUrl, UPLOADS_BUCKET)
    page = "http://localhost:3000"
    address = storage.open_session("upload_1", "image/png", 300_000, page)
    asked = {"Access-Control-Request-Method": "PUT"}
    allowed = requests.options(address, headers={"Origin": page, **asked}, timeout=10).headers
    assert (allowed["Access-Control-Allow-Origin"], allowed["Access-Control-Allow-Methods"]) == (page, "PUT")
    assert "Content-Type" in allowed["Access-Control-Allow-Headers"]
    other = requests.options(address, headers={"Origin": "https://elsewhere.test", **asked}, timeout=10).headers
    assert "Access-Control-Allow-Origin" not in other
    first = requests.put(address, b"x" * 262_144, headers={"Content-Range": "bytes 0-262143/300000", "Origin": page}, timeout=10)
    assert (first.status_code, first.headers["Range"]) == (308, "bytes=0-262143")
    rest = {"Content-Range": "bytes 262144-299999/300000", "Origin": page}
    second = requests.put(address, b"y" * 37_856, headers=rest, timeout=10)
    assert (second.status_code, second.headers["Access-Control-Allow-Origin"]) == (200, page)
    assert storage.read("upload_1") == b"x" * 262_144 + b"y" * 37_856


def test_a_session_is_asked_for_with_what_google_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Type, size, origin, and that no object of this name may be there: the emulator looks at none of it."""
    sent: list[requests.PreparedRequest] = []
    really = requests.adapters.HTTPAdapter.send

    def send(adapter: requests.adapters.HTTPAdapter, request: requests.PreparedRequest, **how: Any) -> requests.Response:
        if not str(request.url).startswith("http://storage.test/"):  # a thread that an earlier test left
            return really(adapter, request, **how)
        sent.append(request)
        answer = requests.Response()
        answer.status_code, answer.headers["Location"] = 200, "https://storage.test/session"
        return answer

    monkeypatch.setattr("requests.adapters.HTTPAdapter.send", send)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://storage.test")
    storage = cloud_storage("http://storage.test", UPLOADS_BUCKET)
    assert storage.open_session("upload_1", "video/mp4", 5, "https://app.test") == "https://storage.test/session"
    # What an earlier test left unfinished may still be sent meanwhile.
    [request] = [one for one in sent if one.headers.get("Origin") == "https://app.test"]
    assert f"/b/{UPLOADS_BUCKET}/o?uploadType=resumable&ifGenerationMatch=0" in str(request.url)
    names = ("X-Upload-Content-Type", "X-Upload-Content-Length", "Origin")
    assert [request.headers[name] for name in names] == ["video/mp4", "5", "https://app.test"]
    assert json.loads(request.body or "{}")["name"] == "upload_1"


def test_a_real_storage_that_is_down_is_unavailable(monkeypatch: pytest.MonkeyPatch, stack: LocalStack) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    monkeypatch.setattr("google.cloud.storage.retry.DEFAULT_RETRY._timeout", 0.2)
    with pytest.raises(StorageUnavailable):
        cloud_storage("http://127.0.0.1:9").read("media/a.bin")


@pytest.mark.parametrize("status", [403, 410, 503])
def test_whatever_a_storage_refuses_an_upload_with_it_is_unavailable(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    """The client has errors of its own for uploads in parts."""

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._answer(200, {"Location": f"http://127.0.0.1:{self.server.server_port}/session"})  # type: ignore[attr-defined]

        def do_PUT(self) -> None:
            self._answer(status, {})

        def do_DELETE(self) -> None:
            self._answer(204, {})

        def _answer(self, code: int, headers: dict[str, str]) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(code)
            for name, value in {**headers, "Content-Length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    monkeypatch.setattr("google.cloud.storage.retry.DEFAULT_RETRY._timeout", 0.2)
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
        with pytest.raises(StorageUnavailable):
            cloud_storage(url).write("media/refused.bin", "image/png", iter([b"x" * 100]), keep_until=None)
        server.shutdown()
