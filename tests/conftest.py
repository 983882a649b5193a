"""What tests of all folders share: the world in memory, and one real stack for whoever asks for it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import requests

from emulator.ports import Ports
from emulator.users import PASSWORD, NewUser, add_user
from shared.core.clock import SystemClock
from shared.credits.credits import grant
from shared.documents.document import Documents
from shared.gcp import firestore
from tests.fakes.world import SETTINGS, World

ROOT = Path(__file__).parents[1]
START_WITHIN_SECONDS = 150
# Suites that run side by side have ports of their own: tests/__main__.py.
OFFSETS_OF_A_LANE = 2500

# Nothing of the machine's own configuration may leak into a test.
for _name in [name for name in os.environ if name.startswith(("SOKU_", "FIRESTORE_EMULATOR_", "FIREBASE_", "STORAGE_EMULATOR_"))]:
    if _name != "FIRESTORE_EMULATOR_JAR":
        del os.environ[_name]
# What a function needs to be imported at all.
os.environ |= SETTINGS


@pytest.fixture
def world() -> World:
    return World()


@dataclass
class LocalStack:
    """A running `python -m emulator up`; the fields are its ready file's."""

    projectId: str
    apiUrl: str
    firestoreHost: str
    authHost: str
    tasksUrl: str
    storageUrl: str
    sandboxUrl: str
    demo: dict[str, str]
    offset: int
    kill_plans: Path
    log: Path
    pid: int

    def add_credits(self, uid: str, amount: int) -> None:
        grant(uid, amount, "tests", documents=self.documents, clock=SystemClock())

    def plan_kill(self, function: str, call: str, nth: int, when: str, spared: Sequence[str] = ()) -> None:
        plan = self.kill_plans / f".{function}.part"
        plan.write_text(json.dumps({"call": call, "nth": nth, "when": when, "spared": list(spared)}))
        plan.rename(self.kill_plans / function)

    @contextmanager
    def skewed(self, **seconds: float) -> Iterator[None]:
        """Meanwhile these functions' machines have clocks that are so far off."""
        files = {self.kill_plans / f"{function}.skew": str(by) for function, by in seconds.items()}
        for file, by in files.items():
            file.write_text(by)
        yield
        for file in files:
            file.unlink()

    @cached_property
    def documents(self) -> Documents:
        """The stack's database, over one connection for all who look."""
        return firestore.connect(self.projectId)

    def add_user(self, uid: str, connect: Sequence[tuple[str, str]] = (), **facts: Any) -> dict[str, str]:
        """`{uid, apiKey, idToken}`; `connect` are (platform, account id), `facts` NewUser's others."""
        return add_user(NewUser(uid, connect=tuple(connect), **facts), Ports(self.offset), self.documents)

    def signed_in(self, uid: str) -> dict[str, str]:
        """The header of requests from somebody who signed in just now."""
        address = f"http://{self.authHost}/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=local"
        body = {"email": f"{uid}@example.com", "password": PASSWORD, "returnSecureToken": True}
        return {"Authorization": f"Bearer {requests.post(address, json=body, timeout=10).json()['idToken']}"}

    def ledger(self, account_id: str | None = None) -> list[dict[str, Any]]:
        params = {"accountId": account_id} if account_id else {}
        return requests.get(f"{self.sandboxUrl}/_ledger", params=params, timeout=10).json()

    def set_faults(self, *faults: dict[str, Any]) -> None:
        answer = requests.put(f"{self.sandboxUrl}/_faults", json=list(faults), timeout=10)
        assert answer.status_code == 200, answer.text


def free_offset() -> int:
    """An offset at which all ports of a stack are free."""
    first = int(os.environ.get("TEST_PORTS_FROM", "10000"))
    for offset in range(first, first + OFFSETS_OF_A_LANE, 500):
        if all(_is_free(port) for port in Ports(offset).by_name.values()):
            return offset
    raise RuntimeError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def start_stack(folder: Path, *options: str, offset: int | None = None) -> tuple[subprocess.Popen[bytes], dict[str, Any], int]:
    """A stack that is ready, with a database of its own; the caller stops it."""
    offset = free_offset() if offset is None else offset
    ready = folder / "ready.json"
    command = [sys.executable, "-m", "emulator", "up", "--port-offset", str(offset), "--ready-file", str(ready), *options]
    # The shared stack's Firestore must not be taken for one that is already there.
    environment = {name: value for name, value in os.environ.items() if name != "FIRESTORE_EMULATOR_HOST"}
    with (folder / "stack.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    deadline = time.monotonic() + START_WITHIN_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            stop(process)
            pytest.fail(f"the stack did not start:\n{(folder / 'stack.log').read_text()}")
        time.sleep(0.1)
    return process, json.loads(ready.read_text()), offset


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """The whole system, started once; its functions can be told to die (`plan_kill`), its sweeper ticks every two seconds."""
    folder = tmp_path_factory.mktemp("stack")
    plans = folder / "plans"
    plans.mkdir()
    process, ready, offset = start_stack(folder, "--kill-plans", str(plans), "--sweep-every", "2")
    os.environ["FIRESTORE_EMULATOR_HOST"] = ready["firestoreHost"]
    try:
        yield LocalStack(**ready, offset=offset, kill_plans=plans, log=folder / "stack.log", pid=process.pid)
    finally:
        stop(process)
        del os.environ["FIRESTORE_EMULATOR_HOST"]
