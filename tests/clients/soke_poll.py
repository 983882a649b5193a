"""Starts an analysis of a competitor, polls until it is over, prints the result. Arguments: base address, key, channel."""

import json
import sys
import time

import requests


def main(base: str, key: str, channel: str) -> None:
    headers = {"X-Soke-Key": key}
    begun = requests.post(
        f"{base}/competitor/analyze", headers=headers, json={"channelUrl": channel, "platform": "youtube"}, timeout=60
    )
    job_id = begun.json()["data"]["jobId"]
    for _ in range(60):
        told = requests.get(f"{base}/jobs/{job_id}", headers=headers, timeout=60).json()["data"]
        if told["status"] == "completed":
            print(json.dumps(told["result"]))
            return
        if told["status"] == "failed":
            raise SystemExit(told.get("error", {}).get("message", "failed"))
        time.sleep(3)
    raise SystemExit("timed out")


main(*sys.argv[1:])
