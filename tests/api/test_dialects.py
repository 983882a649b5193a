"""The four dialects: one table of scenarios for all of them, then what each has for itself."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from emulator.sandbox.platform import Answer
from shared.credits.credits import balance, grant
from shared.operations.registry import OPERATIONS
from tests.api.dialects import DIALECTS, FILM, NOVAKIT, SOKE, SOUND, SOVA, VIDOCU, WALLET, Start, Words
from tests.fakes.world import World

CASES = [pytest.param(words, start, id=f"{words.name}-{name}") for words in DIALECTS for name, start in words.starts.items()]
EACH = pytest.mark.parametrize("words", DIALECTS, ids=lambda words: words.name)
Ask = Callable[..., Any]


@pytest.fixture
def key(world: World) -> str:
    made = world.user()
    grant("ada", 100, "first", documents=world.documents, clock=world.clock)
    return made


@pytest.fixture
def ask(client: FlaskClient, key: str) -> Ask:
    def send(words: Words, method: str, path: str, body: Any = None, **headers: str) -> Any:
        return client.open(path, method=method, json=body, headers={**words.header(key), **headers})

    return send


def started(ask: Ask, words: Words, start: Start, **headers: str) -> str:
    answer = ask(words, start.method, start.path, start.body, **headers)
    assert answer.status_code == 202, answer.get_json()
    return words.id_of(answer.get_json())


def polled(ask: Ask, words: Words, job_id: str) -> Any:
    answer = ask(words, "GET", words.job.format(job_id))
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()


def result(ask: Ask, words: Words, job_id: str, told: Any) -> Any:
    if words is SOVA:
        kind = "similarity" if ask(words, "GET", _key("similarity", job_id)).status_code == 200 else "holder-profiles"
        return ask(words, "GET", _key(kind, job_id)).get_json()
    return {"soke": lambda: told["data"]["result"], "vidocu": lambda: told["result"], "novakit": lambda: told["outputData"]}[
        words.name
    ]()


def _key(kind: str, job_id: str) -> str:
    named = "req_" + job_id.removeprefix("job_") if kind == "similarity" else job_id
    return f"/sova/api/v1/jobs/result/by-key?key={kind}:result:{named}"


def left(world: World) -> int:
    return balance("ada", world.memory)


@pytest.mark.parametrize(("words", "start"), CASES)
def test_a_job_is_started_charged_once_watched_and_has_its_result(
    world: World, key: str, ask: Ask, words: Words, start: Start
) -> None:
    job_id = started(ask, words, start)
    assert left(world) == 100 - start.charged
    seen = [polled(ask, words, job_id)]
    for _ in range(200):
        if words.status(seen[-1]) not in words.waiting:
            break
        world.run_for(2)
        seen.append(polled(ask, words, job_id))
    assert words.status(seen[-1]) == words.done, seen[-1]
    assert set(map(words.status, seen[:-1])) <= words.waiting
    percentages = [words.progress(one) for one in seen[:-1]]
    assert percentages == sorted(percentages)
    assert set(result(ask, words, job_id, seen[-1])) == start.keys
    assert left(world) == 100 - start.charged
    # And in our own.
    own = ask(words, "GET", f"/v1/jobs/{job_id}", **{"soku-api-key": key}).get_json()
    assert (own["status"], own["dialect"], own["credits"]["debited"]) == ("succeeded", words.name, start.charged)


@pytest.mark.parametrize(("words", "start"), CASES)
def test_a_job_that_fails_says_why_and_costs_nothing(world: World, ask: Ask, words: Words, start: Start) -> None:
    world.fail(*start.fault, "reject", times=20)
    job_id = started(ask, words, start)
    world.run_for(600)
    told = polled(ask, words, job_id)
    assert words.status(told) == words.failed, told
    assert words is SOVA or words.error(told)
    assert left(world) == 100
    if words is SOVA:
        assert ask(words, "GET", _key("holder-profiles", job_id)).status_code == 404


@pytest.mark.parametrize(("words", "start"), CASES)
def test_a_provider_that_is_down_for_a_moment_is_asked_again(world: World, ask: Ask, words: Words, start: Start) -> None:
    world.fail(*start.fault, "server_error_before", times=2)
    job_id = started(ask, words, start)
    world.run_for(300)
    assert words.status(polled(ask, words, job_id)) == words.done


@EACH
def test_a_job_that_is_cancelled_is_over_and_paid_back(world: World, client: FlaskClient, key: str, ask: Ask, words: Words) -> None:
    start = next(iter(words.starts.values()))
    job_id = started(ask, words, start)
    answer = client.delete(f"/v1/jobs/{job_id}", headers={"soku-api-key": key})
    assert answer.status_code == 200
    world.run_for(120)
    assert words.status(polled(ask, words, job_id)) == words.cancelled
    assert left(world) == 100


@EACH
def test_a_job_that_takes_too_long_has_failed_and_costs_nothing(world: World, ask: Ask, words: Words) -> None:
    start = next(iter(words.starts.values()))
    original, world.tasks.enqueue = world.tasks.enqueue, lambda task: None  # type: ignore[method-assign]
    job_id = started(ask, words, start)
    world.tasks.enqueue = original  # type: ignore[method-assign]
    world.clock.advance(3 * 3600)
    world.run_for(180)
    assert words.status(polled(ask, words, job_id)) == words.failed
    assert left(world) == 100


@EACH
def test_who_may_not_ask_is_told_so_in_its_words(world: World, client: FlaskClient, key: str, ask: Ask, words: Words) -> None:
    start = next(iter(words.starts.values()))
    nobody = client.open(start.path, method=start.method, json=start.body)
    assert (nobody.status_code, words.refusal(nobody.get_json())) == (401, words.codes[0])
    wrong = client.open(start.path, method=start.method, json=start.body, headers=words.header("sk_live_wrong"))
    assert (wrong.status_code, words.refusal(wrong.get_json())) == (401, words.codes[0])
    job_id = started(ask, words, start)
    unknown = ask(words, "GET", words.job.format("job_unknown"))
    assert (unknown.status_code, words.refusal(unknown.get_json())) == (404, words.codes[1])
    if words is not SOVA:
        eve = world.user("eve")
        others = client.get(words.job.format(job_id), headers=words.header(eve))
        assert (others.status_code, words.refusal(others.get_json())) == (404, words.codes[1])
    for other in DIALECTS:
        if other is not words:
            assert client.get(other.job.format(job_id), headers=other.header(key)).status_code == 404


@EACH
def test_an_address_that_is_none_is_answered_in_its_words(client: FlaskClient, key: str, words: Words) -> None:
    prefix = words.job.partition("/jobs/")[0]
    answer = client.get(f"{prefix}/nowhere", headers=words.header(key))
    assert (answer.status_code, words.refusal(answer.get_json())) == (404, words.codes[1])


@EACH
def test_a_bad_body_is_refused_and_costs_nothing(world: World, ask: Ask, words: Words) -> None:
    method, path, body = words.bad_body
    answer = ask(words, method, path, body)
    assert (answer.status_code, words.refusal(answer.get_json())) == (400, words.codes[2]), answer.get_json()
    assert left(world) == 100
    assert world.paths("jobs/") == []


@EACH
def test_who_has_too_few_credits_starts_nothing(world: World, client: FlaskClient, words: Words) -> None:
    poor = world.user("poor")
    start = next(iter(words.starts.values()))
    answer = client.open(start.path, method=start.method, json=start.body, headers=words.header(poor))
    assert (answer.status_code, words.refusal(answer.get_json())) == (402, words.codes[3])


@EACH
def test_an_explicit_key_finds_the_same_job_and_is_charged_once(world: World, ask: Ask, words: Words) -> None:
    start = next(one for one in words.starts.values() if one.method == "POST")
    ids = {started(ask, words, start, **{"Idempotency-Key": "mine"}) for _ in range(3)}
    assert len(ids) == 1
    assert left(world) == 100 - start.charged


def test_what_is_in_the_way_of_a_job_is_shown_while_it_is(world: World, client: FlaskClient, key: str, ask: Ask) -> None:
    world.fail("youtube_data", "channels", "server_error_before", times=2)
    job_id = started(ask, SOKE, SOKE.starts["competitor"])
    world.run_for(1)
    shown = client.get(f"/v1/jobs/{job_id}", headers={"soku-api-key": key}).get_json()
    assert (shown["status"], shown["done"]) == ("delayed", False)
    assert shown["lastError"]["message"] == "YouTube answered 500"
    world.run_for(60)
    done = client.get(f"/v1/jobs/{job_id}", headers={"soku-api-key": key}).get_json()
    assert (done["status"], done["lastError"]) == ("succeeded", None)


def test_every_operation_can_be_started_in_our_own_words(world: World, client: FlaskClient, key: str) -> None:
    grant("ada", 1000, "more", documents=world.documents, clock=world.clock)
    inputs = {
        "thumbnail_background": {"prompt": "Hills"},
        "trends": {},
        "competitor": {"channelUrl": "https://www.youtube.com/channel/UC1234567890123456789012"},
        "analysis": {"videoUrl": FILM},
        "export": {"videoUrl": FILM, "endSeconds": 1},
        "translation": {"videoUrl": FILM, "language": "fr"},
        "voiceover": {"videoUrl": FILM},
        "process": {"videoUrl": FILM, "wants": ["script"]},
        "video_generation": {"prompt": "A bird"},
        "music_generation": {"prompt": "A waltz"},
        "image_generation": {"prompt": "A bee"},
        "batch": {"type": "music", "requests": [{"prompt": "One"}]},
        "token_holders": {"mint": WALLET},
        "token_similarity": {"mint": WALLET, "topN": 3},
        "wallet": {"address": WALLET},
    }
    assert set(inputs) == set(OPERATIONS)
    headers = {"soku-api-key": key}
    jobs = {kind: client.post("/v1/jobs", json={"type": kind, "input": given}, headers=headers) for kind, given in inputs.items()}
    assert {kind: answer.status_code for kind, answer in jobs.items()} == dict.fromkeys(inputs, 202)
    world.run_for(300)
    for kind, answer in jobs.items():
        shown = client.get(f"/v1/jobs/{answer.get_json()['id']}", headers=headers).get_json()
        assert shown["status"] == "succeeded", (kind, shown)
        found = client.get(f"/v1/jobs/{shown['id']}/result", headers=headers)
        assert found.status_code == 200
        assert "storagePath" not in found.get_data(as_text=True)
        assert shown["credits"]["debited"] == (10 if kind == "batch" else OPERATIONS[kind].credits)


# Each for itself


def test_soke_the_same_scan_that_runs_already_is_that_job(world: World, ask: Ask) -> None:
    start = SOKE.starts["trends"]
    first, again = started(ask, SOKE, start), started(ask, SOKE, start)
    assert first == again
    assert left(world) == 98
    world.run_for(30)
    assert started(ask, SOKE, start) != first


def test_soke_answers_are_wrapped_and_name_limits_and_credits(world: World, ask: Ask) -> None:
    answer = ask(SOKE, "POST", SOKE.starts["competitor"].path, SOKE.starts["competitor"].body, **{"X-Request-ID": "mine"})
    told = answer.get_json()
    assert told["success"] is True
    assert told["data"] == {"jobId": told["data"]["jobId"], "status": "queued", "estimatedCompletionSeconds": 10}
    assert (told["meta"]["platform"], told["meta"]["request_id"]) == ("youtube", "mine")
    assert isinstance(told["meta"]["processing_time_ms"], int)
    assert answer.headers["X-Soke-Credits-Remaining"] == "97"
    assert int(answer.headers["X-Soke-Limit"]) > int(answer.headers["X-Soke-Remaining"]) >= 0
    assert int(answer.headers["X-Soke-Reset"]) > world.clock.now().timestamp()


def test_soke_polls_of_a_job_have_a_limit_of_their_own(world: World, ask: Ask) -> None:
    job_id = started(ask, SOKE, SOKE.starts["competitor"])
    statuses = [ask(SOKE, "GET", SOKE.job.format(job_id)).status_code for _ in range(12)]
    assert statuses == [200] * 10 + [429] * 2
    refused = ask(SOKE, "GET", SOKE.job.format(job_id))
    assert refused.get_json()["error"]["details"] == {"retryAfter": 2}
    assert refused.headers["Retry-After"] == "2"
    world.clock.advance(2)
    assert ask(SOKE, "GET", SOKE.job.format(job_id)).status_code == 200


def test_soke_thumbnails_and_transcripts_are_our_own(world: World, client: FlaskClient, key: str, ask: Ask) -> None:
    media = client.post("/v1/media", json={"url": SOUND}, headers={"soku-api-key": key}).get_json()["id"]
    transcript = words_of(ask, SOKE, "POST", "/soke/api/v1/transcription", {"mediaId": media})
    thumbnail = words_of(ask, SOKE, "POST", "/soke/api/v1/thumbnail/generate", {"title": "Ship it"})
    world.run_for(60)
    assert polled(ask, SOKE, transcript)["data"]["result"]["transcript"]
    shown = ask(SOKE, "GET", f"/soke/api/v1/thumbnail/{thumbnail}").get_json()
    assert shown["data"]["result"]["url"].endswith(".png")


def words_of(ask: Ask, words: Words, method: str, path: str, body: Any) -> str:
    answer = ask(words, method, path, body)
    assert answer.status_code == 202, answer.get_json()
    return words.id_of(answer.get_json())


def test_vidocu_ids_have_types_and_what_runs_is_found(world: World, ask: Ask) -> None:
    first = ask(VIDOCU, "POST", "/vidocu/v1/analyze", {"videoUrl": FILM})
    again = ask(VIDOCU, "POST", "/vidocu/v1/analyze", {"videoUrl": FILM})
    told = first.get_json()
    kind, milliseconds, random = told["jobId"].split("_")
    assert (kind, told["type"], told["status"]) == ("analysis", "analysis", "pending")
    assert int(milliseconds) == int(world.clock.now().timestamp() * 1000)
    assert len(random) == 12
    assert (again.status_code, again.get_json()["jobId"]) == (200, told["jobId"])
    assert again.get_json()["message"]
    tool = ask(VIDOCU, "POST", "/vidocu/v1/voiceover", {"text": "Hello"}).get_json()
    assert (tool["type"], tool["jobId"].partition("_")[0]) == ("tool", "tool")


def test_vidocu_exports_a_film_and_says_how_far_it_is(world: World, ask: Ask) -> None:
    body = {"videoUrl": FILM, "preset": "1:1 1080p", "endSeconds": 1}
    job_id = words_of(ask, VIDOCU, "POST", "/vidocu/v1/export", body)
    world.run_for(120)
    told = polled(ask, VIDOCU, job_id)
    assert told["status"] == "completed", told
    assert told["error"] is None
    assert told["progress"] is None
    video = told["result"]["video"]
    content = world.storage.objects[video["url"].removeprefix("https://storage.test/")]
    assert (content[4:8], len(content), video["contentType"]) == (b"ftyp", video["sizeBytes"], "video/mp4")
    assert (told["result"]["width"], told["result"]["height"], told["result"]["durationSeconds"]) == (1080, 1080, 1.0)


def test_a_chain_that_failed_is_tried_again_at_the_failed_step(world: World, client: FlaskClient, key: str, ask: Ask) -> None:
    body = {"videoUrl": FILM, "wants": ["script", "translation"], "language": "de"}
    world.fail("openai", "write", "reject", times=1)
    job_id = words_of(ask, VIDOCU, "POST", "/vidocu/v1/videos/process", body)
    world.run_for(120)
    told = polled(ask, VIDOCU, job_id)
    assert told["status"] == "failed"
    assert told["steps"] == [
        {"name": "file", "status": "done"},
        {"name": "transcript", "status": "done"},
        {"name": "script", "status": "failed"},
        {"name": "translation", "status": "pending"},
    ]
    fetched = len(world.fetcher.fetched)
    again = client.post(f"/v1/jobs/{job_id}/retry", headers={"soku-api-key": key}).get_json()
    assert [one["status"] for one in again["steps"]] == ["done", "done", "pending", "pending"]
    world.run_for(120)
    done = polled(ask, VIDOCU, again["id"])
    assert done["status"] == "completed", done
    assert len(world.fetcher.fetched) == fetched
    assert set(done["result"]) == {"transcript", "script", "translation"}
    assert left(world) == 90


def test_novakit_without_async_the_request_waits(world: World, ask: Ask) -> None:
    answer = ask(NOVAKIT, "POST", "/novakit/api/v1/images/generations", {"prompt": "A bird"})
    told = answer.get_json()
    assert (answer.status_code, told["status"], told["progress"]) == (200, "completed", 100)
    assert told["outputData"]["image"]["url"].startswith("https://storage.test/results/")
    assert (told["estimatedCredits"], told["actualCredits"]) == (4, 4)


def test_novakit_polls_long_lists_and_cancels(world: World, ask: Ask) -> None:
    job_id = started(ask, NOVAKIT, NOVAKIT.starts["video"])
    before = world.clock.now()
    told = ask(NOVAKIT, "GET", f"/novakit/api/v1/jobs/{job_id}?poll=true").get_json()
    assert told["status"] in ("pending", "processing", "completed")
    assert world.clock.now() - before <= timedelta(seconds=31)
    other = started(ask, NOVAKIT, NOVAKIT.starts["music"])
    assert ask(NOVAKIT, "DELETE", f"/novakit/api/v1/jobs/{other}").get_json() == {"success": True}
    assert polled(ask, NOVAKIT, other)["status"] == "cancelled"
    world.run_for(60)
    listed = ask(NOVAKIT, "GET", "/novakit/api/v1/jobs").get_json()["jobs"]
    assert {one["id"] for one in listed} == {job_id, other}
    assert [one["id"] for one in ask(NOVAKIT, "GET", "/novakit/api/v1/jobs?tool=video").get_json()["jobs"]] == [job_id]
    assert ask(NOVAKIT, "GET", "/novakit/api/v1/jobs?pending=true").get_json()["jobs"] == []
    over = ask(NOVAKIT, "DELETE", f"/novakit/api/v1/jobs/{job_id}")
    assert (over.status_code, over.get_json()["error"]["code"]) == (409, "already_finished")


def test_novakit_a_cancelled_generation_is_cancelled_at_the_provider_too(world: World, ask: Ask) -> None:
    world.sandbox.processing_seconds = 60
    job_id = started(ask, NOVAKIT, NOVAKIT.starts["video"])
    world.run_for(10)
    assert polled(ask, NOVAKIT, job_id)["status"] == "processing"
    assert ask(NOVAKIT, "DELETE", f"/novakit/api/v1/jobs/{job_id}").status_code == 200
    world.run_for(120)
    assert world.sandbox.asked["replicate", "", "cancel"] == 1
    assert "state" not in world.document(f"jobs/{job_id}").fields


def test_novakit_a_batch_is_one_job_with_children(world: World, ask: Ask) -> None:
    world.fail("replicate", "create", "processing_failed", times=1)
    body = {"type": "image", "requests": [{"prompt": f"Bird {number}"} for number in range(3)]}
    job_id = words_of(ask, NOVAKIT, "POST", "/novakit/api/v1/batches?async=true", body)
    assert left(world) == 88
    world.run_for(180)
    told = polled(ask, NOVAKIT, job_id)
    assert told["status"] == "completed", told
    statuses = sorted(child["status"] for child in told["outputData"]["children"])
    assert statuses == ["failed", "succeeded", "succeeded"]
    assert (told["estimatedCredits"], told["actualCredits"], left(world)) == (12, 8, 92)
    wrong = {"type": "image", "requests": [{"prompt": "ok"}, {"prompt": "ok", "size": 3}]}
    refused = ask(NOVAKIT, "POST", "/novakit/api/v1/batches", wrong)
    assert refused.get_json()["error"]["details"][0]["field"] == "body.requests.1.size"


def test_novakit_a_batch_whose_children_hang_ends_in_its_own_time_and_gives_back(world: World, ask: Ask) -> None:
    world.sandbox.processing_seconds = 10**6
    body = {"type": "image", "requests": [{"prompt": "One"}, {"prompt": "Two"}]}
    job_id = ask(NOVAKIT, "POST", "/novakit/api/v1/batches?async=true", body, **{"Cancel-After": "10m"}).get_json()["id"]
    world.run_for(600, tick=5)
    told = polled(ask, NOVAKIT, job_id)
    assert (told["status"], [child["status"] for child in told["outputData"]["children"]]) == ("completed", ["expired"] * 2)
    assert (told["estimatedCredits"], told["actualCredits"], left(world)) == (8, 0, 100)
    listed = ask(NOVAKIT, "GET", "/novakit/api/v1/jobs?tool=image").get_json()["jobs"]
    assert [job["id"] for job in listed] == [f"{job_id}-01", f"{job_id}-00"]


def test_novakit_a_batch_with_little_time_leaves_its_children_half_of_it(world: World, ask: Ask) -> None:
    body = {"type": "image", "requests": [{"prompt": "One"}, {"prompt": "Two"}]}
    job_id = ask(NOVAKIT, "POST", "/novakit/api/v1/batches?async=true", body, **{"Cancel-After": "90s"}).get_json()["id"]
    world.run_for(90)
    told = polled(ask, NOVAKIT, job_id)
    assert (told["status"], [child["status"] for child in told["outputData"]["children"]]) == ("completed", ["succeeded"] * 2)


def test_novakit_a_cancelled_batch_cancels_its_children(world: World, ask: Ask) -> None:
    world.sandbox.processing_seconds = 60
    body = {"type": "image", "requests": [{"prompt": "One"}, {"prompt": "Two"}]}
    job_id = words_of(ask, NOVAKIT, "POST", "/novakit/api/v1/batches?async=true", body)
    world.run_for(10)
    assert ask(NOVAKIT, "DELETE", f"/novakit/api/v1/jobs/{job_id}").status_code == 200
    world.run_for(180)
    children = [world.document(path).fields for path in world.paths(f"jobs/{job_id}-")]
    assert [child["status"] for child in children] == ["cancelled"] * 2
    assert left(world) == 92, "it had begun"


def test_sova_status_is_public_and_holds_nothing_else(world: World, client: FlaskClient, ask: Ask) -> None:
    job_id = started(ask, SOVA, SOVA.starts["holders"])
    assert client.get(SOVA.job.format(job_id)).get_json() == {"status": "waiting", "progress": 0}
    world.run_for(10)
    assert client.get(SOVA.job.format(job_id)).get_json() == {"status": "completed", "progress": 100}
    statuses = [client.get(SOVA.job.format(job_id)).status_code for _ in range(70)]
    assert statuses.count(200) >= 55
    assert 429 in statuses


def test_sova_results_are_kept_for_fifteen_minutes_under_their_own_keys(world: World, ask: Ask) -> None:
    holders, similarity = (started(ask, SOVA, SOVA.starts[name]) for name in ("holders", "similarity"))
    assert ask(SOVA, "GET", _key("holder-profiles", holders)).status_code == 404
    world.run_for(10)
    assert ask(SOVA, "GET", _key("holder-profiles", holders)).status_code == 200
    assert ask(SOVA, "GET", _key("similarity", similarity)).status_code == 200
    for wrong in (_key("holder-profiles", similarity), _key("similarity", holders), "/sova/api/v1/jobs/result/by-key?key=x"):
        assert ask(SOVA, "GET", wrong).status_code == 404
    world.clock.advance(15 * 60)
    assert ask(SOVA, "GET", _key("holder-profiles", holders)).status_code == 404


def test_sova_a_wallet_is_answered_at_once(world: World, ask: Ask) -> None:
    full = ask(SOVA, "GET", f"/sova/api/v1/intel/wallet/{WALLET}")
    hud = ask(SOVA, "GET", f"/sova/api/v1/intel/wallet/{WALLET}/hud")
    assert (full.status_code, full.get_json()["sol"], len(full.get_json()["tokens"])) == (200, 1.5, 4)
    assert set(hud.get_json()) == {"address", "sol", "tokenCount", "lastActiveAt"}
    assert left(world) == 98


def test_sova_a_slow_wallet_falls_back_and_is_charged_once(world: World, client: FlaskClient, ask: Ask) -> None:
    world.fail("solana", "getBalance", "server_error_before", times=4)
    path = f"/sova/api/v1/intel/wallet/{WALLET}"
    slow = ask(SOVA, "GET", path)
    told = slow.get_json()
    assert (slow.status_code, told["status"], told["prepaidJobId"]) == (202, "queued", told["jobId"])
    assert told["monitoringUrl"] == f"https://api.test/api/sova/api/v1/jobs/{told['jobId']}"
    prepaid = {"X-Prepaid-Job-Id": told["prepaidJobId"]}
    assert slow.headers["X-Prepaid-Job-Id"] == told["prepaidJobId"]
    assert ask(SOVA, "GET", path, **prepaid).status_code == 202
    world.run_for(120)
    assert client.get(SOVA.job.format(told["jobId"])).get_json()["status"] == "completed"
    done = ask(SOVA, "GET", path, **prepaid)
    assert (done.status_code, done.get_json()["address"], left(world)) == (200, WALLET, 99)
    assert ask(SOVA, "GET", f"{path}/hud", **prepaid).status_code == 404, "another path"
    assert ask(SOVA, "GET", path, **{"X-Prepaid-Job-Id": "job_none"}).status_code == 404
    world.clock.advance(15 * 60)
    assert ask(SOVA, "GET", path, **prepaid).status_code == 404, "its result is gone"
    assert left(world) == 99


def test_sova_what_is_no_mint_fails_with_its_reason_in_our_words(world: World, client: FlaskClient, key: str, ask: Ask) -> None:
    job_id = words_of(ask, SOVA, "POST", f"/sova/api/v1/intel/token/{'1' * 32}/holders", {"topN": 5})
    world.run_for(30)
    own = client.get(f"/v1/jobs/{job_id}", headers={"soku-api-key": key}).get_json()
    assert "not a Token mint" in own["error"]["message"]


# What a reading of all this found


def test_a_batchs_children_are_neither_cancelled_nor_tried_again_by_themselves(
    world: World, client: FlaskClient, key: str, ask: Ask
) -> None:
    world.sandbox.processing_seconds = 60
    body = {"type": "image", "requests": [{"prompt": "One"}, {"prompt": "Two"}]}
    job_id = words_of(ask, NOVAKIT, "POST", "/novakit/api/v1/batches?async=true", body)
    world.run_for(10)
    for method, path in (("DELETE", f"/v1/jobs/{job_id}-00"), ("POST", f"/v1/jobs/{job_id}-00/retry")):
        refused = client.open(path, method=method, headers={"soku-api-key": key})
        assert (refused.status_code, refused.get_json()["error"]["code"]) == (409, "part_of_batch")
    assert client.get(f"/v1/jobs/{job_id}-00", headers={"soku-api-key": key}).get_json()["parent"] == job_id


def test_a_batch_that_is_cancelled_while_its_children_are_made_takes_them_along(
    world: World, client: FlaskClient, key: str, ask: Ask
) -> None:
    world.sandbox.processing_seconds = 300
    body = {"type": "image", "requests": [{"prompt": "One"}, {"prompt": "Two"}]}
    job_id = words_of(ask, NOVAKIT, "POST", "/novakit/api/v1/batches?async=true", body)
    enqueue = world.tasks.enqueue

    def cancel_meanwhile(task: Any) -> None:
        world.tasks.enqueue = enqueue  # type: ignore[method-assign]
        assert client.delete(f"/v1/jobs/{job_id}", headers={"soku-api-key": key}).status_code == 200
        enqueue(task)

    world.tasks.enqueue = cancel_meanwhile  # type: ignore[method-assign]
    world.run_for(300)
    children = [world.document(path).fields["status"] for path in world.paths(f"jobs/{job_id}-")]
    assert children == ["cancelled"] * 2


def test_novakit_what_takes_too_long_to_wait_for_is_answered_with_its_id(world: World, ask: Ask) -> None:
    world.sandbox.processing_seconds = 300
    answer = ask(NOVAKIT, "POST", "/novakit/api/v1/videos/generations", {"prompt": "A long one"})
    told = answer.get_json()
    assert (answer.status_code, told["status"], left(world)) == (202, "processing", 80)
    world.run_for(600)
    assert polled(ask, NOVAKIT, told["id"])["status"] == "completed"


def test_the_same_work_of_another_dialect_is_none_of_this_ones(world: World, client: FlaskClient, key: str, ask: Ask) -> None:
    body = {"type": "trends", "input": {"region": "DE", "limit": 3}}
    own = client.post("/v1/jobs", json=body, headers={"soku-api-key": key}).get_json()["id"]
    assert started(ask, SOKE, SOKE.starts["trends"]) != own


def test_a_generation_whose_file_is_gone_is_made_anew_when_it_is_tried_again(
    world: World, client: FlaskClient, key: str, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emulator.sandbox.replicate.file", lambda path: Answer(404, content=b"<html>gone</html>"))
    job_id = started(ask, NOVAKIT, NOVAKIT.starts["image"])
    world.run_for(120)
    assert polled(ask, NOVAKIT, job_id)["status"] == "failed"
    monkeypatch.undo()
    again = client.post(f"/v1/jobs/{job_id}/retry", headers={"soku-api-key": key}).get_json()
    world.run_for(120)
    assert polled(ask, NOVAKIT, again["id"])["status"] == "completed"


def test_a_chain_that_was_cancelled_goes_on_where_it_was(world: World, client: FlaskClient, key: str, ask: Ask) -> None:
    world.fail("openai", "write", "server_error_before", times=3)
    job_id = words_of(ask, VIDOCU, "POST", "/vidocu/v1/analyze", {"videoUrl": FILM})
    world.run_for(3)
    assert client.delete(f"/v1/jobs/{job_id}", headers={"soku-api-key": key}).status_code == 200
    world.run_for(300)
    assert "sweepAt" not in world.document(f"jobs/{job_id}").fields
    fetched = len(world.fetcher.fetched)
    again = client.post(f"/v1/jobs/{job_id}/retry", headers={"soku-api-key": key}).get_json()
    world.run_for(120)
    assert polled(ask, VIDOCU, again["id"])["status"] == "completed"
    assert len(world.fetcher.fetched) == fetched


@pytest.mark.parametrize("named", [".", "..", "__a__", "a/b", "\u00e9"])
def test_sova_a_prepaid_job_that_cannot_be_is_none(ask: Ask, named: str) -> None:
    header = {"X-Prepaid-Job-Id": named.encode("utf-8").decode("latin-1")}
    assert ask(SOVA, "GET", f"/sova/api/v1/intel/wallet/{WALLET}", **header).status_code == 404


def test_what_is_known_of_an_upload_is_refused_at_the_start(world: World, client: FlaskClient, key: str, ask: Ask) -> None:
    sound = client.post("/v1/media", json={"url": SOUND}, headers={"soku-api-key": key}).get_json()["id"]
    film = client.post("/v1/media", json={"url": FILM}, headers={"soku-api-key": key}).get_json()["id"]
    long = world.memory.contents[f"media/{film}"][0]
    for path, body, says in (
        ("/vidocu/v1/export", {"mediaId": sound}, "are exported"),
        ("/vidocu/v1/export", {"mediaId": film, "startSeconds": 60}, "after the film's end"),
        ("/vidocu/v1/videos/process", {"mediaId": sound, "wants": ["export"]}, "are exported"),
    ):
        refused = ask(VIDOCU, "POST", path, body)
        assert refused.status_code == 400
        assert says in refused.get_json()["error"]["details"][0]["message"]
    long["durationSeconds"] = 5 * 3600.0
    for path, says in (("/vidocu/v1/export", "at most 10 minutes"), ("/vidocu/v1/analyze", "longer than 4 hours")):
        refused = ask(VIDOCU, "POST", path, {"mediaId": film})
        assert says in refused.get_json()["error"]["details"][0]["message"]
    assert left(world) == 100
