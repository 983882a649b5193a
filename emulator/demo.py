"""The main job, start to finish: one person, one key, one post on its way to eight platforms, and the same request again."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import requests
from google.cloud import firestore

from emulator.ports import PROJECT_ID, Ports, url
from emulator.process import Failed
from emulator.users import DEMO_USER, add_user, connect_documents
from shared.core.platforms import PLATFORMS

PATIENCE_SECONDS = 60.0
POST = {
    "post": {
        "content": {
            "text": "Published once, whatever happens. #soku",
            "videoUrl": "https://example.com/vertical.mp4",
            "platform": list(PLATFORMS),
        }
    }
}


def run_demo(ports: Ports, firestore_host: str, interrupted: threading.Event) -> None:
    """Raises Failed if anything is not as promised, or if it is interrupted."""
    user = add_user(DEMO_USER, ports, connect_documents(ports, firestore_host))
    _say(f"signed up {user['uid']}, connected an account on each platform (sandboxes), created the API key {user['apiKey'][:16]}…")
    _say(f"POST {url(ports.api)}/api/v1/posts\n    {json.dumps(POST)}")
    first = _post(ports, user["apiKey"])
    submission_id = first.json()["postSubmissionId"]
    _say(f"{first.status_code} {first.json()}; now watching postSubmissions/{submission_id}, as the web app would")
    runs = _watch(submission_id, interrupted)
    for run_id, run in sorted(runs.items()):
        _say(f"{run_id:<10} {run['status']:<10} {run.get('platformPostUrl') or run.get('error')}")
    again = _post(ports, user["apiKey"])
    _say(
        f"the same request again: {again.status_code} {again.json()}, "
        f"Idempotency-Replayed: {again.headers.get('Idempotency-Replayed')}"
    )
    ledger = requests.get(f"{url(ports.sandbox)}/_ledger", timeout=10).json()
    _say(f"the platforms accepted {len(ledger)} posts in all, one each: {', '.join(sorted(e['platform'] for e in ledger))}")
    if again.json() != first.json() or len(ledger) != len(PLATFORMS) or any(run["status"] != "succeeded" for run in runs.values()):
        raise Failed("the demo did not end as it should: please report this with the lines above")


def _post(ports: Ports, api_key: str) -> requests.Response:
    answer = requests.post(f"{url(ports.api)}/api/v1/posts", json=POST, headers={"soku-api-key": api_key}, timeout=30)
    if answer.status_code != 201:
        raise Failed(f"POST /v1/posts answered {answer.status_code}: {answer.text}")
    return answer


def _watch(submission_id: str, interrupted: threading.Event) -> dict[str, dict[str, Any]]:
    """Print every change of the submission and its runs as it happens, until all runs ended; the runs' last state."""
    client = firestore.Client(project=PROJECT_ID)
    submission = client.document(f"postSubmissions/{submission_id}")
    runs: dict[str, dict[str, Any]] = {}
    seen: dict[str, str] = {}
    done = threading.Event()

    def show(name: str, status: str) -> None:
        if seen.get(name) != status:
            seen[name] = status
            _say(f"    {name:<14} {status}")

    def submission_changed(documents: list[Any], _changes: Any, _at: Any) -> None:
        for document in documents:
            show("submission", document.get("status"))
            if document.to_dict().get("completedAt"):
                done.set()

    def runs_changed(documents: list[Any], _changes: Any, _at: Any) -> None:
        for document in documents:
            runs[document.id] = document.to_dict()
            show(f"run {document.id}", document.get("status"))

    watches = [submission.on_snapshot(submission_changed), submission.collection("runs").on_snapshot(runs_changed)]
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not done.wait(0.1):
            if interrupted.is_set():
                raise Failed("interrupted")
            if time.monotonic() > deadline:
                raise Failed(f"the post was not published within {PATIENCE_SECONDS:.0f} s: {seen}")
        _until(lambda: bool(runs) and all(run["status"] in ("succeeded", "failed") for run in runs.values()))
    finally:
        for watch in watches:
            watch.unsubscribe()
    return runs


def _until(condition: Callable[[], bool]) -> None:
    """The two listeners are not in step: give the later one a moment."""
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)


def _say(line: str) -> None:
    print(line, flush=True)
