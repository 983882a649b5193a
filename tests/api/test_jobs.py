"""/v1/jobs: what takes long is started, watched, cancelled and tried again; paid for once, and given back where it is due."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.api_keys.issue import issue_key
from shared.credits.credits import balance, grant
from shared.documents.document import Update
from shared.jobs.job import KEPT
from shared.media.storage import StorageUnavailable
from shared.transcription.transcribe import ProviderBusy, Words
from tests.api.conftest import error_of
from tests.fakes.world import World

SOUND = "https://example.com/podcast.mp3"
QUOTE = {"type": "template", "input": {"templateSlug": "quote", "config": {"quote": "Hello"}}}
Ask = Callable[..., Any]


class Provider:
    """Says what it is told to; `while_at_it` happens before it does."""

    def __init__(self, while_at_it: Callable[[], object] = lambda: None) -> None:
        self.while_at_it, self.asked = while_at_it, 0

    def words(self, *_: Any) -> Words:
        self.asked += 1
        self.while_at_it()
        return Words("hello there")


@pytest.fixture
def key(world: World) -> str:
    made = world.user("ada")
    grant("ada", 10, "first", documents=world.documents, clock=world.clock)
    return made


@pytest.fixture
def ask(client: FlaskClient, key: str) -> Ask:
    def send(method: str, path: str = "", body: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.open(f"/v1/jobs{path}", method=method, json=body, headers={"soku-api-key": key, **named})

    send.headers = {"soku-api-key": key}  # type: ignore[attr-defined]
    return send


@pytest.fixture
def transcription(client: FlaskClient, key: str) -> Any:
    media_id = client.post("/v1/media", json={"url": SOUND}, headers={"soku-api-key": key}).get_json()["id"]
    return {"type": "transcription", "input": {"mediaId": media_id}}


def credits(world: World) -> int:
    return balance("ada", world.documents)


def test_a_job_is_started_watched_and_has_a_result(ask: Ask, world: World, transcription: Any) -> None:
    world.transcriber = Provider()
    started = ask("POST", "", {**transcription, "tags": ["a", "a"], "metadata": {"episode": "42"}})
    job = started.get_json()
    assert (started.status_code, job["status"], job["done"]) == (202, "queued", False)
    url = f"https://api.test/api/v1/jobs/{job['id']}"
    assert {started.headers[name] for name in ("Location", "Operation-Location")} == {url} == {job["url"]}
    assert started.headers["Retry-After"] == "2"
    assert (job["tags"], job["metadata"], "storagePath" in job["input"]) == (["a"], {"episode": "42"}, False)
    assert (job["credits"], credits(world)) == (
        {"debited": 1, "debitEntry": job["id"], "refunded": 0, "refundEntry": None},
        9,
    )
    early = ask("GET", f"/{job['id']}/result")
    assert (early.status_code, error_of(early)["code"], early.headers["Retry-After"]) == (409, "job_not_finished", "2")
    world.run_for(30)
    done = ask("GET", f"/{job['id']}")
    assert (done.get_json()["status"], done.get_json()["progress"]["percentage"]) == ("succeeded", 100)
    assert done.get_json()["progress"]["message"] == "1 of 1 parts are transcribed"
    assert "Retry-After" not in done.headers
    result = ask("GET", f"/{job['id']}/result").get_json()
    assert (result["transcript"], result["jobId"]) == ("hello there", job["id"])
    assert ask("GET", f"/{job['id']}", If_None_Match=done.headers["ETag"]).status_code == 304


def test_waiting_for_a_job_ends_as_soon_as_it_moves(ask: Ask, world: World) -> None:
    job = ask("POST", "", QUOTE).get_json()
    began = world.clock.now()
    moved = ask("GET", f"/{job['id']}?wait=30").get_json()
    assert (moved["status"] in ("processing", "succeeded"), world.clock.now() - began < timedelta(seconds=5)) == (True, True)
    assert ask("GET", f"/{job['id']}?wait=31").status_code == 400


def test_the_lists(ask: Ask, world: World, transcription: Any) -> None:
    world.transcriber = Provider()
    drawn = [ask("POST", "", {**QUOTE, "tags": [f"n{number}"]}).get_json()["id"] for number in range(3)]
    world.run_for(30)
    heard = ask("POST", "", transcription).get_json()["id"]

    def listed(query: str) -> list[str]:
        return [job["id"] for job in ask("GET", f"?{query}").get_json()["jobs"]]

    assert listed("status=queued") == [heard]
    assert (listed("type=transcription"), set(listed("type=template"))) == ([heard], set(drawn))
    assert listed("tag=n1") == [drawn[1]]
    assert set(listed("status=succeeded&type=template")) == set(drawn)
    first = ask("GET", "?limit=1&type=template").get_json()
    assert len(ask("GET", f"?type=template&cursor={first['nextCursor']}").get_json()["jobs"]) == 2
    assert ask("GET", "?type=template&tag=n1").status_code == 400
    assert ask("GET", "?from=2031-01-01T00:00:00Z").get_json()["jobs"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"type": "juggling", "input": {}}, "body.type"),
        ({"type": "media", "input": {"url": "nonsense"}}, "body.input.url"),
        ({"type": "media", "input": {"url": SOUND, "colour": "red"}}, "body.input.colour"),
        ({"type": "template", "input": {"templateSlug": "quote", "config": {"quote": 1}}}, "body.input.config.quote"),
        ({"type": "transcription", "input": {}}, "body.input.mediaId"),
        ({"input": {}}, "body.type"),
    ],
)
def test_what_can_be_known_at_the_start_is_answered_then(ask: Ask, world: World, body: Any, field: str) -> None:
    answer = ask("POST", "", body)
    assert (answer.status_code, error_of(answer)["details"][0]["field"]) == (400, field)
    assert world.paths("jobs/") == []


def test_without_credits_nothing_is_started(ask: Ask, world: World, client: FlaskClient) -> None:
    poor = world.user("bob")
    media_id = client.post("/v1/media", json={"url": SOUND}, headers={"soku-api-key": poor}).get_json()["id"]
    body = {"type": "transcription", "input": {"mediaId": media_id}}
    answer = client.post("/v1/jobs", json=body, headers={"soku-api-key": poor})
    assert (answer.status_code, error_of(answer)["code"]) == (402, "insufficient_credits")


def test_another_users_job_is_not_there(ask: Ask, world: World, client: FlaskClient) -> None:
    job_id, other = ask("POST", "", QUOTE).get_json()["id"], {"soku-api-key": world.user("bob")}
    for method, path in (("GET", ""), ("GET", "/result"), ("DELETE", ""), ("POST", "/retry")):
        for found, headers in ((job_id, other), ("job_nothing", {"soku-api-key": other["soku-api-key"]})):
            assert client.open(f"/v1/jobs/{found}{path}", method=method, headers=headers).status_code == 404
    assert client.get("/v1/jobs", headers=other).get_json()["jobs"] == []


def test_a_key_starts_one_job_and_lives_as_long_as_that(ask: Ask, world: World, transcription: Any) -> None:
    first = ask("POST", "", transcription, Idempotency_Key="mine").get_json()
    again = ask("POST", "", transcription, Idempotency_Key="mine")
    assert (again.status_code, again.get_json()["id"], again.headers["Idempotency-Replayed"]) == (202, first["id"], "true")
    assert error_of(ask("POST", "", QUOTE, Idempotency_Key="mine"))["code"] == "idempotency_conflict"
    ask("DELETE", f"/{first['id']}")
    assert ask("POST", "", transcription, Idempotency_Key="mine").get_json()["status"] == "cancelled"
    assert credits(world) == 10


def test_the_same_transcription_runs_once_at_a_time(ask: Ask, world: World, transcription: Any) -> None:
    world.transcriber = Provider()
    first = ask("POST", "", transcription).get_json()
    same = ask("POST", "", transcription)
    assert (same.status_code, same.get_json()["id"], credits(world)) == (200, first["id"], 9)
    # A key of its own always wins, and drawings are wanted as often as they are asked for.
    assert ask("POST", "", transcription, Idempotency_Key="other").get_json()["id"] != first["id"]
    assert len({ask("POST", "", QUOTE).get_json()["id"] for _ in range(2)}) == 2
    world.run_for(30)
    assert ask("POST", "", transcription).status_code == 202
    assert credits(world) == 7


def test_the_last_credit_does_not_change_that(ask: Ask, world: World, transcription: Any) -> None:
    world.documents.commit(Update("users/ada/credits/current", {"balance": 1}))
    first = ask("POST", "", transcription).get_json()["id"]
    same = ask("POST", "", transcription)
    assert (same.status_code, same.get_json()["id"], credits(world)) == (200, first, 0)


def test_what_a_cancelled_job_has_written_is_deleted_once_the_storage_answers(
    ask: Ask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id, write, delete = ask("POST", "", QUOTE).get_json()["id"], world.storage.write, world.storage.delete

    def cancelled_meanwhile(path: str, *given: Any, **how: Any) -> None:
        ask("DELETE", f"/{job_id}")
        # Whatever is delivered once more meets a worker that is still writing.
        world.sweep()
        world.deliver_due()
        write(path, *given, **how)
        # And that is the last thing that it does.
        raise SystemExit

    def down(path: str) -> None:
        raise StorageUnavailable("503")

    monkeypatch.setattr(world.storage, "write", cancelled_meanwhile)
    with pytest.raises(SystemExit):
        world.deliver_due()
    monkeypatch.setattr(world.storage, "delete", down)
    world.run_for(300)
    assert [path for path in world.storage.objects if "rendered_" in path] != []
    monkeypatch.setattr(world.storage, "delete", delete)
    world.run_for(300)
    assert [path for path in world.storage.objects if "rendered_" in path] == []
    assert not {"state", "sweepAt", "leaseUntil"} & set(world.document(f"jobs/{job_id}").fields)
    assert ask("GET", f"/{job_id}").get_json()["status"] == "cancelled"


def test_a_key_without_the_scope_of_files_fetches_none_by_a_retry(ask: Ask, world: World, client: FlaskClient) -> None:
    job_id = ask("POST", "", {"type": "media", "input": {"url": SOUND}}).get_json()["id"]
    ask("DELETE", f"/{job_id}")
    scoped = {"soku-api-key": issue_key("ada", "ai", documents=world.documents, clock=world.clock, scopes=["ai"])}
    for path, body in (("/v1/jobs", {"type": "media", "input": {"url": SOUND}}), (f"/v1/jobs/{job_id}/retry", None)):
        assert client.post(path, json=body, headers=scoped).status_code == 403


def test_a_lease_that_is_renewed_is_nothing_to_be_told(ask: Ask, world: World) -> None:
    job_id = ask("POST", "", QUOTE).get_json()["id"]
    world.tasks.clear()
    tag, began = ask("GET", f"/{job_id}").headers["ETag"], world.clock.now()
    sleep = world.api_ports.sleep

    def renewed(seconds: float) -> None:
        sleep(seconds)
        world.documents.commit(Update(f"jobs/{job_id}", {"leaseUntil": world.clock.now()}))

    world.api_ports = replace(world.api_ports, sleep=renewed)
    same = world.client().get(f"/v1/jobs/{job_id}?wait=10", headers={**ask.headers, "If-None-Match": tag})  # type: ignore[attr-defined]
    assert (same.status_code, world.clock.now() - began >= timedelta(seconds=9)) == (304, True)


def test_a_job_that_is_cancelled_before_it_begins_costs_nothing_and_never_runs(ask: Ask, world: World, transcription: Any) -> None:
    world.transcriber = provider = Provider()
    job_id = ask("POST", "", transcription).get_json()["id"]
    for _ in range(2):
        cancelled = ask("DELETE", f"/{job_id}")
        assert (cancelled.status_code, cancelled.get_json()["status"], cancelled.get_json()["done"]) == (200, "cancelled", True)
    assert cancelled.get_json()["credits"]["refundEntry"] == f"{job_id}-refund"
    world.run_for(3600)
    assert (provider.asked, credits(world)) == (0, 10)
    assert error_of(ask("GET", f"/{job_id}/result"))["code"] == "job_cancelled"


def test_one_that_is_cancelled_while_it_runs_stops_at_its_next_checkpoint(ask: Ask, world: World, transcription: Any) -> None:
    provider = Provider()
    job_id = ask("POST", "", transcription).get_json()["id"]
    provider.while_at_it = lambda: ask("DELETE", f"/{job_id}")
    world.transcriber = provider
    world.run_for(3600)
    job = ask("GET", f"/{job_id}").get_json()
    assert (job["status"], provider.asked, job["credits"]["refunded"], credits(world)) == ("cancelled", 1, 0, 9)
    document = world.document(f"jobs/{job_id}").fields
    assert not {"result", "state", "sweepAt", "leaseUntil"} & set(document)


def test_what_is_finished_is_not_cancelled(ask: Ask, world: World) -> None:
    job_id = ask("POST", "", QUOTE).get_json()["id"]
    world.run_for(30)
    answer = ask("DELETE", f"/{job_id}")
    assert (answer.status_code, error_of(answer)["code"], error_of(answer)["details"]) == (
        409,
        "already_finished",
        {"status": "succeeded"},
    )


def test_a_retry_is_a_new_job_paid_for_anew_once(ask: Ask, world: World, transcription: Any) -> None:
    first = ask("POST", "", {**transcription, "tags": ["t"]}).get_json()["id"]
    refused = ask("POST", f"/{first}/retry")
    assert (refused.status_code, error_of(refused)["code"]) == (409, "job_not_retryable")
    ask("DELETE", f"/{first}")
    new, again = (ask("POST", f"/{first}/retry") for _ in range(2))
    assert (new.status_code, again.status_code, new.get_json()["id"]) == (202, 200, again.get_json()["id"])
    assert (new.get_json()["retryOf"], new.get_json()["tags"], credits(world)) == (first, ["t"], 9)
    world.transcriber = Provider()
    world.run_for(30)
    assert ask("GET", f"/{new.get_json()['id']}/result").get_json()["transcript"] == "hello there"


def test_a_job_that_takes_too_long_expires_and_is_paid_back(ask: Ask, world: World, transcription: Any) -> None:
    def busy() -> None:
        raise ProviderBusy("overloaded", 20.0)

    world.transcriber = Provider(busy)
    job_id = ask("POST", "", transcription, Cancel_After="60s").get_json()["id"]
    world.run_for(600)
    job = ask("GET", f"/{job_id}").get_json()
    assert (job["status"], job["error"]["code"], job["error"]["retryable"]) == ("expired", "deadline_exceeded", True)
    assert (job["credits"]["refunded"], credits(world)) == (1, 10)
    failed = ask("GET", f"/{job_id}/result")
    assert (failed.status_code, error_of(failed)["code"], error_of(failed)["details"]["code"]) == (
        409,
        "job_failed",
        "deadline_exceeded",
    )


@pytest.mark.parametrize("given", ["soon", "1s", "-5", "5d", ""])
def test_a_deadline_that_is_none(ask: Ask, world: World, given: str) -> None:
    answer = ask("POST", "", QUOTE, Cancel_After=given)
    assert (answer.status_code, error_of(answer)["details"][0]["field"]) == (400, "headers.Cancel-After")
    assert world.paths("jobs/") == []


def test_results_are_gone_after_their_time_or_with_what_they_name(ask: Ask, world: World, client: FlaskClient, key: str) -> None:
    drawn, kept = (ask("POST", "", QUOTE).get_json()["id"] for _ in range(2))
    world.run_for(30)
    media_id = ask("GET", f"/{drawn}/result").get_json()["id"]
    assert client.delete(f"/v1/media/{media_id}", headers={"soku-api-key": key}).status_code == 200
    deleted = ask("GET", f"/{drawn}/result")
    assert (deleted.status_code, error_of(deleted)["code"]) == (410, "result_deleted")
    world.clock.advance(KEPT.total_seconds())
    expired = ask("GET", f"/{kept}/result")
    assert (expired.status_code, error_of(expired)["code"]) == (410, "result_expired")


# Endpoints that wait, for those who would rather not.


@pytest.mark.parametrize(
    ("query", "prefer", "status"),
    [
        ("?async=true", "", 202),
        ("", "respond-async", 202),
        ("", "respond-async, wait=20", 200),
        ("", "return=minimal; wait=5", 200),
        ("?async=false", "", 200),
    ],
)
def test_an_answer_need_not_be_waited_for(
    client: FlaskClient, world: World, key: str, query: str, prefer: str, status: int
) -> None:
    headers = {"soku-api-key": key, **({"Prefer": prefer} if prefer else {})}
    answer = client.post(f"/v1/templates{query}", json=QUOTE["input"], headers=headers)
    assert answer.status_code == status
    if status == 202:
        assert answer.headers["Location"] == answer.get_json()["url"]
        world.run_for(30)
        again = client.post(f"/v1/templates{query}", json=QUOTE["input"], headers=headers)
        assert (again.status_code, again.headers["Idempotency-Replayed"]) == (202, "true")
        assert again.get_json()["status"] == "succeeded"
    else:
        assert answer.get_json()["url"].startswith("https://")


def test_a_wait_that_is_over_is_answered_with_the_job(client: FlaskClient, world: World, key: str, transcription: Any) -> None:
    def busy() -> None:
        raise ProviderBusy("overloaded", 60.0)

    world.transcriber = Provider(busy)
    began = world.clock.now()
    headers = {"soku-api-key": key, "Prefer": "respond-async, wait=9999"}
    answer = client.post("/v1/ai/transcribe", json=transcription["input"], headers=headers)
    waited = world.clock.now() - began
    assert (answer.status_code, answer.get_json()["status"]) == (202, "delayed")
    assert timedelta(seconds=29) <= waited <= timedelta(seconds=35)
    assert int(answer.headers["Retry-After"]) > 2


def test_who_waits_for_a_job_that_is_cancelled_is_told_so(
    client: FlaskClient, world: World, key: str, transcription: Any, ask: Ask
) -> None:
    def cancel() -> None:
        [job] = ask("GET", "?type=transcription").get_json()["jobs"]
        ask("DELETE", f"/{job['id']}")

    world.transcriber = Provider(cancel)
    answer = client.post("/v1/ai/transcribe", json=transcription["input"], headers={"soku-api-key": key})
    assert (answer.status_code, error_of(answer)["code"]) == (409, "job_cancelled")


def test_ten_thousand_jobs_are_listed_at_the_cost_of_a_page(ask: Ask, world: World) -> None:
    job_id = ask("POST", body=QUOTE).get_json()["id"]
    fields, version = world.memory.contents[f"jobs/{job_id}"]
    for number in range(10_000):
        at = fields["createdAt"] - timedelta(seconds=number + 1)
        world.memory.contents[f"jobs/job_{number:05}"] = ({**fields, "createdAt": at}, version)
    first = ask("GET", "?limit=20").get_json()
    before = world.memory.counts.reads
    following = ask("GET", f"?limit=20&cursor={first['nextCursor']}").get_json()
    # The page, one more that tells that there is another, the key and the user.
    assert world.memory.counts.reads - before <= 20 + 1 + 3
    assert [job["id"] for job in following["jobs"]] == [f"job_{number:05}" for number in range(19, 39)]
