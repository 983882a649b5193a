"""How long one text post takes while nothing else happens."""

import time

from tests.bench.local import Local, spread

POSTS = 40


def print_latencies(local: Local) -> None:
    accepted: list[float] = []
    published: list[float] = []
    for number in range(POSTS):
        started = time.monotonic()
        submission_id = local.post(local.ready["demo"]["apiKey"], {"text": f"post {number}", "platform": "x"})
        accepted.append(time.monotonic() - started)
        local.await_end(submission_id)
        published.append(time.monotonic() - started)
    print(f"\nOne text post to X at a time on the local stack, {POSTS} posts, seconds (emulators prove semantics, not latency)")
    print(f"  answered 201  {spread(accepted)}")
    print(f"     completed  {spread(published)}")
