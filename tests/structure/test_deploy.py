"""The deploy of record, rehearsed: what would be uploaded, in a clean environment, started from each function's own source."""

import shutil
import subprocess
import sys
from pathlib import Path

import pathspec
import pytest
import requests

from functions.targets import TARGETS
from tests.conftest import ROOT, start_stack, stop
from tests.flow.conftest import until


@pytest.fixture(scope="module")
def uploaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `gcloud functions deploy --source .` sends: the tracked and new files that .gcloudignore lets through."""
    folder = tmp_path_factory.mktemp("uploaded")
    ignored = pathspec.GitIgnoreSpec.from_lines((ROOT / ".gcloudignore").read_text().splitlines())
    listed = subprocess.check_output(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, text=True)
    for name in listed.splitlines():
        if not ignored.match_file(name) and (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def python(uploaded: Path) -> Path:
    """An interpreter with the pinned runtime requirements and nothing else."""
    environment = uploaded.parent / f"{uploaded.name}-environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    install = [environment / "bin" / "pip", "install", "--quiet", "--require-hashes", "-r", uploaded / "requirements.txt"]
    subprocess.run([*map(str, install)], check=True)
    return environment / "bin" / "python"


def test_only_what_a_function_needs_is_uploaded(uploaded: Path) -> None:
    assert {path.name for path in uploaded.iterdir()} == {"functions", "shared", "requirements.txt"}
    assert not list(uploaded.rglob("*.md"))
    assert (uploaded / "shared" / "platforms" / "x" / "tlds.txt").exists()
    for target in TARGETS:
        assert (uploaded / target.source).exists()


def test_everything_uploaded_compiles(uploaded: Path, python: Path) -> None:
    subprocess.run([python, "-m", "compileall", "-f", "-q", uploaded], check=True)


def test_one_post_is_published_by_what_was_uploaded(uploaded: Path, python: Path, tmp_path: Path) -> None:
    process, ready, _ = start_stack(tmp_path, "--functions-root", str(uploaded), "--functions-python", str(python))
    try:
        body = {
            "post": {"content": {"text": "from the rehearsal", "platform": "x", "imageUrls": ["https://example.com/photo.jpg"]}}
        }
        headers = {"soku-api-key": ready["demo"]["apiKey"]}
        answer = requests.post(f"{ready['apiUrl']}/v1/posts", json=body, headers=headers, timeout=60)
        assert answer.status_code == 201, answer.text
        until(lambda: len(requests.get(f"{ready['sandboxUrl']}/_ledger", timeout=10).json()) == 1)
    finally:
        stop(process)
