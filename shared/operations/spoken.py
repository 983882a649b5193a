"""The step that hears what is said: cut where it is too large, and transcribed, as POST /v1/ai/transcribe does it."""

from collections.abc import Callable
from dataclasses import replace

from shared.jobs.handler import JobFailed, Outcome, Succeeded, Work
from shared.operations.operation import done_of, file_of
from shared.transcription.wanted import MAX_SECONDS

# Of a result, and of what the next steps are given.
MAX_CHARACTERS = 100_000


def transcript(work: Work, step: Callable[[Work], Outcome]) -> Outcome:
    """`step` is what this function does of it: cutting, or asking the provider."""
    job = work.job
    file = file_of(job.input, done_of(job))
    if (file.get("durationSeconds") or 0) > MAX_SECONDS:
        raise JobFailed("validation_error", f"The file lasts longer than {MAX_SECONDS // 3600} hours.")
    if not file["contentType"].startswith(("audio/", "video/")):
        raise JobFailed("UNSUPPORTED_MEDIA_TYPE", f"The media is {file['contentType']}: only audio and video can be transcribed.")
    given = {
        **file,
        "durationSeconds": file.get("durationSeconds") or 1.0,
        "language": job.input.get("spoken"),
        "model": "whisper-1",
    }
    inner = replace(work, job=replace(job, input=given))
    try:
        outcome = step(inner)
    finally:
        work.has_advanced |= inner.has_advanced
    if not isinstance(outcome, Succeeded):
        return outcome
    said = str(outcome.result["transcript"])
    return Succeeded({"transcript": said[:MAX_CHARACTERS], "truncated": len(said) > MAX_CHARACTERS})
