"""One program of the stack: started, waited for, its output kept, restarted if it should not have ended, stopped by pid."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

# A busy machine takes its time, and whoever waits is told for what: a program is waited for as long as it does something, which its
# output and its CPU time tell; and in all.
IDLE_SECONDS, READY_WITHIN_SECONDS = 120.0, 1800.0
TELL_EVERY_SECONDS = 15.0
STOP_WITHIN_SECONDS = 4.0
KEPT_LINES = 60
_TETHER = Path(__file__).with_name("tether.py")


class Failed(Exception):
    """The stack cannot start; the message is one sentence that says what to do."""


class Process:
    """`restart` is for programs that are ours: functions may die at any time; `on_end` is told of the end of any other one.
    `report` prints a line for people."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        is_ready: Callable[[], Awaitable[bool]],
        report: Callable[[str], None],
        restart: bool = False,
        on_end: Callable[[str], None] = lambda _: None,
        stop_signal: signal.Signals = signal.SIGTERM,
        stop_within_seconds: float = STOP_WITHIN_SECONDS,
    ) -> None:
        self.name = name
        self.last_lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._command = command
        self._environment = {**os.environ, **environment}
        self._folder = folder
        self._is_ready = is_ready
        self._report = report
        self._restart = restart
        self._on_end = on_end
        self._stop_signal = stop_signal
        self._stop_within_seconds = stop_within_seconds
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._stopping = False
        self._lines = 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> float:
        """Seconds until it answered. Raises Failed."""
        started = time.monotonic()
        await self._launch()
        self._watcher = asyncio.get_running_loop().create_task(self._watch())
        told = moved = started
        progress = self._progress()
        while not await self._is_ready():
            if self._process is None or self._process.returncode is not None:
                raise Failed(f"{self.name} ended before it was ready: {self._last_words()}")
            if (now := self._progress()) != progress:
                progress, moved = now, time.monotonic()
            if time.monotonic() - moved > IDLE_SECONDS:
                raise Failed(f"{self.name} does not answer, and has done nothing for {IDLE_SECONDS:.0f} s: {self._last_words()}")
            if time.monotonic() - started > READY_WITHIN_SECONDS:
                raise Failed(f"{self.name} did not answer within {READY_WITHIN_SECONDS:.0f} s: {self._last_words()}")
            if time.monotonic() - told > TELL_EVERY_SECONDS:
                told = time.monotonic()
                self._report(f"{self.name:<18} still starting, {told - started:.0f} s; its last line: {self._last_words()}")
            await asyncio.sleep(0.1)
        return time.monotonic() - started

    def _progress(self) -> tuple[int, int]:
        """Lines of output, and seconds of CPU that the program has used, where the system tells (Linux)."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
            return self._lines, (int(fields[11]) + int(fields[12])) // os.sysconf("SC_CLK_TCK")
        except (OSError, IndexError, ValueError):
            return self._lines, 0

    async def stop(self) -> None:
        """Ask, wait, insist; everything the program started ends with it."""
        self._stopping = True
        if self._process is not None and self._process.returncode is None:
            self._signal(self._stop_signal)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), self._stop_within_seconds)
        self.kill()
        if self._watcher is not None:
            await asyncio.gather(self._watcher, return_exceptions=True)

    def kill(self) -> None:
        self._stopping = True
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    async def _launch(self) -> None:
        # In a session of its own: Ctrl-C in the terminal reaches only us, and we stop the others in order.
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(_TETHER), str(os.getpid())),
            *self._command,
            env=self._environment,
            cwd=self._folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            limit=1 << 20,
        )

    async def _watch(self) -> None:
        """Read the output until the program ends; start it again if it is to go on."""
        while self._process is not None and self._process.stdout is not None:
            await self._read(self._process.stdout)
            code = await self._process.wait()
            if self._stopping:
                return
            if not self._restart:
                self._on_end(f"{self.name} ended ({_how(code)}); its last line: {self._last_words()}")
                return
            # What a killed master leaves behind would keep the port.
            self._signal(signal.SIGKILL)
            self._report(f"{self.name} ended ({_how(code)}) and is started again; its last line: {self._last_words()}")
            await asyncio.sleep(0.2)
            await self._launch()

    async def _read(self, output: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await output.readline()
            except ValueError:
                continue
            if not line:
                return
            text = line.decode(errors="replace").rstrip()
            if text:
                self.last_lines.append(text)
                self._lines += 1
                if _is_worth_showing(text):
                    self._report(f"{self.name}: {text}")

    def _last_words(self) -> str:
        return self.last_lines[-1] if self.last_lines else "it said nothing"


def _is_worth_showing(line: str) -> bool:
    """A function's warnings and errors, and its web server's word that a worker was killed."""
    return line.startswith(('{"severity": "WARNING"', '{"severity": "ERROR"')) or "was sent SIG" in line


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def say(line: str) -> None:
    # A terminal that is gone must not keep the stack from stopping.
    with contextlib.suppress(OSError):
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
