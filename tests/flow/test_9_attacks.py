"""What attackers did to an earlier version, on a stack of its own: none of it stops anybody else, and nothing is there twice."""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from emulator.ports import LOCATION, PROJECT_ID
from shared.documents.document import Create
from shared.tasks.task import ingest
from tests.conftest import LocalStack, start_stack, stop
from tests.fakes.films import film_with
from tests.flow.conftest import Customer, until
from tests.platforms import PHOTO

TRICKLING = 44
WITHIN_SECONDS = 10.0
STUCK = 300
HOSTILE = {
    "commas after a link": "http://a.co/" + "," * 20_000 + "a",
    "marks of falling class": "a" + "\u0315" * 20_000 + "\u0300" * 20_000,
    "a label of CJK letters": "http://" + "漢" * 6_000 + ".com",
}


@dataclass
class Attacker:
    """A server of theirs: `/film.mp4` is made to do harm, everything else sends a byte of a header now and then."""

    port: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        attacker = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                attacker.asked.append(self.path)
                if self.path == "/film.mp4":
                    content = film_with(0xFF000001)
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                    return
                with contextlib.suppress(OSError):
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Header: ")
                    while not attacker.stopping.wait(1.0):
                        self.wfile.write(b"x")
                        self.wfile.flush()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture(scope="module")
def attacker() -> Iterator[Attacker]:
    attacker = Attacker()
    server = ThreadingHTTPServer(("127.0.0.1", 0), attacker.handler())
    server.daemon_threads = True
    attacker.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield attacker
    attacker.stopping.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, attacker: Attacker) -> Iterator[LocalStack]:
    folder = tmp_path_factory.mktemp("stack")
    plans = folder / "plans"
    plans.mkdir()
    rewrite = f"https://evil.test/=http://127.0.0.1:{attacker.port}/"
    process, ready, offset = start_stack(folder, "--kill-plans", str(plans), "--sweep-every", "2", "--rewrite", rewrite)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIRESTORE_EMULATOR_HOST", ready["firestoreHost"])
        yield LocalStack(**ready, offset=offset, kill_plans=plans, log=folder / "stack.log", pid=process.pid)
    stop(process)


def somebody(stack: LocalStack, uid: str) -> Customer:
    return Customer(stack, stack.documents, uid, stack.add_user(uid, [("x", f"x_{uid}")], admin=True)["apiKey"])


def ended(log: Path) -> list[str]:
    """Functions that had to be started again."""
    return [line for line in log.read_text().splitlines() if "is started again" in line]


def test_1_a_film_that_took_twelve_gigabytes_kills_nobody(stack: LocalStack, attacker: Attacker) -> None:
    mallory, ada = somebody(stack, "mallory-1"), somebody(stack, "ada-1")
    film = mallory.accepted({"text": "film", "videoUrl": "https://evil.test/film.mp4"})
    photo = ada.accepted({"text": "photo", "imageUrls": [PHOTO]})
    assert ada.completed(photo)["runCounts"]["succeeded"] == 1
    mallory.completed(film)
    assert mallory.run(film)["error"]["code"] == "media_invalid"
    assert attacker.asked.count("/film.mp4") == 1
    assert ended(stack.log) == []


@pytest.mark.parametrize("what", HOSTILE)
def test_2_a_text_of_twenty_kilobytes_freezes_no_instance(stack: LocalStack, what: str) -> None:
    mallory = somebody(stack, f"mallory-2-{list(HOSTILE).index(what)}")
    began = time.monotonic()
    answer = mallory.post({"text": HOSTILE[what]})
    assert answer.status_code == 400, answer.text
    assert time.monotonic() - began < WITHIN_SECONDS


