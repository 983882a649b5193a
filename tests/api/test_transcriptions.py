"""POST /v1/ai/transcribe and GET /v1/credits: words for credits, charged once, given back once."""

import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from emulator.sandbox import openai
from shared.credits.credits import balance, grant
from shared.documents.document import Create, Merge
from shared.media import ffmpeg
from shared.transcription import cut, wanted
from shared.transcription.transcribe import FileRefused, ProviderBusy, ProviderRefused, Words
from tests.api.conftest import error_of
from tests.fakes.world import MEDIA, World

SOUND, VIDEO, PHOTO = (f"https://example.com/{name}" for name in ("podcast.mp3", "my-video.mp4", "photo.jpg"))


@pytest.fixture
def media_id(client: FlaskClient, world: World, key: str) -> str:
    grant("ada", 10, "first", documents=world.documents, clock=world.clock)
    return client.post("/v1/media", json={"url": SOUND}, headers={"soku-api-key": key}).get_json()["id"]


@pytest.fixture
def ask(client: FlaskClient, key: str, media_id: str) -> Callable[..., Any]:
    def send(headers: dict[str, str] | None = None, **body: Any) -> Any:
        given = {"mediaId": media_id, **body}
        return client.post("/v1/ai/transcribe", json=given, headers={"soku-api-key": key, **(headers or {})})

    return send


def ledger(world: World) -> list[tuple[str, int]]:
    found = [world.document(path).fields for path in world.paths("users/ada/credits/current/ledger/")]
    entries = [(one["kind"], one["amount"]) for one in sorted(found, key=lambda one: one["createdAt"])]
    assert balance("ada", world.documents) == sum(amount for _, amount in entries), "the balance is the sum of its ledger"
    return entries


def test_what_the_document_prints(ask: Callable[..., Any], world: World, media_id: str) -> None:
    answer = ask({"Idempotency-Key": "transcribe-podcast-ep42"}, language="en", model="whisper-1", durationSeconds=180)
    assert answer.status_code == 200
    body = answer.get_json()
    assert body == {
        "jobId": body["jobId"],
        "transcript": "Welcome to my podcast.",
        # Measured: 8.6 seconds; what the request says of it does not count.
        "creditsDebited": 1,
        "likelyLyrics": False,
    }
    assert body["jobId"].startswith("job_")
    assert ledger(world) == [("grant", 10), ("debit", -1)]
    assert answer.headers["X-RateLimit-Limit"] == "10"


def test_the_same_request_is_charged_once_even_with_nothing_left(ask: Callable[..., Any], world: World) -> None:
    first = ask()
    world.documents.commit(Merge("users/ada/credits/current", {"balance": 0}))
    second = ask()
    assert (second.status_code, second.get_json()) == (200, first.get_json())
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(world.transcriber.heard) == 1  # type: ignore[attr-defined]


def test_the_errors_of_the_table(ask: Callable[..., Any], client: FlaskClient, world: World, key: str) -> None:
    photo = client.post("/v1/media", json={"url": PHOTO}, headers={"soku-api-key": key}).get_json()["id"]
    world.documents.commit(Create("media/broken", {"uid": "ada", "contentType": "audio/mpeg"}))
    for media_id, status, code in [
        ("nothing", 404, "MEDIA_NOT_FOUND"),
        ("broken", 400, "MEDIA_INVALID"),
        (photo, 400, "UNSUPPORTED_MEDIA_TYPE"),
    ]:
        answer = ask(mediaId=media_id)
        assert (answer.status_code, error_of(answer)["code"]) == (status, code)
    world.documents.commit(Merge("users/ada/credits/current", {"balance": 0}))
    answer = ask()
    assert (answer.status_code, error_of(answer)["code"]) == (402, "insufficient_credits")
    assert error_of(answer)["details"] == {"needed": 1, "balance": 0}
    assert [path for path in world.paths("jobs/") if world.document(path).fields["type"] == "transcription"] == []


