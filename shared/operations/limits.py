"""What films operations take: told at the start, where the film is known by then, else once it is there."""

from collections.abc import Mapping
from typing import Any, Literal

from shared.transcription.wanted import MAX_SECONDS as MAX_SPOKEN_SECONDS

Preset = Literal["9:16 1080p", "9:16 720p", "16:9 1080p", "16:9 720p", "1:1 1080p"]
# Width and height; the film is scaled to fit, and the rest is black.
PRESETS: Mapping[Preset, tuple[int, int]] = {
    "9:16 1080p": (1080, 1920),
    "9:16 720p": (720, 1280),
    "16:9 1080p": (1920, 1080),
    "16:9 720p": (1280, 720),
    "1:1 1080p": (1080, 1080),
}
MAX_EXPORT_SECONDS, MAX_EXPORT_BYTES = 600, 1 << 30
EXPORTED = ("video/mp4", "video/quicktime", "video/webm")


def export_problem(given: Mapping[str, Any], file: Mapping[str, Any]) -> str | None:
    """`given` says which part is wanted."""
    if file["contentType"] not in EXPORTED:
        return f"The media is {file['contentType']}: only MP4, QuickTime and WebM are exported."
    if file["sizeBytes"] > MAX_EXPORT_BYTES:
        return "The film is larger than 1 GiB."
    seconds = export_seconds(given, file)
    if seconds <= 0:
        return "startSeconds is after the film's end."
    if seconds > MAX_EXPORT_SECONDS:
        return f"An export lasts at most {MAX_EXPORT_SECONDS // 60} minutes: trim it."
    return None


def export_seconds(given: Mapping[str, Any], file: Mapping[str, Any]) -> float:
    """How long it becomes."""
    start, whole = float(given.get("startSeconds") or 0), float(file.get("durationSeconds") or MAX_EXPORT_SECONDS)
    return min(float(given.get("endSeconds") or whole), whole) - start


def transcript_problem(file: Mapping[str, Any]) -> str | None:
    if (file.get("durationSeconds") or 0) > MAX_SPOKEN_SECONDS:
        return f"The file lasts longer than {MAX_SPOKEN_SECONDS // 3600} hours."
    return None
