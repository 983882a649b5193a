"""Do the import contracts see a folder that nobody has told them about?"""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

TREE = ("functions", "shared", "emulator", "tests", "pyproject.toml")
# What somebody may add tomorrow, and the contracts that it breaks.
TOMORROW = {
    "shared/pigeons/store.py": "import google.cloud.firestore\nfrom shared.gcp import firestore\nimport flask\nimport emulator\n",
    "functions/pigeon/main.py": "from functions.api import app\n",
}
BROKEN = (
    "functions: each its own, on top of the task adapter and the table of targets",
    "shared: features build on each other in one direction",
    "shared imports neither functions nor Flask",
    "google and firebase_admin only in shared.gcp",
    "shared.gcp only in the functions' wiring",
    "nothing imports the emulator or the tests",
)


def test_a_folder_that_is_added_is_inside_every_contract(tmp_path: Path) -> None:
    for name in TREE:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    for name, source in TOMORROW.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(source)
        (tmp_path / name).with_name("__init__.py").touch()
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode != 0
    assert [name for name in BROKEN if f"{name} BROKEN" not in ran.stdout] == [], ran.stdout