def test_another_users_media_is_not_found(client: FlaskClient, world: World, media_id: str) -> None:
    bob = world.user("bob")
    answer = client.post("/v1/ai/transcribe", json={"mediaId": media_id}, headers={"soku-api-key": bob})
    assert (answer.status_code, error_of(answer)["code"]) == (404, "MEDIA_NOT_FOUND")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"mediaId": 7}, "mediaId"),
        ({"language": "english"}, "language"),
        ({"language": "EN"}, "language"),
        ({"durationSeconds": 0}, "durationSeconds"),
        ({"durationSeconds": 1.5}, "durationSeconds"),
        ({"model": "../x"}, "model"),
        ({"lang": "en"}, "lang"),
    ],
)
def test_bad_requests(ask: Callable[..., Any], world: World, body: Any, field: str) -> None:
    answer = ask(**body)
    assert (answer.status_code, [detail["field"] for detail in error_of(answer)["details"]]) == (400, [f"body.{field}"])
    assert ledger(world) == [("grant", 10)]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (FileRefused("Invalid file format."), 400, "MEDIA_INVALID"),
        (ProviderRefused("401 invalid_api_key"), 503, "service_unavailable"),
    ],
)
def test_a_failure_gives_the_credits_back_once(
    ask: Callable[..., Any], world: World, error: Exception, status: int, code: str
) -> None:
    world.transcriber.due = [error]  # type: ignore[attr-defined]
    answer = ask()
    assert (answer.status_code, error_of(answer)["code"]) == (status, code)
    assert ledger(world) == [("grant", 10), ("debit", -1), ("refund", 1)]
    again = ask()
    assert (again.status_code, again.headers.get("Idempotency-Replayed")) == (200, None)
    assert ledger(world)[-1] == ("debit", -1)


def test_a_provider_that_is_busy_is_asked_again_and_given_up_at_last(ask: Callable[..., Any], world: World) -> None:
    world.transcriber.due = [ProviderBusy("throttling", 3.0), ProviderBusy("silent")]  # type: ignore[attr-defined]
    assert ask().status_code == 200
    world.transcriber.due = [ProviderBusy("silent")] * 6  # type: ignore[attr-defined]
    answer = ask(language="de")
    assert (answer.status_code, error_of(answer)["code"]) == (503, "service_unavailable")
    assert "Nothing was charged" in error_of(answer)["message"]
    assert ledger(world) == [("grant", 10), ("debit", -1), ("debit", -1), ("refund", 1)]


@pytest.mark.parametrize(("seconds", "cost"), [(0.5, 1), (59.9, 1), (60, 1), (60.1, 2), (180, 3), (3600, 60)])
def test_each_minute_that_has_begun_costs(seconds: float, cost: int) -> None:
    assert wanted.cost_of(seconds, 1) == cost
    assert wanted.cost_of(seconds, 5) == 5 * cost


def test_what_cannot_be_measured_is_said_by_the_request(ask: Callable[..., Any], world: World, media_id: str) -> None:
    world.documents.commit(Merge(f"media/{media_id}", {"durationSeconds": None}))
    answer = ask()
    assert error_of(answer)["details"][0]["field"] == "body.durationSeconds"
    assert ask(durationSeconds=120).get_json()["creditsDebited"] == 2


def test_more_than_four_hours_are_refused(ask: Callable[..., Any], world: World, media_id: str) -> None:
    world.documents.commit(Merge(f"media/{media_id}", {"durationSeconds": 5 * 3600.0}))
    assert error_of(ask())["details"][0]["code"] == "too_big"


