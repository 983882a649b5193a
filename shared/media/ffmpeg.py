"""The ffmpeg program on a job's file.

It reads strangers' bytes and is a program of its own (nothing of it is linked): without our environment, with limits on memory and
time. It is told what the file is, and reads no other file or address that the file may name.
"""

import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from shared.jobs.handler import JobFailed, Work
from shared.media.storage import Storage

# How ffmpeg calls what the file was found to be.
FORMATS = {
    "audio/mpeg": "mp3",
    "audio/mp4": "mov",
    "audio/x-wav": "wav",
    "audio/ogg": "ogg",
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/webm": "matroska",
}
READ_BYTES = 8 << 20
RUN_SECONDS = 1200.0
ADDRESS_SPACE_BYTES = 2 << 30
_TICK_SECONDS = 2.0


def download(work: Work, source: Mapping[str, Any], to: Path, storage: Storage) -> None:
    """Raises StorageUnavailable, Fenced."""
    size = source["sizeBytes"]
    with to.open("wb") as file:
        for start in range(0, size, READ_BYTES):
            file.write(storage.read(source["storagePath"], start, min(READ_BYTES, size - start)))
            work.lease.keep_alive()


def reading(content_type: str, source: Path, *how: str) -> list[str]:
    """The program's first arguments: that it reads this file, and only as what it is."""
    quiet = ["-nostdin", "-v", "error", "-protocol_whitelist", "file,pipe", "-f", FORMATS[content_type]]
    return [*quiet, *how, "-i", str(source)]


def run(command: Sequence[str], folder: Path, work: Work, broken: str, tell: Callable[[], None] = lambda: None) -> None:
    """`tell` is called every few seconds. Raises JobFailed with `broken`, and Fenced once the job is another worker's."""
    # No `preexec_fn`: forking a process that has threads and gRPC is not safe; so its limits are set from here.
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={}, cwd=folder, close_fds=True
    ) as process:
        if sys.platform == "linux":
            with suppress(ProcessLookupError):
                resource.prlimit(process.pid, resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
                resource.prlimit(process.pid, resource.RLIMIT_CPU, (int(RUN_SECONDS), int(RUN_SECONDS)))
        watchdog = threading.Timer(RUN_SECONDS, process.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_TICK_SECONDS)
                    break
                work.lease.keep_alive()
                tell()
        finally:
            watchdog.cancel()
            process.kill()
    if process.returncode != 0:
        raise JobFailed("MEDIA_INVALID", broken)


def chunks_of(path: Path) -> Iterator[bytes]:
    """What was made, to be stored."""
    with path.open("rb") as file:
        while chunk := file.read(READ_BYTES):
            yield chunk
