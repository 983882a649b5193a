"""Connecting accounts as a person does it: in a browser, through each platform's consent page, and back."""

import json
import os
import subprocess
from pathlib import Path

import requests

from shared.core.platforms import PLATFORMS
from tests.conftest import ROOT
from tests.flow.conftest import Customer

PATIENCE_SECONDS = 300


def in_chrome(customer: Customer, folder: Path, unwanted: str, *wishes: str) -> list[list[str]]:
    command = ["node", str(ROOT / "tests/flow/in_chrome.mjs"), f"{customer.stack.sandboxUrl}/_connect"]
    ended = subprocess.run(
        [*command, f"{customer.uid}@example.com", unwanted, *wishes],
        env=os.environ | {"TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_a_person_connects_every_platform_and_posts_with_what_came_of_it(customer: Customer, tmp_path: Path) -> None:
    wishes = [f"{label}=mine_on_{platform}" for platform, label in PLATFORMS.items()]
    *connected, listed, narrow, disconnected = in_chrome(customer, tmp_path, customer.account("x"), "X=not_mine!", *wishes)
    declined, *allowed = connected
    assert "not connected" in declined[1]
    assert [said.startswith("Connected: ") for _, said in allowed] == [True] * len(PLATFORMS), allowed
    assert "token until" in listed[1]
    assert narrow[1] == "360 px", "nothing is cut off, or has to be moved to be seen"
    assert customer.account("x") in disconnected[1]
    headers = customer.stack.signed_in(customer.uid)
    accounts = requests.get(f"{customer.stack.apiUrl}/v1/integrations", headers=headers, timeout=30).json()["accounts"]
    assert customer.account("x") not in {account["accountId"] for account in accounts}
    new = {a["platform"]: a["accountId"] for a in accounts if a["accountId"] != customer.account(a["platform"])}
    assert set(new) == set(PLATFORMS), accounts
    targets = [{"platform": platform, "accountId": account} for platform, account in new.items()]
    submission_id = customer.accepted({"text": "connected", "videoUrl": "https://example.com/vertical.mp4", "platform": targets})
    customer.completed(submission_id)
    for platform in PLATFORMS:
        run = customer.run(submission_id, platform)
        assert run["status"] == "succeeded", run
