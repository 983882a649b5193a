"""A user's windows hold across processes, on the real database: a thousand requests at once get what one window admits."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from emulator.environment import function_variables
from emulator.ports import Ports
from tests.conftest import ROOT, LocalStack

PROCESSES, THREADS, REQUESTS = 4, 25, 10
# The API, whole but for its web server, in one standing minute. Prints how often it answered what, and of which window.
WORKER = """
import json, sys, time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from functions.api import wiring
from functions.api.app import create_app
from functions.api.request.limits import Limiter
from tests.fakes.clock import StandingClock
key, start, threads, requests = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
ports = wiring.ports()
app = create_app(replace(ports, limiter=Limiter.of(wiring.SETTINGS, ports.documents, StandingClock())))
print("ready", flush=True)
while not start.exists():
    time.sleep(0.001)
def ask(_):
    client = app.test_client()
    answers = [client.post("/v1/posts", json={}, headers={"soku-api-key": key}) for _ in range(requests)]
    return [f"{answer.status_code} {answer.headers['X-RateLimit-Limit']}" for answer in answers]
with ThreadPoolExecutor(threads) as pool:
    print(json.dumps(Counter(one for answers in pool.map(ask, range(threads)) for one in answers)))
"""


def test_a_thousand_requests_over_four_processes_get_exactly_what_the_windows_admit(stack: LocalStack, tmp_path: Path) -> None:
    key, start = stack.add_user("hurried")["apiKey"], tmp_path / "start"
    environment = {**os.environ, **function_variables(Ports(stack.offset), stack.firestoreHost)}
    command = [sys.executable, "-c", WORKER, key, str(start), str(THREADS), str(REQUESTS)]
    workers = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for _ in range(PROCESSES)
    ]
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        start.touch()
        answers = Counter[str]()
        for worker in workers:
            told, _ = worker.communicate(timeout=120)
            answers += Counter(json.loads(told))
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    assert answers.total() == PROCESSES * THREADS * REQUESTS == 1000
    # Past the tier 200: thirty of them are judged (and are no post), the rest meets the endpoint's window.
    refused_by_the_tier = answers["429 100"]
    judged = answers["400 30"] + answers["400 100"]
    assert (refused_by_the_tier, answers["429 30"], judged) == (800, 170, 30)
