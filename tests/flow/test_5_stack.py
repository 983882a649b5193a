"""The local stack as a person meets it: starting, stopping, going wrong, two at once, and keeping its data."""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from emulator.engines import find_firestore_jar
from emulator.process import Failed
from functions.targets import TARGETS
from tests.conftest import ROOT, LocalStack, free_offset, start_stack, stop

PATIENCE_SECONDS = 60
# A picture that no sample is.
JPEG = (ROOT / "emulator" / "sandbox" / "media" / "photo.jpg").read_bytes() + b"mine"


def run(*arguments: str, path: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m emulator …`, to its end."""
    env = {**os.environ, **environment} | ({"PATH": path} if path is not None else {})
    command = [sys.executable, "-m", "emulator", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)


def children_of(pid: int) -> set[int]:
    """Every process below `pid`."""
    below: set[int] = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid:
            child = int(status.parent.name)
            below |= {child} | children_of(child)
    return below


def gone(pids: set[int]) -> bool:
    return not any((Path("/proc") / str(pid)).exists() for pid in pids)


def until(check: Any) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_taken_port_is_one_sentence(stack: LocalStack) -> None:
    ended = run("up", "--port-offset", str(stack.offset))
    assert ended.returncode == 1
    assert "--port-offset" in ended.stderr.splitlines()[-1]
    assert "is taken by process " in ended.stderr
    assert "Traceback" not in ended.stderr


def test_ready_says_that_everything_answers(stack: LocalStack) -> None:
    answer = requests.get(f"{stack.apiUrl}/ready", timeout=30)
    checks = {"database": "ok", "queue": "ok", "storage": "ok"}
    assert (answer.status_code, answer.json()["status"], answer.json()["checks"]) == (200, "ready", checks)


def test_the_sandboxs_address_says_what_is_there(stack: LocalStack) -> None:
    page = requests.get(f"{stack.sandboxUrl}/", timeout=30)
    assert page.headers["Content-Type"].startswith("text/html")
    for words in ("Sandbox platforms", "/_ledger", "/_faults", "/_connect", "api.x.com"):
        assert words in page.text, words
    assert requests.get(f"{stack.sandboxUrl}/_ledger?platfrom=x", timeout=30).status_code == 400


def test_the_ready_file_of_an_earlier_stack_is_gone_while_a_new_one_starts(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    ready.write_text('{"apiUrl": "http://127.0.0.1:1"}')
    command = [sys.executable, "-m", "emulator", "up", "--port-offset", str(free_offset()), "--ready-file", str(ready)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: not ready.exists())
        assert process.poll() is None
    finally:
        stop(process)
    assert not ready.exists()


def test_an_engine_that_is_killed_ends_the_stack_with_its_name(tmp_path: Path) -> None:
    process, _, _ = start_stack(tmp_path)
    below = children_of(process.pid)
    try:
        [engine] = [pid for pid in below if b"emulator.storage" in (Path("/proc") / str(pid) / "cmdline").read_bytes()]
        os.kill(engine, signal.SIGKILL)
        assert process.wait(PATIENCE_SECONDS) == 1
    finally:
        stop(process)
    assert "soku: Storage ended (killed by SIGKILL)" in (tmp_path / "stack.log").read_text().splitlines()[-1]
    assert not (tmp_path / "ready.json").exists()
    until(lambda: gone(below))


def test_a_stack_that_is_killed_takes_its_programs_along(tmp_path: Path) -> None:
    process, _, _ = start_stack(tmp_path)
    below = children_of(process.pid)
    assert len(below) > 8
    process.kill()
    process.wait()
    until(lambda: gone(below))


def test_each_function_has_the_time_that_it_has_when_deployed(stack: LocalStack) -> None:
    found: dict[str, str] = {}
    for pid in children_of(stack.pid):
        arguments = (Path("/proc") / str(pid) / "cmdline").read_text().split("\0")
        if "--target" in arguments:
            variables = dict(line.partition("=")[::2] for line in (Path("/proc") / str(pid) / "environ").read_text().split("\0"))
            assert variables["THREADED_TIMEOUT_ENABLED"] == "true"
            found[arguments[arguments.index("--target") + 1]] = variables["CLOUD_RUN_TIMEOUT_SECONDS"]
    assert found == {target.name: str(target.timeout_seconds) for target in TARGETS}


def test_connections_stay_open_as_every_answer_says(stack: LocalStack) -> None:
    headers = {"soku-api-key": stack.demo["apiKey"]}
    with requests.Session() as session:
        answers = [session.get(f"{stack.apiUrl}/v1/me", headers=headers, timeout=10) for _ in range(40)]
    assert {(answer.status_code, answer.headers["Connection"]) for answer in answers} == {(200, "keep-alive")}


def test_a_request_that_outlives_its_time_is_ended(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        "import time\n"
        "def slow(request):\n"
        "    if 'quick' in request.args:\n"
        "        return 'done'\n"
        "    try:\n"
        "        for _ in range(200):\n"
        "            time.sleep(0.05)\n"
        "    finally:\n"
        f"        open({str(tmp_path / 'ended')!r}, 'w').close()\n"
        "    return 'done'\n"
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "functions_framework", "--target", "slow", "--source", str(tmp_path / "main.py")]
    variables = {"THREADS": "4", "CLOUD_RUN_TIMEOUT_SECONDS": "1", "THREADED_TIMEOUT_ENABLED": "true"}
    process = subprocess.Popen([*command, "--host", "127.0.0.1", "--port", str(port)], env={**os.environ, **variables})
    try:
        until(lambda: _answers(f"http://127.0.0.1:{port}/?quick"))
        with pytest.raises(requests.RequestException):
            requests.get(f"http://127.0.0.1:{port}/", timeout=8).raise_for_status()
        assert (tmp_path / "ended").exists()
    finally:
        stop(process)


@pytest.mark.parametrize(("missing", "word"), [("java", "java is needed"), ("node", "node is needed")])
def test_a_missing_program_is_one_sentence(tmp_path: Path, missing: str, word: str) -> None:
    for name in ({"java", "node"} - {missing}) | {"env"}:
        (tmp_path / name).symlink_to(subprocess.check_output(["which", name], text=True).strip())
    ended = run(
        "up", "--port-offset", str(free_offset()), path=str(tmp_path), FIRESTORE_EMULATOR_JAR=str(find_firestore_jar(print))
    )
    assert ended.returncode == 1
    assert word in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_missing_jar_is_one_sentence() -> None:
    ended = run("up", "--port-offset", str(free_offset()), FIRESTORE_EMULATOR_JAR="/nowhere/emulator.jar")
    assert (ended.returncode, "Traceback" in ended.stderr) == (1, False)
    assert "FIRESTORE_EMULATOR_JAR" in ended.stderr


def test_a_named_jar_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jar = tmp_path / "mine.jar"
    jar.touch()
    monkeypatch.setenv("FIRESTORE_EMULATOR_JAR", str(jar))
    assert find_firestore_jar(print) == jar
    jar.unlink()
    with pytest.raises(Failed):
        find_firestore_jar(print)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("user", "add", "--connect", "nonsense"), "PLATFORM:ACCOUNT"),
        (("user", "add", "--port-offset", "47000"), "make up"),
        (("nonsense",), "invalid choice"),
        (("up", "--port-offset", "70000"), "0 to 56035"),
        (("up", "--port-offset=-5"), "0 to 56035"),
        (("up", "--data", "/etc/passwd"), "cannot hold the data"),
        (("up", "--ready-file", "/nonexistent/ready.json"), "no folder"),
        (("up", "--functions-root", "/nonexistent"), "no folder"),
        (("user", "add", "--uid", "a/b"), "not a uid"),
        (("up", "--rewrite", "https://files.test/"), "PREFIX=URL"),
        (("up", "--rewrite", "https://files.test/=file:///etc/"), "PREFIX=URL"),
        (("up", "--rewrite", "https://files.test/,x=http://127.0.0.1:1/"), "PREFIX=URL"),
    ],
)
def test_senseless_commands_are_told_so(arguments: tuple[str, ...], word: str) -> None:
    ended = run(*arguments)
    assert ended.returncode != 0
    assert word in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_platform_without_a_sandbox_is_named(stack: LocalStack) -> None:
    ended = run("user", "add", "--port-offset", str(stack.offset), "--connect", "myspace:me")
    assert ended.returncode == 1
    assert "myspace" in ended.stderr


@pytest.mark.parametrize(("subscription", "status"), [("active", 201), ("trialing", 201), ("expired", 403), ("none", 403)])
def test_users_of_every_kind(stack: LocalStack, subscription: str, status: int) -> None:
    account = f"x:kind_{subscription}"
    wanted = ("--subscription", subscription, "--credits", "5", "--admin", "--connect", account)
    added = run("user", "add", "--port-offset", str(stack.offset), *wanted)
    assert added.returncode == 0, added.stderr
    user = json.loads(added.stdout)
    assert set(user) == {"uid", "apiKey", "idToken", "email"}
    post = {"post": {"content": {"text": "who am I", "platform": "x"}}}
    answer = requests.post(f"{stack.apiUrl}/v1/posts", json=post, headers={"soku-api-key": user["apiKey"]}, timeout=30)
    assert answer.status_code == status


def test_who_signed_up_by_other_means_gets_what_is_named_and_keeps_the_rest(stack: LocalStack) -> None:
    signing_up = f"http://{stack.authHost}/identitytoolkit.googleapis.com/v1/accounts:signUp?key=local"
    email = "grace@elsewhere.example"
    uid = requests.post(signing_up, json={"email": email, "password": "her own"}, timeout=10).json()["localId"]

    def added(*named: str) -> dict[str, str]:
        ended = run("user", "add", "--port-offset", str(stack.offset), "--uid", uid, *named)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def post(user: dict[str, str]) -> requests.Response:
        body = {"post": {"content": {"text": "by other means", "platform": "x"}}}
        return requests.post(f"{stack.apiUrl}/v1/posts", json=body, headers={"soku-api-key": user["apiKey"]}, timeout=30)

    first = added("--connect", f"x:{uid}")
    assert (first["uid"], first["email"], post(first).status_code) == (uid, email, 201)
    assert post(added("--subscription", "expired")).status_code == 403
    assert post(added("--admin")).status_code == 403, "what is not named stays"
    signing_in = f"http://{stack.authHost}/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=local"
    assert requests.post(signing_in, json={"email": email, "password": "her own"}, timeout=10).status_code == 200


def test_a_killed_function_is_started_again(stack: LocalStack) -> None:
    port = 5001 + stack.offset
    masters = [pid for pid in children_of(stack.pid) if f"--port\0{port}\0" in _command(pid)]
    for pid in masters:
        os.kill(pid, signal.SIGKILL)
    until(lambda: gone(set(masters)))
    # A worker that its master left behind may answer for a moment yet.
    until(lambda: "api ended (killed by SIGKILL) and is started again; its last line: " in stack.log.read_text())
    until(lambda: _answers(f"{stack.apiUrl}/health"))


def _command(pid: int) -> str:
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.RequestException:
        return False


def test_a_second_stack_beside_the_first_keeps_its_data_between_runs(stack: LocalStack, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with own_files({"mine.jpg": JPEG}) as server:
        _keeps_apart(stack, tmp_path, data, server)


def _keeps_apart(stack: LocalStack, tmp_path: Path, data: Path, server: str) -> None:
    process, ready, offset = start_stack(tmp_path, "--data", str(data), "--rewrite", f"https://files.mine.test/={server}/")
    below = children_of(process.pid)
    try:
        pictured = _post(ready, text="a file of one's own", imageUrls=["https://files.mine.test/mine.jpg"])
        assert pictured.status_code == 201
        until(lambda: _digests(ready) == [f"sha256:{hashlib.sha256(JPEG).hexdigest()}"])
        assert _answers(f"{ready['apiUrl']}/health")
        assert _answers(f"{stack.apiUrl}/health")
        before = _post(ready)
        assert before.status_code == 201
        assert "kept" not in [entry["text"] for entry in stack.ledger("x_demo")], "the stacks share nothing"
    finally:
        stop(process)
    until(lambda: gone(below))
    process, again, _ = start_stack(tmp_path, "--data", str(data), offset=offset)
    below = children_of(process.pid)
    try:
        ledger = requests.get(f"{again['sandboxUrl']}/_ledger", timeout=10).json()
        assert "a file of one's own" in [entry["text"] for entry in ledger], "the platforms remember"
        answer = _post(ready)
        assert (answer.status_code, answer.json()) == (201, before.json()), "the old key and the old post are still known"
        assert again["demo"]["uid"] == ready["demo"]["uid"]
        # The second Ctrl-C does not wait for anything.
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        process.wait(20)
    finally:
        stop(process)
    until(lambda: gone(below))


@contextmanager
def own_files(files: dict[str, bytes]) -> Iterator[str]:
    """A server of a developer's own, on a port of its own."""

    class Served(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = files.get(self.path.removeprefix("/"))
            self.send_response(200 if content else 404)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Served) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def _digests(ready: dict[str, Any]) -> list[str]:
    entries = requests.get(f"{ready['sandboxUrl']}/_ledger", timeout=10).json()
    return [digest for entry in entries if "one's own" in entry["text"] for digest in entry["media"]]


def _post(ready: dict[str, Any], *, text: str = "kept", platform: str | list[str] = "x", **more: Any) -> requests.Response:
    body = {"post": {"content": {"text": text, "platform": platform, **more}}}
    return requests.post(f"{ready['apiUrl']}/v1/posts", json=body, headers={"soku-api-key": ready["demo"]["apiKey"]}, timeout=30)


def test_a_busy_stack_whose_terminal_is_closed_stops_without_complaint(tmp_path: Path) -> None:
    process, ready, _ = start_stack(tmp_path)
    below = children_of(process.pid)
    try:
        with ThreadPoolExecutor(12) as clients:
            everywhere = ["facebook", "linkedin", "threads", "x"]
            answers = list(clients.map(lambda i: _post(ready, text=f"busy {i}", platform=everywhere), range(24)))
        assert [answer.text for answer in answers if answer.status_code != 201] == []
        process.send_signal(signal.SIGHUP)
        process.wait(PATIENCE_SECONDS)
    finally:
        stop(process)
    assert (tmp_path / "stack.log").read_text().partition("stopping …\n")[2] == "everything is stopped\n"
    until(lambda: gone(below))


def test_an_interrupted_start_leaves_nothing_behind(tmp_path: Path) -> None:
    offset = free_offset()
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", "up", "--port-offset", str(offset)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    until(lambda: len(children_of(process.pid)) >= 3)
    below = children_of(process.pid)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert b"Traceback" not in errors
    until(lambda: gone(below))
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 8080 + offset))


def test_a_demo_that_is_interrupted_on_the_way_ends_at_once(tmp_path: Path) -> None:
    told = tmp_path / "demo.out"
    command = [sys.executable, "-m", "emulator", "demo", "--port-offset", str(free_offset())]
    with told.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out)
    try:
        until(lambda: "now watching" in told.read_text() or process.poll() is not None)
        below = children_of(process.pid)
        process.send_signal(signal.SIGINT)
        process.wait(30)
    finally:
        stop(process)
    assert told.read_text().endswith("everything is stopped\n"), told.read_text()
    assert "Traceback" not in told.read_text()
    until(lambda: gone(below))


@pytest.fixture(autouse=True)
def _no_firestore_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shared stack's Firestore must not be taken for one that is already there."""
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
