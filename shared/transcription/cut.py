"""Makes a file fit for the provider, by the ffmpeg program: cut by copying where its kind is taken, else its sound alone, small."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from shared.core.clock import Clock
from shared.core.wait import Wait
from shared.jobs.handler import JobFailed, Moved, Outcome, Work
from shared.media.ffmpeg import chunks_of, download, reading, run
from shared.media.storage import ObjectMissing, Storage, StorageUnavailable
from shared.tasks.queues import TRANSCRIBE_QUEUE
from shared.transcription.wanted import MAX_BYTES, MAX_SECONDS

# Sounds of these kinds are cut as they are: nothing is computed anew.
_COPIED = {"audio/mpeg": "mp3"}
# Mono, 16 kHz, 32 kbit/s: what speech needs; four hours are 58 MB.
_SMALL = ("-vn", "-ac", "1", "-ar", "16000", "-b:a", "32k")
_SMALL_BYTES_PER_SECOND = 4000
SHORTEST_PART_SECONDS = 10
OUTAGE_SECONDS = 10.0
# Parts lapse like copies of files, if their job never ends.
FOLDER, KEEP = "copies", timedelta(days=1)
_NO_SOUND = "The file could not be read as sound: it is broken, or has none."


@dataclass(frozen=True)
class CutPorts:
    """`ffmpeg` is the program."""

    storage: Storage
    clock: Clock
    ffmpeg: str


def cut(work: Work, ports: CutPorts) -> Outcome:
    """Raises JobFailed, Fenced."""
    given = work.job.input
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            download(work, given, folder / "source", ports.storage)
            parts = _parts(work, folder, ports)
            stored = [_upload(work, number, part, ports) for number, part in enumerate(parts)]
        except ObjectMissing as error:
            raise JobFailed("MEDIA_INVALID", "The file is not in our storage any more: upload it again.") from error
        except StorageUnavailable as error:
            return Wait(OUTAGE_SECONDS, str(error))
    if not stored:
        raise JobFailed("MEDIA_INVALID", f"The {given['contentType']} has no sound.")
    return Moved(TRANSCRIBE_QUEUE.name, {"parts": stored})


def _parts(work: Work, folder: Path, ports: CutPorts) -> Sequence[Path]:
    given = work.job.input
    content_type, seconds = given["contentType"], max(1.0, float(given["durationSeconds"]))
    if content_type in _COPIED:
        per_second, how = given["sizeBytes"] / seconds, ("-vn", "-c", "copy")
    else:
        per_second, how = float(_SMALL_BYTES_PER_SECOND), _SMALL
    # A tenth less than fits, as sound is not spread evenly.
    each = max(SHORTEST_PART_SECONDS, int(0.9 * MAX_BYTES / max(1.0, per_second)))
    out = [
        "-map",
        "0:a:0",
        "-t",
        str(MAX_SECONDS + 60),
        *how,
        "-f",
        "segment",
        "-segment_time",
        str(each),
        str(folder / "part%06d.mp3"),
    ]
    run([ports.ffmpeg, *reading(content_type, folder / "source"), *out], folder, work, _NO_SOUND)
    return sorted(folder.glob("part*.mp3"))


def _upload(work: Work, number: int, part: Path, ports: CutPorts) -> Mapping[str, Any]:
    """Under a name that is the same each time, so that a worker that died leaves nothing behind."""
    work.lease.keep_alive()
    path = f"{FOLDER}/{work.job.id}-{number:03}.mp3"
    ports.storage.write(path, "audio/mpeg", chunks_of(part), keep_until=ports.clock.now() + KEEP)
    return {"path": path, "contentType": "audio/mpeg"}
