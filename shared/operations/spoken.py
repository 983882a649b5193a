"""The step that hears what is said: cut where it is too large, and transcribed, as POST /v1/ai/transcribe does it."""

from collections.abc import Callable
from dataclasses import replace

from shared.core.text import cut
from shared.core.wait import Wait
from shared.jobs.handler import JobFailed, Outcome, Succeeded, Work
from shared.media.ffmpeg import FORMATS
from shared.media.storage import Storage, StorageUnavailable
from shared.operations.files import keep_file
from shared.operations.limits import transcript_problem
from shared.operations.operation import done_of, file_of
from shared.transcription.cut import OUTAGE_SECONDS

# Of a result, and of what the next steps are given; what is longer is whole in a file.
MAX_BYTES = 60_000


def transcript(work: Work, step: Callable[[Work], Outcome], storage: Storage) -> Outcome:
    """`step` is what this function does of it: cutting, or asking the provider. Raises JobFailed, Fenced."""
    job = work.job
    file = file_of(job.input, done_of(job))
    if (problem := transcript_problem(file)) is not None:
        raise JobFailed("validation_error", problem)
    if file["contentType"] not in FORMATS:
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
    if len(said.encode()) <= MAX_BYTES:
        return Succeeded({"transcript": said, "truncated": False})
    whole = said.encode()
    try:
        file = keep_file(work, iter([whole]), "text/plain; charset=utf-8", "txt", len(whole), storage)
    except StorageUnavailable as error:
        return Wait(OUTAGE_SECONDS, str(error))
    return Succeeded({"transcript": cut(said, MAX_BYTES), "truncated": True, "whole": file})
