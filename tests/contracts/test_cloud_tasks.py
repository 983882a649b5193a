"""Our Cloud Tasks, feature by feature, through Google's own client and its REST transport."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import aiohttp
import pytest
import requests
from aiohttp import web
from google.api_core import exceptions
from google.auth import jwt
from google.auth.credentials import AnonymousCredentials
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksRestTransport
from google.protobuf import duration_pb2, field_mask_pb2

from emulator.cloud_tasks.queue import Limits
from emulator.cloud_tasks.server import CloudTasks
from emulator.cloud_tasks.task import RetryConfig, Task
from shared.core.settings import CloudTasks as CloudTasksSettings
from shared.gcp.cloud_tasks import CloudTasksQueue
from shared.tasks.queues import ORCHESTRATE
from shared.tasks.task import orchestrate
from tests.fakes.world import SETTINGS

PARENT = "projects/p/locations/l"
QUEUE = f"{PARENT}/queues/q"
PATIENCE_SECONDS = 10


class Receiver:
    """A function that notes what it is sent and answers what it is told: a status, or after `seconds`."""

    def __init__(self) -> None:
        self.received: list[tuple[float, dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.seconds = 0.0
        self.busy = 0
        self.most_busy = 0
        lock, receiver = threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                with lock:
                    headers = {name.lower(): value for name, value in self.headers.items()}
                    body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                    receiver.received.append((time.monotonic(), headers, body))
                    status = receiver.statuses.pop(0) if receiver.statuses else 200
                    receiver.busy += 1
                    receiver.most_busy = max(receiver.most_busy, receiver.busy)
                time.sleep(receiver.seconds)
                with lock:
                    receiver.busy -= 1
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/work"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Served:
    """The emulator, in a thread of its own."""

    def __init__(self) -> None:
        self.tasks = CloudTasks()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        started = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(started),))
        self._thread.start()
        started.wait()

    async def _serve(self, started: threading.Event) -> None:
        runner = web.AppRunner(self.tasks.application())
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        started.set()
        await self._stop.wait()
        await runner.cleanup()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served()
    yield served
    served.close()


@pytest.fixture
def client(served: Served) -> tasks_v2.CloudTasksClient:
    transport = CloudTasksRestTransport(host=f"127.0.0.1:{served.port}", url_scheme="http", credentials=AnonymousCredentials())
    client = tasks_v2.CloudTasksClient(transport=transport)
    client.create_queue(parent=PARENT, queue=tasks_v2.Queue(name=QUEUE, retry_config=retry(0.05, 0.4)))
    return client


def retry(least: float, most: float, **more: Any) -> tasks_v2.RetryConfig:
    return tasks_v2.RetryConfig(min_backoff=seconds(least), max_backoff=seconds(most), **more)


def seconds(number: float) -> duration_pb2.Duration:
    duration = duration_pb2.Duration()
    duration.FromTimedelta(timedelta(seconds=number))
    return duration


def create(client: tasks_v2.CloudTasksClient, url: str, body: bytes = b"{}", **more: Any) -> tasks_v2.Task:
    request = tasks_v2.HttpRequest(url=url, body=body, headers={"X-Mine": "1"}, **more.pop("http", {}))
    return client.create_task(parent=QUEUE, task=tasks_v2.Task(http_request=request, **more))


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_a_task_is_delivered_with_its_body_and_headers(client: tasks_v2.CloudTasksClient, receiver: Receiver) -> None:
    task = create(client, receiver.url, b'{"a": 1}')
    until(lambda: len(receiver.received) == 1)
    _, headers, body = receiver.received[0]
    assert body == b'{"a": 1}'
    assert headers["x-mine"] == "1"
    assert headers["x-cloudtasks-queuename"] == "q"
    assert task.name.endswith("/" + headers["x-cloudtasks-taskname"])
    assert headers["x-cloudtasks-taskretrycount"] == "0"
    assert headers["x-cloudtasks-taskexecutioncount"] == "0"
    assert abs(float(headers["x-cloudtasks-tasketa"]) - time.time()) < PATIENCE_SECONDS


def test_a_delivered_task_is_gone(client: tasks_v2.CloudTasksClient, receiver: Receiver) -> None:
    task = create(client, receiver.url)
    until(lambda: list(client.list_tasks(parent=QUEUE)) == [])
    with pytest.raises(exceptions.NotFound):
        client.get_task(name=task.name)


def test_a_failed_delivery_is_repeated_with_growing_pauses(client: tasks_v2.CloudTasksClient, receiver: Receiver) -> None:
    receiver.statuses = [500, 503, 429, 400]
    create(client, receiver.url)
    until(lambda: len(receiver.received) == 5)
    counts = [(h["x-cloudtasks-taskretrycount"], h["x-cloudtasks-taskexecutioncount"]) for _, h, _ in receiver.received]
    assert counts == [("0", "0"), ("1", "0"), ("2", "0"), ("3", "1"), ("4", "2")]
    assert receiver.received[1][1]["x-cloudtasks-taskpreviousresponse"] == "500"
    pauses = [later[0] - earlier[0] for earlier, later in zip(receiver.received, receiver.received[1:], strict=False)]
    assert pauses[-1] > pauses[0]


@pytest.mark.parametrize(("failures", "pause"), [(1, 0.1), (2, 0.2), (3, 0.4), (4, 0.8), (5, 1.6), (6, 1.6), (100, 1.6)])
def test_pauses_double_and_then_stay(failures: int, pause: float) -> None:
    config = RetryConfig(min_backoff_seconds=0.1, max_backoff_seconds=1.6, max_doublings=10)
    assert config.backoff_seconds(failures) == pytest.approx(pause)


def test_after_its_doublings_a_pause_grows_evenly() -> None:
    config = RetryConfig(min_backoff_seconds=10, max_backoff_seconds=300, max_doublings=3)
    assert [config.backoff_seconds(n) for n in range(1, 9)] == [10, 20, 40, 80, 160, 240, 300, 300]


def test_attempts_end(client: tasks_v2.CloudTasksClient, receiver: Receiver) -> None:
    client.update_queue(
        queue=tasks_v2.Queue(name=QUEUE, retry_config=retry(0.01, 0.01, max_attempts=3)),
        update_mask=field_mask_pb2.FieldMask(paths=["retry_config"]),
    )
    receiver.statuses = [500] * 10
    create(client, receiver.url)
    until(lambda: list(client.list_tasks(parent=QUEUE)) == [])
    assert len(receiver.received) == 3


def test_a_function_that_is_not_there_is_tried_again(client: tasks_v2.CloudTasksClient) -> None:
    task = create(client, "http://127.0.0.1:9/nobody")
    until(lambda: client.get_task(name=task.name).dispatch_count >= 2)
    assert client.get_task(name=task.name).response_count == 0


def test_a_function_that_takes_too_long_is_tried_again(
    served: Served, client: tasks_v2.CloudTasksClient, receiver: Receiver
) -> None:
    receiver.seconds = 1.0
    client.pause_queue(name=QUEUE)
    task = create(client, receiver.url, dispatch_deadline=seconds(15))
    served.tasks.queues[QUEUE].tasks[task.name].deadline_seconds = 0.2
    client.resume_queue(name=QUEUE)
    until(lambda: len(receiver.received) >= 2)


def test_a_scheduled_task_waits_for_its_time(client: tasks_v2.CloudTasksClient, receiver: Receiver) -> None:
    due = datetime.now(UTC) + timedelta(seconds=1)
    create(client, receiver.url, schedule_time=due)
    create(client, receiver.url, b"now")
    until(lambda: len(receiver.received) == 2)
    assert receiver.received[0][2] == b"now"
    assert datetime.now(UTC) >= due


def test_as_many_connections_are_kept_as_threads_enqueue(
    served: Served, client: tasks_v2.CloudTasksClient, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    local = {"SOKU_CLOUD_TASKS_URL": f"http://127.0.0.1:{served.port}", "SOKU_FUNCTION_URLS": f"orchestrator={receiver.url}"}
    settings = CloudTasksSettings.model_validate(SETTINGS | local)
    name = f"projects/{settings.project_id}/locations/{settings.location}/queues/{ORCHESTRATE.name}"
    client.create_queue(parent=name.partition("/queues/")[0], queue=tasks_v2.Queue(name=name))
    tasks, together = CloudTasksQueue(settings), threading.Barrier(20)

    def enqueue(number: int) -> None:
        together.wait()
        tasks.enqueue(orchestrate(str(number), "ada"))

    with caplog.at_level("WARNING"), ThreadPoolExecutor(20) as threads:
        list(threads.map(enqueue, range(20)))
    assert caplog.messages == []
    until(lambda: len(receiver.received) == 20)


def test_thirty_days_are_the_limit(client: tasks_v2.CloudTasksClient, receiver: Receiver) -> None:
    with pytest.raises(exceptions.BadRequest, match="30 days"):
        create(client, receiver.url, schedule_time=datetime.now(UTC) + timedelta(days=31))


def test_a_name_is_used_once(client: tasks_v2.CloudTasksClient, receiver: Receiver) -> None:
    name = f"{QUEUE}/tasks/mine"
    create(client, receiver.url, name=name)
    with pytest.raises(exceptions.Conflict):
        create(client, receiver.url, name=name)
    until(lambda: list(client.list_tasks(parent=QUEUE)) == [])
    with pytest.raises(exceptions.Conflict):
        create(client, receiver.url, name=name)
    assert len(receiver.received) == 1


def test_a_task_can_be_deleted_and_run_at_once(client: tasks_v2.CloudTasksClient, receiver: Receiver) -> None:
    far = datetime.now(UTC) + timedelta(days=1)
    doomed, urgent = create(client, receiver.url, schedule_time=far), create(client, receiver.url, b"run", schedule_time=far)
    assert {task.name for task in client.list_tasks(parent=QUEUE)} == {doomed.name, urgent.name}
    client.delete_task(name=doomed.name)
    with pytest.raises(exceptions.NotFound):
        client.delete_task(name=doomed.name)
    client.run_task(name=urgent.name)
    until(lambda: [body for _, _, body in receiver.received] == [b"run"])


def test_a_paused_queue_waits_and_a_purged_one_forgets(client: tasks_v2.CloudTasksClient, receiver: Receiver) -> None:
    assert client.pause_queue(name=QUEUE).state == tasks_v2.Queue.State.PAUSED
    create(client, receiver.url, b"forgotten")
    time.sleep(0.2)
    assert receiver.received == []
    client.purge_queue(name=QUEUE)
    create(client, receiver.url, b"kept")
    assert client.resume_queue(name=QUEUE).state == tasks_v2.Queue.State.RUNNING
    until(lambda: [body for _, _, body in receiver.received] == [b"kept"])


def test_no_more_at_once_than_allowed(client: tasks_v2.CloudTasksClient, receiver: Receiver) -> None:
    limits = tasks_v2.RateLimits(max_concurrent_dispatches=2, max_dispatches_per_second=500)
    client.update_queue(queue=tasks_v2.Queue(name=QUEUE, rate_limits=limits))
    receiver.seconds = 0.05
    for _ in range(8):
        create(client, receiver.url)
    until(lambda: len(receiver.received) == 8)
    assert receiver.most_busy <= 2


def test_no_faster_than_allowed(client: tasks_v2.CloudTasksClient, receiver: Receiver) -> None:
    client.pause_queue(name=QUEUE)
    limits = tasks_v2.RateLimits(max_dispatches_per_second=5, max_concurrent_dispatches=100)
    client.update_queue(queue=tasks_v2.Queue(name=QUEUE, rate_limits=limits))
    for _ in range(9):
        create(client, receiver.url)
    client.resume_queue(name=QUEUE)
    until(lambda: len(receiver.received) == 9)
    # One second's worth may go at once; the rest takes its time.
    assert receiver.received[-1][0] - receiver.received[0][0] > 0.5


def test_queues_are_made_listed_and_removed(client: tasks_v2.CloudTasksClient) -> None:
    with pytest.raises(exceptions.Conflict):
        client.create_queue(parent=PARENT, queue=tasks_v2.Queue(name=QUEUE))
    assert [queue.name for queue in client.list_queues(parent=PARENT)] == [QUEUE]
    assert client.get_queue(name=QUEUE).retry_config.min_backoff == timedelta(seconds=0.05)
    client.delete_queue(name=QUEUE)
    with pytest.raises(exceptions.NotFound):
        client.get_queue(name=QUEUE)
    with pytest.raises(exceptions.NotFound):
        create(client, "http://127.0.0.1:9/")


def test_a_delivery_carries_an_identity_that_its_certificates_prove(
    served: Served, client: tasks_v2.CloudTasksClient, receiver: Receiver
) -> None:
    create(
        client, receiver.url, http={"oidc_token": tasks_v2.OidcToken(service_account_email="me@p.test", audience="https://mine")}
    )
    until(lambda: len(receiver.received) == 1)
    token = receiver.received[0][1]["authorization"].removeprefix("Bearer ")
    certificates = requests.get(f"http://127.0.0.1:{served.port}/_certificates", timeout=5).json()
    claims = jwt.decode(token, certs=certificates, audience="https://mine")
    assert (claims["email"], claims["email_verified"], claims["iss"]) == ("me@p.test", True, "https://accounts.google.com")


@pytest.mark.parametrize(("kind", "deliveries"), [("duplicate", 2), ("late", 1), ("lost", 0)])
def test_deliveries_go_wrong_on_request(
    served: Served, client: tasks_v2.CloudTasksClient, receiver: Receiver, kind: str, deliveries: int
) -> None:
    mischief = [{"queue": "q", "kind": kind, "times": 1, "seconds": 0.5}]
    requests.put(f"http://127.0.0.1:{served.port}/_deliveries", data=json.dumps(mischief), timeout=5).raise_for_status()
    started = time.monotonic()
    create(client, receiver.url, b"first")
    create(client, receiver.url, b"second")
    until(lambda: len(receiver.received) == deliveries + 1 and list(client.list_tasks(parent=QUEUE)) == [])
    assert sum(body == b"first" for _, _, body in receiver.received) == deliveries
    if kind == "late":
        assert receiver.received[-1][0] - started >= 0.5


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("{", "list"),
        ("{}", "list"),
        ('["late"]', "list"),
        ('[{"queue": "q", "kind": "sometimes"}]', "duplicate, late, lost"),
        ('[{"queue": "nobody\'s", "kind": "lost"}]', "one of q"),
        ('[{"queue": ["q"], "kind": "lost"}]', "one of q"),
        ('[{"kind": "lost"}, {"kind": "lost", "times": 0}]', "times"),
        ('[{"kind": "late", "seconds": "5"}]', "seconds"),
        ('[{"kind": "late", "second": 5}]', "second"),
    ],
)
def test_senseless_deliveries_are_told_so(served: Served, client: tasks_v2.CloudTasksClient, body: str, word: str) -> None:
    address = f"http://127.0.0.1:{served.port}/_deliveries"
    answer = requests.put(address, data=body, timeout=5)
    assert answer.status_code == 400
    assert word in answer.json()["error"]["message"]
    assert requests.get(address, timeout=5).json() == [{"queue": "q", "mischief": []}], "none of it is kept"


@pytest.mark.parametrize("turns", range(6))
def test_a_queue_that_waits_for_a_task_and_just_got_news_stops(turns: int) -> None:
    async def stop() -> None:
        async with aiohttp.ClientSession() as session:
            queue = CloudTasks().add_queue(QUEUE, Limits(), RetryConfig())
            now = datetime.now(UTC)
            queue.add(Task(f"{QUEUE}/tasks/later", "http://127.0.0.1:9/", "POST", {}, b"", now, due_at=now + timedelta(hours=1)))
            queue.start(session)
            await asyncio.sleep(0.01)
            queue.set_state("RUNNING")
            for _ in range(turns):
                await asyncio.sleep(0)
            async with asyncio.timeout(PATIENCE_SECONDS):
                await queue.stop()

    asyncio.run(stop())
