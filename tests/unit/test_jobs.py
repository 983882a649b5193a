"""Jobs that meet what they should not: slow providers, users who are gone, tasks that come too early or beside the sweeper."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.credits.credits import balance, credits_path, grant
from shared.documents.document import Delete, Update
from shared.idempotency.record import key_for
from shared.jobs.start import Wanted, start
from shared.media.fetch import FetchFailed
from shared.tasks.queues import TRANSCRIBE_QUEUE, ingest_queue
from shared.transcription.transcribe import MAX_TRANSCRIPT_BYTES, FileRefused, ProviderBusy, Words
from tests.fakes.films import photo
from tests.fakes.world import World

SOUND = "https://example.com/podcast.mp3"


@pytest.fixture
def key(world: World) -> str:
    world_key = world.user()
    grant("ada", 10, "first", documents=world.documents, clock=world.clock)
    return world_key


@pytest.fixture
def client(world: World) -> FlaskClient:
    return world.client()


@pytest.fixture
def media_id(client: FlaskClient, key: str) -> str:
    return client.post("/v1/media", json={"url": SOUND}, headers={"soku-api-key": key}).get_json()["id"]


def transcribe(client: FlaskClient, key: str, media_id: str) -> Any:
    return client.post("/v1/ai/transcribe", json={"mediaId": media_id}, headers={"soku-api-key": key})


def jobs(world: World, kind: str) -> list[Any]:
    found = [world.document(path).fields for path in world.paths("jobs/")]
    return [job for job in found if job["type"] == kind]


class Slow:
    """A provider that takes its time, in which tasks are delivered and the sweeper ticks."""

    def __init__(self, world: World, seconds: float) -> None:
        self.world, self.seconds, self.asked = world, seconds, 0
        self.said = Words("hello")

    def words(self, *_: Any) -> Words:
        self.asked += 1
        for _ in range(3):
            self.world.clock.advance(self.seconds / 3)
            self.world.sweep()
            self.world.deliver_due()
        return self.said


@pytest.mark.parametrize("seconds", [40, 90, 119])
def test_a_slow_provider_is_asked_once(world: World, client: FlaskClient, key: str, media_id: str, seconds: float) -> None:
    world.transcriber = slow = Slow(world, seconds)
    assert transcribe(client, key, media_id).get_json()["transcript"] == "hello"
    assert (slow.asked, balance("ada", world.documents)) == (1, 9)


def test_each_part_has_its_own_tries_and_progress_counts(world: World, client: FlaskClient, key: str, media_id: str) -> None:
    """Five times busy, then a word, five times busy again: of six tries for each part none is the last."""

    class Moody:
        asked = 0

        def words(self, *_: Any) -> Words:
            self.asked += 1
            if self.asked % 6:
                raise ProviderBusy("throttled", 1.0)
            return Words(f"part {self.asked // 6}")

    world.transcriber = Moody()
    path = next(iter(world.storage.objects))
    job = Wanted(
        "transcription",
        {"storagePath": path, "contentType": "audio/mpeg", "language": None, "model": "whisper-1"},
        TRANSCRIBE_QUEUE,
        timedelta(hours=1),
        {"state": {"parts": [{"path": path, "contentType": "audio/mpeg"}] * 3}},
    )
    started = start(job, key_for("ada", "test", {}, None), "r", documents=world.documents, tasks=world.tasks, clock=world.clock)
    world.run_for(1200)
    ended = world.document(f"jobs/{started.job_id}").fields
    assert (ended["status"], ended["result"]["transcript"]) == ("succeeded", "part 1 part 2 part 3")
    assert "state" not in ended


def test_progress_never_goes_back_and_is_told_once_a_second(world: World, client: FlaskClient, key: str, media_id: str) -> None:
    told: list[tuple[int, float]] = []

    class Telling:
        seconds = 0.4

        def words(self, *_: Any) -> Words:
            world.clock.advance(self.seconds)
            [path] = [path for path in world.paths("jobs/") if world.document(path).fields["type"] == "transcription"]
            told.append((world.document(path).fields.get("progress", {}).get("percentage", -1), world.clock.now().timestamp()))
            return Words("a part")

    world.transcriber = Telling()
    path = next(iter(world.storage.objects))
    part = {"path": path, "contentType": "audio/mpeg"}
    given = {"storagePath": path, "contentType": "audio/mpeg", "language": None, "model": "whisper-1"}
    fields = {"state": {"parts": [part] * 10}, "progress": {"percentage": 15}}
    wanted = Wanted("transcription", given, TRANSCRIBE_QUEUE, timedelta(hours=1), fields)
    start(wanted, key_for("ada", "test", {}, None), "r", documents=world.documents, tasks=world.tasks, clock=world.clock)
    world.run_for(60)
    shown = [percentage for percentage, _ in told]
    assert (shown == sorted(shown), shown[0], shown[1]) == (True, 15, 15), "what was told before is more than the first part"
    # Ten parts in four seconds.
    assert 3 <= len(set(shown)) <= 5


def test_a_transcript_fits_into_its_document(world: World, client: FlaskClient, key: str, media_id: str) -> None:
    world.transcriber.said = Words("", tuple("नमस्ते दुनिया" * 20 for _ in range(3000)))  # type: ignore[attr-defined]
    said = transcribe(client, key, media_id).get_json()["transcript"]
    assert MAX_TRANSCRIPT_BYTES - 100 < len(said.encode()) <= MAX_TRANSCRIPT_BYTES + 3000


def test_a_job_ends_though_there_is_nobody_to_give_credits_back_to(
    world: World, client: FlaskClient, key: str, media_id: str
) -> None:
    refusing = world.transcriber
    refusing.due = [FileRefused("broken")] * 50  # type: ignore[attr-defined]
    heard = refusing.heard  # type: ignore[attr-defined]
    words = refusing.words

    def and_gone(*given: Any) -> Any:
        world.documents.commit(Delete(credits_path("ada")))
        return words(*given)

    refusing.words = and_gone  # type: ignore[method-assign]
    assert transcribe(client, key, media_id).status_code == 400
    assert len(heard) == 1
    [job] = jobs(world, "transcription")
    assert job["status"] == "failed"


def test_an_upload_of_a_user_who_is_gone_ends_too(world: World, client: FlaskClient, key: str) -> None:
    fetch = world.fetcher.fetch

    def and_gone(url: str) -> Iterator[bytes]:
        if "users/ada" in world.memory.contents:
            world.memory.commit(Delete("users/ada"))
        return fetch(url)

    world.fetcher.fetch = and_gone  # type: ignore[method-assign]
    wanted = Wanted("media", {"url": SOUND}, ingest_queue("ada"), timedelta(minutes=20), {})
    start(wanted, key_for("ada", "test", {}, None), "r", documents=world.documents, tasks=world.tasks, clock=world.clock)
    world.run_for(3600)
    [job] = jobs(world, "media")
    assert (job["status"], len(world.fetcher.fetched)) == ("succeeded", 1)


def test_what_stands_in_the_way_each_time_is_not_tried_for_ever(world: World, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is to be written with the end is refused."""
    monkeypatch.setattr(
        "shared.media.keep.Keeping._writes", lambda *_: [Update("users/nobody", {"storageBytes": 1}, if_version=world.clock.now())]
    )
    wanted = Wanted("media", {"url": SOUND}, ingest_queue("ada"), timedelta(minutes=20), {})
    start(wanted, key_for("ada", "test", {}, None), "r", documents=world.documents, tasks=world.tasks, clock=world.clock)
    world.run_for(3600)
    [job] = jobs(world, "media")
    assert (job["status"], job["error"]["code"]) == ("failed", "internal_error")
    assert job["recordPath"] not in world.paths()
    assert len(world.fetcher.fetched) <= 6
    assert [path for path in world.storage.objects if path.startswith("media/")] == []


