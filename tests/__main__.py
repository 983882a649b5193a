"""python -m tests: every suite, in lanes side by side, each with its own stack, ports and log; what `make test` runs.

Two idle cores are busy for about half of the time that the stacks' suites take: they wait for leases, listings and restarts.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOGS = ROOT / ".soku" / "tests"
BIN = Path(sys.executable).parent
PYTEST = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--durations=15")
# All below 32,768, from where on systems give ports to whoever asks for any; no multiple of the steps within a lane.
PORTS_OF_A_LANE = 2_700
SHOWN_LINES = 120
STOP_WITHIN_SECONDS = 40
_SUMMARY = re.compile(r"(\d+) (passed|failed|skipped|errors?)")


@dataclass
class Suite:
    """One command; `pytest` is followed by what it runs, relative to the project."""

    name: str
    command: Sequence[str]
    seconds: float = 0.0
    code: int | None = None
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        return LOGS / f"{self.name}.log"


def pytest(name: str, *paths: str) -> Suite:
    return Suite(name, (*PYTEST, *paths))


# What needs a stack, and waits more than it computes; `code` is whatever is in none of these.
KILLS, FAULTS = ("tests/flow/test_6_kills.py",), ("tests/flow/test_8_faults.py",)
FLOW = tuple(f"tests/flow/test_{step}.py" for step in ("1_accept", "2_orchestrate", "3_publish", "4_schedule"))
LOCAL = (
    "tests/flow/test_5_stack.py",
    "tests/flow/test_7_connect.py",
    "tests/flow/test_9_attacks.py",
    "tests/structure/test_deploy.py",
)
DOCUMENT = tuple(f"tests/flow/test_{step}.py" for step in ("10_document", "11_job_kills", "12_page", "13_change_kills"))
TOLD = tuple(f"tests/flow/test_{step}.py" for step in ("14_webhooks", "15_clients"))
CONTRACTS = ("tests/contracts", "tests/rules")
API = ("tests/api",)
CODE = ("tests", *(f"--ignore={path}" for path in (*KILLS, *FAULTS, *FLOW, *LOCAL, *DOCUMENT, *TOLD, *CONTRACTS, *API)))
# Side by side; the suites of a lane one after the other.
LANES: Mapping[str, Sequence[Suite]] = {
    "kills": [pytest("kills", *KILLS)],
    "faults": [pytest("faults", *FAULTS), Suite("lint", ("make", "--no-print-directory", "lint"))],
    "flow": [pytest("flow", *FLOW)],
    "local": [pytest("local", *LOCAL)],
    "document": [pytest("document", *DOCUMENT)],
    "told": [pytest("told", *TOLD), pytest("contracts", *CONTRACTS)],
    "api": [pytest("api", *API)],
    "code": [pytest("code", *CODE)],
}


@dataclass
class Lane:
    suites: list[Suite]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0

    def go_on(self) -> bool:
        """Begin, look or end; False once there is nothing more to run."""
        if self.process is None:
            self._begin()
            return True
        code = self.process.poll()
        if code is None:
            return True
        suite = self.suites.pop(0)
        suite.seconds, suite.code = time.monotonic() - self.started, code
        suite.counts = _counts(suite.log)
        _tell(suite)
        self.process = None
        if self.suites:
            self._begin()
        return bool(self.suites)

    def _begin(self) -> None:
        suite, self.started = self.suites[0], time.monotonic()
        with suite.log.open("wb") as log:
            # In a session of its own, so that what it started can be stopped with it.
            self.process = subprocess.Popen(
                suite.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def interrupt(self) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)

    def await_end(self) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(STOP_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)


def _counts(log: Path) -> dict[str, int]:
    """Of pytest's closing line."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.startswith("=") and " in " in line]
    return {what.rstrip("s"): int(number) for number, what in _SUMMARY.findall(lines[-1])} if lines else {}


def _tell(suite: Suite) -> None:
    counted = ", ".join(f"{number} {what}" for what, number in suite.counts.items()) or ("ok" if suite.code == 0 else "failed")
    print(f"{suite.name:<10}{suite.seconds:>6.0f} s   {counted}", flush=True)
    if suite.code != 0:
        lines = suite.log.read_text(errors="replace").splitlines()
        print("\n".join(["", *lines[-SHOWN_LINES:], "", f"{suite.name} failed: all of it is in {suite.log}", ""]), flush=True)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    LOGS.mkdir(parents=True, exist_ok=True)
    suites = [suite for lane in LANES.values() for suite in lane]
    lanes = [
        Lane(list(lane), {**os.environ, "TEST_PORTS_FROM": str(PORTS_OF_A_LANE * (number + 1))})
        for number, lane in enumerate(LANES.values())
    ]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    started, running = time.monotonic(), list(lanes)
    print(f"{len(suites)} suites in {len(lanes)} lanes; their logs grow in {LOGS}", flush=True)
    try:
        while running:
            running = [lane for lane in running if lane.go_on()]
            time.sleep(0.2)
    except KeyboardInterrupt:
        print("interrupted: stopping what runs", flush=True)
        return 130
    finally:
        for lane in lanes:
            lane.interrupt()
        for lane in lanes:
            lane.await_end()
    total = {what: sum(suite.counts.get(what, 0) for suite in suites) for what in ("passed", "failed", "skipped", "error")}
    failed = total["failed"] + total["error"] + sum(suite.code != 0 and not suite.counts for suite in suites)
    print(f"all       {time.monotonic() - started:>6.0f} s")
    print(f"{total['passed']} passed, {failed} failed, {total['skipped']} skipped", flush=True)
    return 0 if all(suite.code == 0 for suite in suites) else 1


if __name__ == "__main__":
    sys.exit(main())
