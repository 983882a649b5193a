"""A program of the stack is waited for as long as it does something."""

import asyncio
import sys
from pathlib import Path

import pytest

from emulator import process
from emulator.process import Failed, Process

QUIET = "import time; time.sleep(60)"
BUSY = "while True: pass"
TALKING = "import time\nwhile True: print('on it', flush=True); time.sleep(0.2)"


async def _never() -> bool:
    return False


async def _soon() -> bool:
    return True


def _start(program: str) -> str:
    async def start() -> str:
        started = Process(
            "It", [sys.executable, "-c", program], environment={}, folder=Path.cwd(), is_ready=_never, report=lambda _: None
        )
        try:
            await started.start()
        except Failed as failed:
            return str(failed)
        finally:
            await started.stop()
        return ""

    return asyncio.run(start())


@pytest.mark.parametrize(
    ("program", "idle", "most", "told"),
    [
        (QUIET, 1.0, 60.0, "has done nothing for 1 s: it said nothing"),
        (BUSY, 30.0, 2.0, "did not answer within 2 s"),
        (TALKING, 30.0, 2.0, "within 2 s: on it"),
    ],
)
def test_who_does_something_has_more_time(
    monkeypatch: pytest.MonkeyPatch, program: str, idle: float, most: float, told: str
) -> None:
    monkeypatch.setattr(process, "IDLE_SECONDS", idle)
    monkeypatch.setattr(process, "READY_WITHIN_SECONDS", most)
    assert told in _start(program)


@pytest.mark.parametrize(("program", "moves"), [(QUIET, False), (BUSY, True), (TALKING, True)])
def test_what_counts_as_doing_something(program: str, moves: bool) -> None:
    async def watched() -> bool:
        started = Process(
            "It", [sys.executable, "-c", program], environment={}, folder=Path.cwd(), is_ready=_soon, report=lambda _: None
        )
        try:
            await started.start()
            await asyncio.sleep(1.0)
            before = started._progress()  # pyright: ignore[reportPrivateUsage]
            for _ in range(600 if moves else 20):
                if started._progress() != before:  # pyright: ignore[reportPrivateUsage]
                    return True
                await asyncio.sleep(0.1)
            return False
        finally:
            await started.stop()

    assert asyncio.run(watched()) == moves


def test_who_ends_is_not_waited_for() -> None:
    assert _start("print('no'); raise SystemExit(3)") == "It ended before it was ready: no"
