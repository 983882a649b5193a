"""python -m tests.bench: the table of costs against their budgets, then latencies on a real local stack."""

import statistics
import tempfile
import time
from pathlib import Path

import requests

from shared.documents.document import Documents
from shared.gcp import firestore
from tests.bench.costs import costs_of_a_text_post
from tests.conftest import start_stack, stop

POSTS = 40


def print_costs() -> None:
    print("A text post to N accounts, from request to settled: counted / allowed")
    print(f"{'N':>3} {'RPCs of the request':>20} {'document reads':>16} {'writes':>12} {'invocations':>12}")
    for accounts in (1, 3, 8):
        costs = costs_of_a_text_post(accounts)
        budget = costs.budget
        pairs = [f"{getattr(costs, name)} / {getattr(budget, name)}" for name in ("request_rpcs", "reads", "writes", "invocations")]
        print(f"{accounts:>3} {pairs[0]:>20} {pairs[1]:>16} {pairs[2]:>12} {pairs[3]:>12}")


def print_latencies() -> None:
    with tempfile.TemporaryDirectory() as folder:
        process, ready, _ = start_stack(Path(folder))
        try:
            documents = _connect(ready)
            accepted: list[float] = []
            published: list[float] = []
            for number in range(POSTS):
                started = time.monotonic()
                submission_id = _post(ready, f"post {number}")
                accepted.append(time.monotonic() - started)
                while not _completed(documents, submission_id):
                    time.sleep(0.01)
                published.append(time.monotonic() - started)
        finally:
            stop(process)
    print(f"\nOne text post to X at a time on the local stack, {POSTS} posts, seconds (emulators prove semantics, not latency)")
    for name, values in (("answered 201", accepted), ("completed", published)):
        ordered = sorted(values)
        p95 = ordered[int(len(ordered) * 0.95) - 1]
        print(f"{name:>14}  median {statistics.median(values):.3f}   p95 {p95:.3f}   max {ordered[-1]:.3f}")


def _connect(ready: dict[str, str]) -> Documents:
    import os

    os.environ["FIRESTORE_EMULATOR_HOST"] = ready["firestoreHost"]
    return firestore.connect(ready["projectId"])


def _post(ready: dict[str, dict[str, str]], text: str) -> str:
    body = {"post": {"content": {"text": text, "platform": "x"}}}
    headers = {"soku-api-key": ready["demo"]["apiKey"]}
    answer = requests.post(f"{ready['apiUrl']}/v1/posts", json=body, headers=headers, timeout=60)
    answer.raise_for_status()
    return answer.json()["postSubmissionId"]


def _completed(documents: Documents, submission_id: str) -> bool:
    [document] = documents.get(f"postSubmissions/{submission_id}")
    return document is not None and document.fields.get("completedAt") is not None


if __name__ == "__main__":
    print_costs()
    print_latencies()