def test_a_large_file_is_cut_by_copying_and_its_parts_are_heard_one_after_the_other(
    ask: Callable[..., Any], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (wanted, cut):
        monkeypatch.setattr(module, "MAX_BYTES", 30_000)
    monkeypatch.setattr(cut, "SHORTEST_PART_SECONDS", 1)
    answer = ask()
    assert answer.status_code == 200
    heard = world.transcriber.heard  # type: ignore[attr-defined]
    assert len(heard) == 3
    assert all(size <= 30_000 for _, size in heard)
    assert answer.get_json()["transcript"] == " ".join(["Welcome to my podcast."] * 3)
    assert [path for path in world.storage.objects if path.startswith("copies/")] == []
    assert ledger(world) == [("grant", 10), ("debit", -1)]


def test_a_film_whose_kind_is_not_taken_gives_its_sound(
    ask: Callable[..., Any], client: FlaskClient, world: World, key: str, tmp_path: Path
) -> None:
    film = tmp_path / "film.mov"
    with_sound = ["-i", str(MEDIA / "my-video.mp4"), "-i", str(MEDIA / "podcast.mp3"), "-map", "0:v", "-map", "1:a", "-c", "copy"]
    subprocess.run([openai.ffmpeg(), "-v", "error", *with_sound, "-f", "mov", str(film)], check=True)
    world.fetcher.pages["https://example.com/film.mov"] = film.read_bytes()
    stored = client.post("/v1/media", json={"url": "https://example.com/film.mov"}, headers={"soku-api-key": key}).get_json()
    answer = ask(mediaId=stored["id"])
    assert answer.status_code == 200
    [(name, size)] = world.transcriber.heard  # type: ignore[attr-defined]
    assert (name, 20_000 < size < 60_000) == ("part0.mp3", True)


def test_a_film_without_sound_is_told(
    ask: Callable[..., Any], client: FlaskClient, world: World, key: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    film = tmp_path / "film.mov"
    silent = ["-i", str(MEDIA / "video.mp4"), "-an", "-c", "copy", "-f", "mov"]
    subprocess.run([openai.ffmpeg(), "-v", "error", *silent, str(film)], check=True)
    world.fetcher.pages["https://example.com/film.mov"] = film.read_bytes()
    stored = client.post("/v1/media", json={"url": "https://example.com/film.mov"}, headers={"soku-api-key": key}).get_json()
    answer = ask(mediaId=stored["id"])
    assert (answer.status_code, error_of(answer)["code"]) == (400, "MEDIA_INVALID")
    assert ledger(world)[-1] == ("refund", 1)


def test_the_credits_and_their_ledger_in_pages(ask: Callable[..., Any], client: FlaskClient, world: World, key: str) -> None:
    world.clock.advance(1)
    job_id = ask().get_json()["jobId"]
    headers = {"soku-api-key": key}
    first = client.get("/v1/credits?limit=1", headers=headers).get_json()
    assert (first["balance"], [(one["kind"], one["amount"], one["jobId"]) for one in first["ledger"]]) == (
        9,
        [("debit", -1, job_id)],
    )
    second = client.get(f"/v1/credits?limit=1&cursor={first['nextCursor']}", headers=headers).get_json()
    assert ([(one["kind"], one["id"]) for one in second["ledger"]], second["nextCursor"]) == ([("grant", "first")], None)
    nobody = client.get("/v1/credits", headers={"soku-api-key": world.user("bob")}).get_json()
    assert nobody == {"balance": 0, "ledger": [], "nextCursor": None}


def test_a_grant_is_made_once_per_operation(world: World) -> None:
    for _ in range(3):
        assert grant("ada", 5, "invoice-1", documents=world.documents, clock=world.clock) == 5
    assert ledger(world) == [("grant", 5)]


def test_songs_are_told(ask: Callable[..., Any], world: World) -> None:
    chorus = ["Oh yes we go", "over the hill", "Oh yes we go", "home again", "Oh yes we go", "under the sun"]
    world.transcriber.said = Words(" ".join(chorus), tuple(chorus))  # type: ignore[attr-defined]
    assert ask().get_json()["likelyLyrics"] is True


def test_a_job_is_read_by_its_user_and_ends(ask: Callable[..., Any], world: World) -> None:
    job = world.document(f"jobs/{ask().get_json()['jobId']}").fields
    assert (job["uid"], job["status"], job["creditsDebited"]) == ("ada", "succeeded", 1)
    assert job["expireAt"] - job["finishedAt"] == timedelta(days=30)
    assert "sweepAt" not in job


def test_what_ffmpeg_complains_of_at_length_does_not_stop_it(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a damaged recording it writes line after line, and nobody reads them."""
    chatty = tmp_path / "ffmpeg"
    chatty.write_text("#!/bin/sh\nhead -c 300000 /dev/zero | tr '\\0' 'x' >&2\n")
    chatty.chmod(0o755)
    monkeypatch.setattr(ffmpeg, "RUN_SECONDS", 20.0)
    began = time.monotonic()
    ffmpeg.run([str(chatty)], tmp_path, _Held(), "broken")  # type: ignore[arg-type]
    assert time.monotonic() - began < 15


class _Held:
    """Work whose lease needs no care."""

    class lease:
        @staticmethod
        def keep_alive() -> None: ...