def test_a_task_beside_the_sweeper_is_not_lost(world: World, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Wanted("media", {"url": SOUND}, ingest_queue("ada"), timedelta(minutes=20), {})
    started = start(wanted, key_for("ada", "test", {}, None), "r", documents=world.documents, tasks=world.tasks, clock=world.clock)
    get, path = world.documents.get, f"jobs/{started.job_id}"
    put_off = iter([True])

    def read_and_put_off(*paths: str) -> Any:
        found = get(*paths)
        if path in paths and next(put_off, False):
            world.memory.commit(Update(path, {"sweepAt": world.clock.now()}))
        return found

    monkeypatch.setattr(world.documents, "get", read_and_put_off)
    world.deliver_due()
    assert world.document(path).fields["status"] == "succeeded"


def test_a_task_that_comes_a_moment_too_early_is_not_lost(world: World, key: str) -> None:
    page = world.fetcher.pages[SOUND]
    world.fetcher.pages[SOUND] = FetchFailed("the address answered 503")
    wanted = Wanted("media", {"url": SOUND}, ingest_queue("ada"), timedelta(minutes=20), {})
    started = start(wanted, key_for("ada", "test", {}, None), "r", documents=world.documents, tasks=world.tasks, clock=world.clock)
    world.deliver_due()
    assert world.document(f"jobs/{started.job_id}").fields["status"] == "delayed"
    world.fetcher.pages[SOUND] = page
    world.clock.advance(1.5)
    world.invoke("ingest", {"jobId": started.job_id})
    assert world.document(f"jobs/{started.job_id}").fields["status"] == "succeeded"


def test_a_job_that_was_not_done_in_time_is_to_be_sent_again(world: World, client: FlaskClient, key: str) -> None:
    world.tasks.enqueue = lambda task: None  # type: ignore[method-assign]
    answer = client.post("/v1/media", json={"url": SOUND}, headers={"soku-api-key": key})
    assert answer.status_code == 503


def test_a_picture_of_few_bytes_and_many_pixels_is_not_drawn(world: World, client: FlaskClient, key: str) -> None:
    world.fetcher.pages["https://example.com/huge"] = photo(12000, 12000)
    config = {"quote": "q", "author": "a", "avatarUrl": "https://example.com/huge"}
    answer = client.post("/v1/templates", json={"templateSlug": "quote", "config": config}, headers={"soku-api-key": key})
    assert (answer.status_code, "12000 × 12000 pixels" in answer.get_json()["error"]["message"]) == (400, True)


@pytest.mark.parametrize("odd", ["..", ".", "__x__", "a%2Fb", "x" * 200, "é"])
def test_what_no_document_can_be_called_is_not_found(client: FlaskClient, key: str, odd: str) -> None:
    headers = {"soku-api-key": key}
    for path in (f"/v1/media/{odd}", f"/v1/posts/{odd}", f"/v1/posts/{odd}/cancel", f"/v1/media/uploads/{odd}/complete"):
        method = "POST" if path.endswith(("cancel", "complete")) else "GET"
        assert client.open(path, method=method, headers=headers).status_code == 404
    answer = client.post("/v1/ai/transcribe", json={"mediaId": odd.replace("%2F", "/")}, headers=headers)
    assert answer.status_code in (400, 404)


def test_a_broken_document_is_no_file(world: World, client: FlaskClient, key: str, media_id: str) -> None:
    del world.memory.contents[f"media/{media_id}"][0]["sha256"]
    headers = {"soku-api-key": key}
    assert client.get(f"/v1/media/{media_id}", headers=headers).status_code == 404
    assert client.delete(f"/v1/media/{media_id}", headers=headers).status_code == 404
    body = {"post": {"content": {"text": "t", "mediaIds": [media_id], "platform": "x"}}}
    assert client.post("/v1/posts", json=body, headers=headers).status_code == 400
