"""A platform is its folder, its sandbox, its test cases and one row; nothing else lists platforms."""

import os
import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from emulator.sandbox.platforms import SANDBOXES
from shared.core.platforms import PLATFORMS
from shared.core.settings import Platforms
from shared.platforms.registry import connectors, publishers, rules_of
from tests.conftest import ROOT
from tests.fakes.world import SETTINGS
from tests.platforms import cases_of

# What several platforms share stands beside them.
SHARED = {"meta"}
PARTS = ("hosts", "options", "rules", "connect", "publish")


def test_every_folder_is_a_platform_and_every_platform_a_folder() -> None:
    folders = {path.parent.name for path in (ROOT / "shared" / "platforms").glob("*/__init__.py")}
    assert folders - SHARED == set(PLATFORMS)
    assert set(SANDBOXES) == set(PLATFORMS)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_platforms_folder_holds_what_is_found_there_by_convention(platform: str) -> None:
    for part in PARTS:
        assert import_module(f"shared.platforms.{platform}.{part}").__doc__
    rules, settings = rules_of(platform), Platforms.model_validate(SETTINGS)
    assert rules.capability.platform == platform
    assert connectors(settings)[platform].platform == platform
    assert publishers(settings)[platform].name == platform
    sandbox, cases = SANDBOXES[platform], cases_of(platform)
    assert sandbox.name == platform
    assert {"publish", "authorize"} <= set(sandbox.steps)
    assert set(cases.processing) | set(cases.unmet) <= set(sandbox.steps)
    assert all((cases.posts, cases.faults, cases.kinds, cases.histories, cases.rules, cases.options, cases.bad_options))


NINTH = """
from shared.core.platforms import PLATFORMS
from emulator.ports import Ports
from emulator.users import DEMO_USER
from shared.tasks.queues import QUEUES
from tests.fakes.world import World
from tests.faults.posts import KINDS
from tests.faults.simulation import Options, simulate

assert "pebble" in PLATFORMS and "publish-pebble" in {queue.name for queue in QUEUES}
assert ("pebble", "pebble_demo") in DEMO_USER.connect
world = World()
key = world.user(connect=("pebble:main",))
submission = world.accepted(key, {"text": "to the ninth", "platform": ["pebble"]})
world.run_for(300)
run = world.run(submission, "pebble")
assert run["status"] == "succeeded", run
assert world.ledger("pebble") == ["to the ninth"]
verdict = simulate(1, Options(publications=20, platforms=("pebble",)))
# Some are refused while the account is disconnected.
assert verdict.is_clean and verdict.succeeded >= 10, verdict
print("published on the ninth platform")
"""


def test_a_ninth_platform_needs_nothing_else(tmp_path: Path) -> None:
    """Threads once more, under another name: its folder, sandbox and cases, and its row."""
    for name in ("functions", "shared", "emulator", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    copies = [tmp_path / "shared" / "platforms" / "pebble"]
    shutil.copytree(ROOT / "shared" / "platforms" / "threads", copies[0])
    for folder in ("emulator/sandbox", "tests/platforms"):
        copies.append(tmp_path / folder / "pebble.py")
        shutil.copy(tmp_path / folder / "threads.py", copies[-1])
    for path in [file for copy in copies for file in ([copy] if copy.is_file() else copy.glob("*.py"))]:
        # The version of its API is Threads' setting.
        renamed = re.sub(r"(?<!versions\.)threads", "pebble", path.read_text()).replace("Threads", "Pebble")
        path.write_text(renamed)
    names, row = tmp_path / "shared" / "core" / "platforms.py", '    "threads": "Threads",\n'
    names.write_text(names.read_text().replace(row, row + row.replace("threads", "pebble").replace("Threads", "Pebble")))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)}
    ran = [sys.executable, "-c", f"import logging, tests.conftest\nlogging.disable(logging.CRITICAL)\n{NINTH}"]
    done = subprocess.run(ran, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.endswith("published on the ninth platform\n"), done.stderr
    suite = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/unit/test_rules.py",
        "tests/unit/test_options.py",
    ]
    done = subprocess.run([*suite, "-k", "pebble"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert re.search(r"^\d{2,} passed", done.stdout, re.MULTILINE), done.stdout
