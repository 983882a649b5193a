"""Programs of the four dialects' users, in Python, JavaScript and bash, against the real stack and its sandboxes of engines."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conftest import ROOT, LocalStack
from tests.flow.conftest import Customer, until

CLIENTS = ROOT / "tests" / "clients"
MINT, WALLET = "So11111111111111111111111111111111111111112", "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"
FILM = "https://example.com/vertical.mp4"
PROGRAMS = {".py": sys.executable, ".mjs": "node", ".sh": "bash"}


@pytest.fixture
def rich(stack: LocalStack, customer: Customer) -> Customer:
    stack.add_credits(customer.uid, 200)
    return customer


def ran(program: str, customer: Customer, prefix: str, *arguments: str) -> Any:
    command = [PROGRAMS[Path(program).suffix], str(CLIENTS / program), f"{customer.stack.apiUrl}{prefix}", customer.key, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_soke_in_python(rich: Customer) -> None:
    found = ran("soke_poll.py", rich, "/soke/api/v1", "https://youtube.com/@competitor")
    assert (found["platform"], found["analysed"]) == ("youtube", 12)


def test_soke_in_javascript(rich: Customer) -> None:
    assert len(ran("soke_poll.mjs", rich, "/soke/api/v1")["videos"]) == 25


def test_vidocu_in_javascript(rich: Customer) -> None:
    audio = ran("vidocu_wait.mjs", rich, "/vidocu/v1", "Click on Save.")["audio"]
    assert requests.get(audio["url"], timeout=30).content[:4] == b"RIFF"


def test_novakit_in_python(rich: Customer) -> None:
    found = ran("novakit_handler.py", rich, "/novakit/api/v1")
    assert requests.get(found["url"], timeout=30).content[4:8] == b"ftyp"
    assert found["progress"] == sorted(found["progress"])
    assert found["cancelled"] is True


def test_novakit_in_javascript(rich: Customer) -> None:
    found = ran("novakit_progress.mjs", rich, "/novakit/api/v1")
    assert requests.get(found["url"], timeout=30).content[:4] == b"\x89PNG"


def test_sova_in_bash(rich: Customer) -> None:
    assert len(ran("sova_poll.sh", rich, "/sova/api/v1", MINT)["profiles"]) == 20


def test_sova_a_slow_wallet_is_charged_once(rich: Customer) -> None:
    faults = [{"platform": "solana", "step": "getBalance", "kind": "server_error_before", "times": 4}]
    requests.put(f"{rich.stack.sandboxUrl}/_faults", json=faults, timeout=10).raise_for_status()
    url, headers = f"{rich.stack.apiUrl}/sova/api/v1/intel/wallet/{WALLET}", {"X-Api-Key": rich.key}
    slow = requests.get(url, headers=headers, timeout=60)
    assert slow.status_code == 202, slow.text
    told = slow.json()
    until(lambda: requests.get(told["monitoringUrl"], timeout=30).json()["status"] == "completed")
    done = requests.get(url, headers={**headers, "X-Prepaid-Job-Id": told["prepaidJobId"]}, timeout=60)
    assert (done.status_code, done.json()["address"]) == (200, WALLET)
    [credits] = rich.documents.get(f"users/{rich.uid}/credits/current")
    assert credits is not None
    assert credits.fields["balance"] == 199


def test_a_whole_chain_on_the_real_stack_whose_worker_is_killed(rich: Customer) -> None:
    """Film, transcript, script, translation, voice and export, in four functions."""
    rich.stack.plan_kill("jobs", "documents.commit", 1, "after")
    body = {"videoUrl": FILM, "wants": ["script", "translation", "voiceover", "export"], "language": "de", "preset": "1:1 1080p"}
    headers = {"Authorization": f"Bearer {rich.key}"}
    begun = requests.post(f"{rich.stack.apiUrl}/vidocu/v1/videos/process", json=body, headers=headers, timeout=60)
    assert begun.status_code == 202, begun.text
    job_id = begun.json()["jobId"]

    def job() -> Any:
        [document] = rich.documents.get(f"jobs/{job_id}")
        assert document is not None
        return document.fields

    until(lambda: job()["status"] in ("succeeded", "failed", "expired"), lambda: str(job()))
    told = requests.get(f"{rich.stack.apiUrl}/vidocu/v1/jobs/{job_id}", headers=headers, timeout=30).json()
    assert told["status"] == "completed", told
    assert {one["status"] for one in told["steps"]} == {"done"}
    assert requests.get(told["result"]["export"]["video"]["url"], timeout=30).content[4:8] == b"ftyp"
    assert told["result"]["translation"]["text"].startswith("[de] ")
    [credits] = rich.documents.get(f"users/{rich.uid}/credits/current")
    assert credits is not None
    assert credits.fields["balance"] == 190
    assert not (rich.stack.kill_plans / "jobs").exists()
