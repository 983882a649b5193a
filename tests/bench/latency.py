"""How long one post takes while nothing else happens: a text, and a photo that is named by its address."""

import time
from typing import Any

from tests.bench.local import Local, spread

POSTS = 40


PHOTO = "https://example.com/photo.png"


def print_latencies(local: Local) -> None:
    print(f"\nOne post to X at a time on the local stack, {POSTS} posts each, seconds (emulators prove semantics, not latency)")
    _print_latency(local, "a text", {})
    _print_latency(local, "a photo by its address", {"imageUrls": [PHOTO]})


def _print_latency(local: Local, what: str, files: dict[str, Any]) -> None:
    accepted: list[float] = []
    published: list[float] = []
    for number in range(POSTS):
        started = time.monotonic()
        content = {"text": f"post {number}, {what}", "platform": "x", **files}
        submission_id = local.post(local.ready["demo"]["apiKey"], content)
        accepted.append(time.monotonic() - started)
        local.await_end(submission_id)
        published.append(time.monotonic() - started)
    print(f"  {what}")
    print(f"    answered 201  {spread(accepted)}")
    print(f"       completed  {spread(published)}")
