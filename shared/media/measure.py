"""How large a picture is, how long a film lasts, what it is made of: measured by a program of its own (measuring.py).

Libraries in C read what strangers sent. So they run in a process without our credentials, our environment and a network, with
limits on memory and time: whatever a file does to it, it does to nobody else.

    this process  ──SIZE CONTENT_TYPE──►  measuring.py        one process a file
                  ◄──READ offset length──                     64 MiB in all, 20 s
                  ───────bytes──────────►
                  ◄──DONE facts──────────
"""

import json
import math
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Protocol

from shared.core.errors import SokuError
from shared.media.storage import StorageUnavailable

# Raised with every change of what is measured, or how: files that an older version measured are measured again.
VERSION = 1
WALL_SECONDS = 20.0
MAX_BYTES = 64 << 20
# What is read from the storage at once, as each reading is a request: little after a jump, twice as much with each one in a row.
FIRST_WINDOW_BYTES, LARGEST_WINDOW_BYTES = 32 << 10, 1 << 20
# A file that takes long because it is asked for in ever so many places is not the storage's fault.
SLOW_READING_SECONDS = 0.1
# Of one instance, whose memory they share: 256 MiB each at most.
AT_ONCE = 6
HOLD_SECONDS = 5.0
# A process that died of the machine's trouble, and not of the file, does not die of it twice.
TRIES = 2
PROGRAM = Path(__file__).with_name("measuring.py")
_MAX_LINE_BYTES = 4096
_MAX_NUMBER, _MAX_WORD_LENGTH = 1e9, 40

# Bytes of the file: offset, length.
Read = Callable[[int, int], bytes]


class Unmeasurable(SokuError):
    """The file brings down whatever measures it."""


@dataclass(frozen=True)
class Measured:
    """Pixels as they are shown (turned, if the file says so), seconds, pictures a second; `frames` are a GIF's. None where the file
    does not tell."""

    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None
    frame_rate: float | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    chroma: str | None = None
    frames: int | None = None


class Measurer(Protocol):
    def measure(self, read: Read, size_bytes: int, content_type: str, hold: Callable[[], None] = lambda: None) -> Measured:
        """Raises Unmeasurable for good, and whatever `read` raises. `hold` is called every few seconds of waiting for the measuring
        to begin, and before each try; what it raises ends it."""
        ...


class ProcessMeasurer:
    """The real one."""

    def __init__(self) -> None:
        self._slots = threading.BoundedSemaphore(AT_ONCE)

    def measure(self, read: Read, size_bytes: int, content_type: str, hold: Callable[[], None] = lambda: None) -> Measured:
        for _ in range(TRIES):
            while not self._slots.acquire(timeout=HOLD_SECONDS):
                hold()
            try:
                hold()
                facts = _Measuring(_windows(read, size_bytes), size_bytes, content_type).run()
            finally:
                self._slots.release()
            if facts is not None:
                return _measured(facts)
        raise Unmeasurable("the file is broken: measuring it takes more memory or time than any sound file does")


class _Measuring:
    """One process and one file."""

    def __init__(self, read: Read, size_bytes: int, content_type: str) -> None:
        self._read, self._size_bytes, self._content_type = read, size_bytes, content_type
        self._budget = MAX_BYTES
        self._reading_seconds, self._readings = 0.0, 0

    def run(self) -> Mapping[str, Any] | None:
        """What the process says; None if it died, or was killed. Raises what reading raises."""
        command = [sys.executable, "-I", "-S", str(PROGRAM), str(self._size_bytes), self._content_type, *_folders()]
        # No `preexec_fn` and no `multiprocessing`: forking a process that has threads and gRPC is not safe.
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd="/", close_fds=True
        ) as process:
            watchdog = threading.Timer(WALL_SECONDS, process.kill)
            watchdog.daemon = True
            watchdog.start()
            started = time.monotonic()
            try:
                facts = self._converse(process.stdout, process.stdin)
            finally:
                watchdog.cancel()
                process.kill()
                # What was not sent is sent on closing, to nobody.
                if process.stdin is not None:
                    with suppress(OSError):
                        process.stdin.close()
        took_too_long = facts is None and time.monotonic() - started >= WALL_SECONDS
        if (
            took_too_long
            and self._reading_seconds > WALL_SECONDS / 2
            and self._reading_seconds > SLOW_READING_SECONDS * self._readings
        ):
            raise StorageUnavailable("our storage was too slow to measure the file")
        return facts

    def _converse(self, questions: IO[bytes] | None, answers: IO[bytes] | None) -> Mapping[str, Any] | None:
        if questions is None or answers is None:
            return None
        try:
            while line := questions.readline(_MAX_LINE_BYTES):
                word, _, rest = line.partition(b" ")
                if word == b"DONE":
                    return _object(rest)
                offset, length = (int(number) for number in rest.split())
                if word != b"READ" or not 0 <= offset < offset + length <= self._size_bytes:
                    return None
                self._budget -= length
                if self._budget < 0:
                    return None
                started = time.monotonic()
                piece = self._read(offset, length)
                self._reading_seconds += time.monotonic() - started
                self._readings += 1
                answers.write(piece)
                answers.flush()
        except (BrokenPipeError, ValueError, RecursionError):
            pass
        return None


@cache
def _folders() -> list[str]:
    """Where the program finds its libraries, which the interpreter, told to look nowhere, does not."""
    found = (find_spec(name) for name in ("imagesize", "pymediainfo"))
    return sorted({str(Path(spec.origin).parents[1]) for spec in found if spec is not None and spec.origin})


def _windows(read: Read, size_bytes: int) -> Read:
    """Reads ahead where reading goes on."""
    start, window, ahead = 0, b"", FIRST_WINDOW_BYTES

    def windowed(offset: int, length: int) -> bytes:
        nonlocal start, window, ahead
        if not (start <= offset and offset + length <= start + len(window)):
            in_a_row = start <= offset <= start + len(window)
            ahead = min(2 * ahead, LARGEST_WINDOW_BYTES) if in_a_row else FIRST_WINDOW_BYTES
            start, window = offset, read(offset, min(max(ahead, length), size_bytes - offset))
        return window[offset - start : offset - start + length]

    return windowed


def _object(text: bytes) -> Mapping[str, Any]:
    parsed = json.loads(text)
    return parsed if isinstance(parsed, dict) else {}


def _measured(facts: Mapping[str, Any]) -> Measured:
    """The facts, as far as they can be true: what said them read a stranger's bytes."""
    return Measured(
        width=_whole(_number(facts, "width")),
        height=_whole(_number(facts, "height")),
        duration_seconds=_number(facts, "durationSeconds"),
        frame_rate=_number(facts, "frameRate"),
        video_codec=_word(facts, "videoCodec"),
        audio_codec=_word(facts, "audioCodec"),
        chroma=_word(facts, "chroma"),
        frames=_whole(_number(facts, "frames")),
    )


def _number(facts: Mapping[str, Any], name: str) -> float | None:
    value = facts.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if math.isfinite(value) and 0 < value <= _MAX_NUMBER else None


def _whole(value: float | None) -> int | None:
    return int(value) if value is not None and value >= 1 else None


def _word(facts: Mapping[str, Any], name: str) -> str | None:
    value = facts.get(name)
    return value if isinstance(value, str) and value.isprintable() and 0 < len(value) <= _MAX_WORD_LENGTH else None