def test_3_addresses_that_trickle_hold_up_nobody_else(stack: LocalStack, attacker: Attacker) -> None:
    mallory = somebody(stack, "mallory-3")
    # A sixteenth of all customers share the queue, and wait with them.
    uid = next(uid for uid in (f"ada-3-{n}" for n in range(99)) if ingest("", uid).queue != ingest("", mallory.uid).queue)
    ada = somebody(stack, uid)
    for number in range(TRICKLING):
        mallory.accepted({"text": f"trickle {number}", "imageUrls": [f"https://evil.test/{number}.jpg"]})
    until(lambda: len(attacker.asked) > 3)
    began = time.monotonic()
    ada.completed(ada.accepted({"text": "photo", "imageUrls": [PHOTO]}))
    assert time.monotonic() - began < WITHIN_SECONDS
    assert len(ada.ledger()) == 1


def test_4_a_publisher_whose_clock_is_wrong_publishes_once_after_a_lost_answer(stack: LocalStack) -> None:
    ada = somebody(stack, "ada-4")
    with stack.skewed(publisher=31):
        stack.set_faults({"platform": "x", "accountId": "x_ada-4", "step": "publish", "kind": "reset_after", "times": 1})
        post = ada.accepted({"text": "once", "imageUrls": [PHOTO]})
        ada.completed(post)
    assert ada.run(post)["status"] == "succeeded"
    assert len(ada.ledger()) == 1


def test_5_three_hundred_documents_that_cannot_be_moved_starve_nobody(stack: LocalStack) -> None:
    ada, past = somebody(stack, "ada-5"), datetime.now(UTC) - timedelta(days=1)
    stuck = [Create(f"postSubmissions/stuck-{n}", {"sweepAt": past, "uid": "mallory-5"}) for n in range(STUCK)]
    stack.documents.commit(*stuck)
    prank = [{"queue": "orchestrate", "kind": "lost", "times": 1}]
    requests.put(f"{stack.tasksUrl}/_deliveries", json=prank, timeout=60).raise_for_status()
    assert ada.completed(ada.accepted({"text": "swept"}))["runCounts"]["succeeded"] == 1


def test_5_a_queue_that_takes_nothing_holds_up_no_other(stack: LocalStack) -> None:
    accounts = [("x", "x_ada-6"), ("threads", "t_ada-6")]
    ada = Customer(stack, stack.documents, "ada-6", stack.add_user("ada-6", accounts, admin=True)["apiKey"])
    queues = f"{stack.tasksUrl}/v2/projects/{PROJECT_ID}/locations/{LOCATION}/queues"
    broken = requests.get(f"{queues}/publish-threads", timeout=60).json()
    requests.delete(f"{queues}/publish-threads", timeout=60).raise_for_status()
    try:
        stuck = [ada.accepted({"text": f"stuck {number}", "platform": ["threads"]}) for number in range(3)]
        both = ada.accepted({"text": "both", "platform": ["threads", "x"]})
        # Whose only hope is the sweeper, that meets the others on its way.
        prank = [{"queue": "orchestrate", "kind": "lost", "times": 1}]
        requests.put(f"{stack.tasksUrl}/_deliveries", json=prank, timeout=60).raise_for_status()
        assert ada.completed(ada.accepted({"text": "swept"}))["runCounts"]["succeeded"] == 1
        until(lambda: (ada.run(both) or {}).get("status") == "succeeded", lambda: str(ada.run(both)))
        assert {entry["text"] for entry in ada.ledger("x_ada-6")} == {"swept", "both"}
        assert ada.ledger("t_ada-6") == []
    finally:
        requests.post(queues, json=broken, timeout=60).raise_for_status()
    for post_id in (*stuck, both):
        assert ada.completed(post_id)["runCounts"]["failed"] == 0
    runs = [ada.run(post_id, "threads") for post_id in (*stuck, both)]
    published = sorted(run["platformPostId"] for run in runs)
    assert (len(set(published)), {run["status"] for run in runs}) == (4, {"succeeded"})
    until(lambda: sorted(entry["id"] for entry in ada.ledger("t_ada-6")) == published, lambda: f"{runs} and {ada.stack.ledger()}")
