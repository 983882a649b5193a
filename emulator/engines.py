"""The engines that are not ours, and how each is found and started: Firestore (a jar), Auth (Node), Cloud Storage (Python)."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import aiohttp

from emulator.ports import HOST, PROJECT_ID, Ports, url
from emulator.process import Failed, Process

ROOT = Path(__file__).resolve().parent.parent
FIREBASE_CLI = ROOT / "node_modules" / "firebase-tools" / "lib" / "bin" / "firebase.js"
EXPORT_NAME = "firestore_export"
_JAR = "cloud-firestore-emulator*.jar"
_MAIN_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"

Report = Callable[[str], None]


def answers(address: str, session: Callable[[], aiohttp.ClientSession]) -> Callable[[], "object"]:
    """A check whether something speaks HTTP at `address`, whatever it says."""

    async def check() -> bool:
        try:
            async with session().get(address, timeout=aiohttp.ClientTimeout(total=10)):
                return True
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    return check


def firestore(
    ports: Ports, folder: Path, data: Path | None, session: Callable[[], aiohttp.ClientSession], report: Report, on_end: Report
) -> Process:
    java = _program("java", "the Firestore emulator", "apt-get install openjdk-17-jre-headless, or brew install openjdk")
    command = [java, "-Duser.language=en", "-cp", str(find_firestore_jar(report)), _MAIN_CLASS, "start"]
    command += [f"--host={HOST}", f"--port={ports.firestore}", f"--rules={ROOT / 'firestore.rules'}"]
    if data is not None:
        exported = data / "firestore" / f"{EXPORT_NAME}.overall_export_metadata"
        command += [f"--seed_from_export={exported}"] if exported.exists() else []
    return Process(
        "Firestore",
        command,
        environment={},
        folder=folder,
        # Its port answers before it does: the first read takes seconds on a busy machine.
        is_ready=answers(f"{url(ports.firestore)}/v1/projects/{PROJECT_ID}/databases/(default)/documents/ready/probe", session),
        report=report,
        on_end=on_end,
    )


async def export_firestore(ports: Ports, data: Path, session: aiohttp.ClientSession) -> None:
    """Keep everything in `data`, replacing what was kept before only once it is complete. (--export-on-exit writes nothing.)"""
    data.mkdir(parents=True, exist_ok=True)
    wanted = {
        "database": f"projects/{PROJECT_ID}/databases/(default)",
        "export_directory": str(data),
        "export_name": EXPORT_NAME,
    }
    address = f"{url(ports.firestore)}/emulator/v1/projects/{PROJECT_ID}:export"
    shutil.rmtree(data / EXPORT_NAME, ignore_errors=True)
    async with session.post(address, json=wanted, timeout=aiohttp.ClientTimeout(total=60)) as answer:
        answer.raise_for_status()
    shutil.rmtree(data / "firestore", ignore_errors=True)
    (data / EXPORT_NAME).rename(data / "firestore")


def find_firestore_jar(report: Report) -> Path:
    """Where a Firestore emulator usually is; else the Firebase CLI downloads one. Raises Failed."""
    named = os.environ.get("FIRESTORE_EMULATOR_JAR")
    if named:
        if not Path(named).is_file():
            raise Failed(f"FIRESTORE_EMULATOR_JAR names {named}, which does not exist: correct or unset it.")
        return Path(named)
    found = _jar_in_caches()
    if found is None:
        report("Firestore: no emulator on this machine yet; the Firebase CLI downloads it (its newest versions need Java 21)")
        node = _program("node", "the Firebase CLI", "https://nodejs.org")
        downloaded = subprocess.run(
            [node, FIREBASE_CLI, "setup:emulators:firestore"], cwd=ROOT, stdin=subprocess.DEVNULL, check=False
        )
        found = _jar_in_caches() if downloaded.returncode == 0 else None
    if found is None:
        raise Failed(
            "There is no Firestore emulator: install it with `gcloud components install cloud-firestore-emulator` (or the package "
            "google-cloud-cli-firestore-emulator), or set FIRESTORE_EMULATOR_JAR or FIRESTORE_EMULATOR_HOST."
        )
    return found


def _jar_in_caches() -> Path | None:
    cached = sorted((Path.home() / ".cache" / "firebase" / "emulators").glob(_JAR), key=_version)
    if cached:
        return cached[-1]
    gcloud = shutil.which("gcloud")
    roots = [Path(gcloud).resolve().parents[1]] if gcloud else []
    roots += [Path("/usr/lib/google-cloud-sdk"), Path.home() / "google-cloud-sdk", Path("/opt/google-cloud-sdk")]
    for root in roots:
        jar = root / "platform" / "cloud-firestore-emulator" / "cloud-firestore-emulator.jar"
        if jar.is_file():
            return jar
    return None


def _version(jar: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", jar.name))


def auth(
    ports: Ports, folder: Path, data: Path | None, session: Callable[[], aiohttp.ClientSession], report: Report, on_end: Report
) -> Process:
    node = _program("node", "the Auth emulator", "https://nodejs.org")
    if not FIREBASE_CLI.is_file():
        raise Failed("firebase-tools is not installed: run `make install` (or `npm ci`) in the project's folder.")
    config = folder / "firebase.json"
    emulators = {
        "auth": {"host": HOST, "port": ports.auth},
        "hub": {"host": HOST, "port": ports.auth_hub},
        "logging": {"host": HOST, "port": ports.auth_logging},
        "ui": {"enabled": False},
    }
    config.write_text(json.dumps({"emulators": emulators}))
    command: list[str] = [
        node,
        str(FIREBASE_CLI),
        "emulators:start",
        "--only",
        "auth",
        "--project",
        PROJECT_ID,
        "--config",
        str(config),
    ]
    if data is not None:
        kept = data / "auth"
        command += ["--import", str(kept)] if (kept / "firebase-export-metadata.json").exists() else []
        command += ["--export-on-exit", str(kept)]
    return Process(
        "Auth",
        command,
        # Without a terminal the CLI asks nothing; it must not look for updates or send statistics either.
        environment={"CI": "true", "NO_UPDATE_NOTIFIER": "1", "FIREBASE_CLI_DISABLE_UPDATE_CHECK": "1"},
        folder=folder,
        is_ready=answers(url(ports.auth), session),
        report=report,
        on_end=on_end,
        stop_signal=signal.SIGINT,
        stop_within_seconds=15.0 if data else 4.0,
    )


def storage(
    ports: Ports, folder: Path, data: Path | None, session: Callable[[], aiohttp.ClientSession], report: Report, on_end: Report
) -> Process:
    where: Sequence[str] = ["--folder", str(data / "storage")] if data else []
    if data is not None:
        (data / "storage").mkdir(parents=True, exist_ok=True)
    return Process(
        "Storage",
        [sys.executable, "-m", "emulator.storage", "--host", HOST, "--port", str(ports.storage), *where],
        environment={"PYTHONPATH": str(ROOT)},
        folder=folder,
        is_ready=answers(url(ports.storage), session),
        report=report,
        on_end=on_end,
    )


def _program(name: str, why: str, how: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise Failed(f"{name} is needed for {why} and was not found: install it ({how}).")
    return path
