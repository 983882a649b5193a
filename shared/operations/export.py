"""Re-encodes a film to a preset, or trims it, by the ffmpeg program, whose own output tells how far it is."""

import re
import tempfile
from pathlib import Path

from shared.core.wait import Wait
from shared.jobs.handler import JobFailed, Outcome, Succeeded, Work
from shared.jobs.progress import Progress
from shared.media.ffmpeg import chunks_of, download, reading, run
from shared.media.storage import ObjectMissing, StorageUnavailable
from shared.operations.files import keep_file
from shared.operations.limits import PRESETS, export_problem, export_seconds
from shared.operations.operation import done_of, file_of
from shared.transcription.cut import OUTAGE_SECONDS, CutPorts

_NO_FILM = "The file could not be read as a film: it is broken, or has none."
_TIME = re.compile(r"out_time_us=(\d+)")


def export(work: Work, ports: CutPorts) -> Outcome:
    """Raises JobFailed, Fenced."""
    given, source = work.job.input, file_of(work.job.input, done_of(work.job))
    if (problem := export_problem(given, source)) is not None:
        raise JobFailed("validation_error", problem)
    seconds = export_seconds(given, source)
    width, height = PRESETS[given["preset"]]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            download(work, source, folder / "source", ports.storage)
            fit = f"scale={width}:{height}:force_original_aspect_ratio=decrease,pad={width}:{height}:(ow-iw)/2:(oh-ih)/2,setsar=1"
            command = [
                *(ports.ffmpeg, *reading(source["contentType"], folder / "source", "-ss", str(given.get("startSeconds") or 0))),
                *("-progress", str(folder / "progress"), "-t", str(seconds), "-map", "0:v:0", "-map", "0:a:0?", "-vf", fit),
                *("-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "128k"),
                *("-movflags", "+faststart", str(folder / "out.mp4")),
            ]
            run(command, folder, work, _NO_FILM, lambda: _tell(work, folder, seconds))
            made = folder / "out.mp4"
            size = made.stat().st_size
            file = keep_file(work, chunks_of(made), "video/mp4", "mp4", size, ports.storage)
        except ObjectMissing as error:
            raise JobFailed("MEDIA_INVALID", "The file is not in our storage any more: upload it again.") from error
        except StorageUnavailable as error:
            return Wait(OUTAGE_SECONDS, str(error))
    return Succeeded(
        {"preset": given["preset"], "durationSeconds": round(seconds, 3), "width": width, "height": height, "video": file}
    )


def _tell(work: Work, folder: Path, seconds: float) -> None:
    try:
        found = _TIME.findall((folder / "progress").read_text())
    except OSError:
        return
    if found:
        percentage = min(99, int(100 * int(found[-1]) / 1_000_000 / seconds))
        work.advance(Progress(percentage, "exporting", f"{percentage} % of the film are encoded"))
