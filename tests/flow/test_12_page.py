"""What a web app's page does with the public API, in a real Chrome: direct uploads, and the reference page."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conftest import ROOT, LocalStack

PICTURE = ROOT / "emulator" / "sandbox" / "media" / "photo.jpg"


@pytest.fixture(scope="module")
def seen(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Any:
    user = stack.add_user("has-a-page", [])
    script = str(Path(__file__).with_name("page_in_chrome.mjs"))
    command = ["node", script, f"{stack.sandboxUrl}/_connect", stack.apiUrl, user["idToken"], str(PICTURE)]
    environment = {"TMPDIR": str(tmp_path_factory.mktemp("chrome"))}
    ran = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_a_page_uploads_past_the_api(seen: Any) -> None:
    uploaded = seen["uploaded"]
    assert (uploaded["sent"], uploaded["status"]) == (200, 201)
    assert requests.get(uploaded["url"], timeout=30).content == PICTURE.read_bytes()


def test_a_session_that_was_opened_for_no_page_takes_nothing_from_one(seen: Any) -> None:
    assert seen["elsewhere"] == "TypeError"


def test_the_reference_shows_every_endpoint_and_asks_nobody_else(stack: LocalStack, seen: Any) -> None:
    page = seen["reference"]
    assert page["errors"] == []
    assert [url for url in page["asked"] if not url.startswith(("data:", "blob:", stack.apiUrl))] == []
    for words in ("Soku", "Publish one post to many platforms", "/v1/automations/{automationId}", stack.apiUrl):
        assert words in page["text"], words
