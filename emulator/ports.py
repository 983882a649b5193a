"""Where everything of the local stack listens: fixed ports, moved together by one offset so that stacks run side by side."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from functions.targets import TARGETS

PROJECT_ID = "demo-soku"
LOCATION = "us-central1"
BUCKET = f"{PROJECT_ID}.appspot.com"
UPLOADS_BUCKET = f"{PROJECT_ID}-uploads"
HOST = "127.0.0.1"
# In /proc/net/tcp.
LISTENING = "0A"


@dataclass(frozen=True)
class Ports:
    offset: int = 0

    @property
    def api(self) -> int:
        return 5001 + self.offset

    def function(self, target: str) -> int:
        """The API's port is documented; the others follow it in the order of functions/targets.py."""
        return self.api + [known.name for known in TARGETS].index(target)

    @property
    def auth(self) -> int:
        return 9099 + self.offset

    @property
    def auth_hub(self) -> int:
        return 4400 + self.offset

    @property
    def auth_logging(self) -> int:
        return 4500 + self.offset

    @property
    def firestore(self) -> int:
        return 8080 + self.offset

    @property
    def tasks(self) -> int:
        return 9499 + self.offset

    @property
    def storage(self) -> int:
        return 9199 + self.offset

    @property
    def sandbox(self) -> int:
        return 9500 + self.offset

    @property
    def by_name(self) -> dict[str, int]:
        """Every port of a stack, by what listens there."""
        return {
            "Firestore": self.firestore,
            "Auth": self.auth,
            "Auth's hub": self.auth_hub,
            "Auth's logging": self.auth_logging,
            "Storage": self.storage,
            "Cloud Tasks": self.tasks,
            "the sandbox platforms": self.sandbox,
            **{f"the function {target.name}": self.function(target.name) for target in TARGETS},
        }


def url(port: int) -> str:
    return f"http://{HOST}:{port}"


def holder_of(port: int) -> str:
    """Which program listens there, as far as Linux tells, as the end of a sentence."""
    try:
        tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
        rows = [line.split() for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]
        sockets = {f"socket:[{row[9]}]" for row in rows if row[3] == LISTENING and int(row[1].rpartition(":")[2], 16) == port}
        for entry in Path("/proc").glob("[0-9]*/fd/*"):
            with contextlib.suppress(OSError):
                if str(entry.readlink()) in sockets:
                    process = entry.parents[1]
                    command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                    return f" by process {process.name} ({command[:80]})"
    except (OSError, ValueError, IndexError):
        pass
    return ""
