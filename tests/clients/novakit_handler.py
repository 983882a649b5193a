"""Submits a generation with ?async=true, polls with ?poll=true, prints the progress it saw and the address of what was made; then
cancels another one. Arguments: base address, key."""

import json
import sys
import time
from typing import Any

import requests


class Handler:
    def __init__(self, base: str, key: str) -> None:
        self.base = base
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def submit(self, endpoint: str, data: dict[str, Any]) -> str:
        answer = requests.post(f"{self.base}/{endpoint}?async=true", headers=self.headers, json=data, timeout=60)
        answer.raise_for_status()
        return answer.json()["id"]

    def poll(self, job_id: str, timeout: float = 300) -> tuple[dict[str, Any], list[int]]:
        began, seen = time.time(), []
        while time.time() - began < timeout:
            answer = requests.get(f"{self.base}/jobs/{job_id}?poll=true", headers=self.headers, timeout=60)
            answer.raise_for_status()
            told = answer.json()
            seen.append(told.get("progress", 0))
            if told["status"] == "completed":
                return told, seen
            if told["status"] in ("failed", "cancelled"):
                raise SystemExit(f"{told['status']}: {told.get('errorMessage')}")
        raise SystemExit("timed out")

    def cancel(self, job_id: str) -> bool:
        return requests.delete(f"{self.base}/jobs/{job_id}", headers=self.headers, timeout=60).json().get("success", False)


def main(base: str, key: str) -> None:
    handler = Handler(base, key)
    done, seen = handler.poll(handler.submit("videos/generations", {"prompt": "A sunset", "duration_seconds": 5}))
    cancelled = handler.cancel(handler.submit("music/generations", {"prompt": "A waltz"}))
    print(json.dumps({"url": done["outputData"]["video"]["url"], "progress": seen, "cancelled": cancelled}))


main(*sys.argv[1:])
