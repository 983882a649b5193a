"""The customer's web app as tests drive it: Google's web SDK in Node or in Chrome, asked line by line what it may see."""

import json
import os
import queue
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from emulator.users import PASSWORD
from tests.conftest import ROOT, LocalStack

HERE = Path(__file__).parent
ANSWER_WITHIN_SECONDS = 180.0
STOP_WITHIN_SECONDS = 30.0
SIGNED_OUT = "signed out"
REFUSED = "permission-denied"

Kind = Literal["get", "list", "listGroup", "count", "listenDocument", "listenUntilDone", "listen"]
WriteKind = Literal["set", "merge", "update", "delete", "add", "transact"]
# The code of the refusal, or the fields of the documents found by their ids.
Outcome = str | dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Attempt:
    kind: Kind | WriteKind
    path: str
    # (field, operator, value): what a list is filtered by.
    where: tuple[tuple[str, str, Any], ...] = ()
    # What a write writes.
    fields: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        return " ".join([self.kind, self.path, *(f"{name} {operator} {value}" for name, operator, value in self.where)])

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "path": self.path, "where": self.where, "fields": dict(self.fields)}


class WebApp:
    """One driver process for all tests of a session, one signed-in SDK client per user in it."""

    def __init__(self, where: str, stack: LocalStack, folder: Path) -> None:
        self._stack = stack
        self._clients: set[str] = set()
        self._answers: queue.Queue[str | None] = queue.Queue()
        self._stderr = folder / "stderr.log"
        with self._stderr.open("wb") as stderr:
            self._process = subprocess.Popen(
                ["node", str(HERE / f"in_{where}.mjs")],
                cwd=ROOT,
                # Whatever a driver unpacks or a browser keeps goes away with the folder.
                env=os.environ | {"TMPDIR": str(folder)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                # A Ctrl-C is for the tests: they stop the driver, which closes its browser.
                start_new_session=True,
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        # A driver that ends by itself has closed its browser; a browser that lost its driver ends too.
        try:
            self._process.stdin.close()
            self._process.wait(STOP_WITHIN_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._reader.join(STOP_WITHIN_SECONDS)
        self._process.stdout.close()

    def tries(self, uid: str, attempts: list[Attempt]) -> dict[Attempt, Outcome]:
        """What becomes of the attempts of the user `uid`, or of somebody `SIGNED_OUT`."""
        given = [attempt.to_json() for attempt in attempts]
        outcomes = self._call("tries", name=self._client(uid), attempts=given)
        return dict(zip(attempts, outcomes, strict=True))

    def watch(self, uid: str) -> None:
        """Listens to the posts of `uid` and their runs from now on."""
        self._call("watch", name=self._client(uid))

    def watched(self, uid: str) -> dict[str, Any]:
        return self._call("watched", name=self._client(uid))

    def _client(self, uid: str) -> str:
        if uid not in self._clients:
            signed_in = {} if uid == SIGNED_OUT else {"email": f"{uid.lower()}@example.com", "password": PASSWORD}
            stack = self._stack
            local = {"projectId": stack.projectId, "authUrl": f"http://{stack.authHost}", "firestoreHost": stack.firestoreHost}
            opened = self._call("open", name=uid, **local, **signed_in)
            assert opened == (None if uid == SIGNED_OUT else uid)
            self._clients.add(uid)
        return uid

    def _call(self, check: str, **given: Any) -> Any:
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps({"check": check, "input": given}) + "\n")
            self._process.stdin.flush()
            line = self._answers.get(timeout=ANSWER_WITHIN_SECONDS)
        except (BrokenPipeError, queue.Empty) as error:
            line, why = None, repr(error)
        else:
            why = "its stdout ended"
        assert line is not None, f"the driver did not answer {check} ({why}):\n{self._stderr.read_text()}"
        answer = json.loads(line)
        assert "error" not in answer, f"{check}: {answer['error']}\n{self._stderr.read_text()}"
        return answer.get("result")

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put(None)


def unless(outcomes: dict[Attempt, Outcome], expected: Outcome) -> dict[str, Outcome]:
    """The attempts that came out otherwise, readable when an assertion fails."""
    return {str(attempt): outcome for attempt, outcome in outcomes.items() if outcome != expected}
