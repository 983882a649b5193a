"""A real local stack to measure, and what one does with it."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from emulator.ports import Ports
from emulator.users import NewUser, add_user
from shared.core.platforms import PLATFORMS
from shared.documents.document import Documents
from shared.gcp import firestore
from tests.conftest import start_stack, stop


@dataclass(frozen=True)
class Local:
    """`ready` is the stack's ready file."""

    ready: dict[str, Any]
    offset: int
    pid: int
    documents: Documents

    def add_user(self, uid: str) -> str:
        """With an account on every platform, called `{platform}_{uid}`; the API key."""
        connected = tuple((platform, f"{platform}_{uid}") for platform in PLATFORMS)
        return add_user(NewUser(uid, connect=connected, admin=True), Ports(self.offset), self.documents)["apiKey"]

    def post(self, key: str, content: dict[str, Any], **more: Any) -> str:
        """The submission's id."""
        body = {"post": {"content": content}, **more}
        answer = requests.post(f"{self.ready['apiUrl']}/v1/posts", json=body, headers={"soku-api-key": key}, timeout=60)
        answer.raise_for_status()
        return answer.json()["postSubmissionId"]

    def await_end(self, submission_id: str, *, within_seconds: float = 600.0, look_every_seconds: float = 0.01) -> Any:
        """The submission's fields, once every run of it ended."""
        deadline = time.monotonic() + within_seconds
        while time.monotonic() < deadline:
            [document] = self.documents.get(f"postSubmissions/{submission_id}")
            if document is not None and document.fields.get("completedAt") is not None:
                return document.fields
            time.sleep(look_every_seconds)
        raise TimeoutError(f"postSubmissions/{submission_id} did not end within {within_seconds:.0f} s")

    def ledger(self) -> list[dict[str, Any]]:
        return requests.get(f"{self.ready['sandboxUrl']}/_ledger", timeout=60).json()


@contextmanager
def local_stack() -> Iterator[Local]:
    with tempfile.TemporaryDirectory() as folder:
        process, ready, offset = start_stack(Path(folder))
        os.environ["FIRESTORE_EMULATOR_HOST"] = ready["firestoreHost"]
        try:
            yield Local(ready, offset, process.pid, firestore.connect(ready["projectId"]))
        finally:
            stop(process)
            del os.environ["FIRESTORE_EMULATOR_HOST"]


def spread(values: list[float]) -> str:
    """Seconds, as `median … p95 … max …`."""
    ordered = sorted(values)
    p95 = ordered[max(0, int(len(ordered) * 0.95) - 1)]
    return f"median {ordered[len(ordered) // 2]:7.3f}   p95 {p95:7.3f}   max {ordered[-1]:7.3f}"
