"""Sends a file, or its parts one after the other, to the provider: the job behind POST /v1/ai/transcribe.

What the provider has answered is saved part by part; a part whose answer was lost is sent again, at the operator's cost and nobody
else's. A job that fails has cost its customer nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from shared.core.errors import SokuError
from shared.core.wait import Wait
from shared.jobs.handler import JobFailed, Moved, Outcome, Succeeded, Work
from shared.jobs.progress import Progress
from shared.jobs.provider import ProviderBusy, ProviderRefused, RequestRefused, busy, refused
from shared.media.leftovers import delete_quietly
from shared.media.storage import ObjectMissing, Storage, StorageUnavailable
from shared.tasks.queues import TRANSCRIBE_QUEUE
from shared.transcription.lyrics import likely_lyrics, sentences_of
from shared.transcription.wanted import TAKEN

OUTAGE_SECONDS = 10.0
# What a job's document has room for, while it is worked on and in the end; four hours of speech are 200 kB of Latin letters, and
# three times as much in other scripts.
MAX_TRANSCRIPT_BYTES = 800_000
# A delivery that has worked for so long leaves the next part to another one.
WORK_TIME = timedelta(seconds=360)


class FileRefused(SokuError):
    """The provider cannot read the file."""


@dataclass(frozen=True)
class Words:
    """`lines` are segments as the provider cut them, if it did."""

    text: str
    lines: tuple[str, ...] = ()


class Transcriber(Protocol):
    def words(self, content: bytes, name: str, content_type: str, language: str | None, model: str) -> Words:
        """Of one file; its name's ending says what it is. Raises ProviderBusy, ProviderRefused, RequestRefused, FileRefused."""
        ...


@dataclass(frozen=True)
class TranscribePorts:
    transcriber: Transcriber
    storage: Storage


def transcribe(work: Work, ports: TranscribePorts) -> Outcome:
    """Raises JobFailed, Fenced."""
    given, state, clock = work.job.input, work.job.state, work.lease.clock
    parts: list[Mapping[str, Any]] = state.get("parts") or [{"path": given["storagePath"], "contentType": given["contentType"]}]
    done: list[Mapping[str, Any]] = list(state.get("words") or [])
    tries, begun = state.get("tries", 0), clock.now()
    try:
        for number, part in enumerate(parts[len(done) :], len(done)):
            if clock.now() - begun > WORK_TIME:
                # The next part must still fit into this delivery's time.
                return Moved(TRANSCRIBE_QUEUE.name, {})
            work.lease.hold_for(ANSWERED_WITHIN_SECONDS + 15)
            content = ports.storage.read(part["path"])
            name = f"part{number}.{TAKEN[part['contentType']]}"
            words = ports.transcriber.words(content, name, part["contentType"], given["language"], given["model"])
            done.append({"lines": _kept(words, done)})
            tries = 0
            work.advance(Progress.of(len(done), len(parts), "transcribing", "parts are transcribed"), words=done, tries=tries)
    except ObjectMissing as error:
        raise JobFailed("MEDIA_INVALID", "The file is not in our storage any more: upload it again.") from error
    except StorageUnavailable as error:
        return Wait(OUTAGE_SECONDS, str(error))
    except RequestRefused as error:
        raise JobFailed("validation_error", f"The provider does not take this: {error}") from error
    except FileRefused as error:
        raise JobFailed("MEDIA_INVALID", f"The file could not be transcribed: {error}") from error
    except ProviderRefused as error:
        raise refused(work, error, "Transcription") from error
    except ProviderBusy as error:
        return busy(work, error, "Transcription", tries)
    for part in state.get("parts") or ():
        delete_quietly(part["path"], ports.storage)
    return _ended(work, done)


# Of one request to the provider.
ANSWERED_WITHIN_SECONDS = 120.0


def _kept(words: Words, done: list[Mapping[str, Any]]) -> list[str]:
    """The lines, as far as a document has room for those of all parts together."""
    room = MAX_TRANSCRIPT_BYTES - sum(len(line.encode()) for one in done for line in one["lines"])
    kept: list[str] = []
    for line in words.lines or sentences_of(words.text):
        cut = line.strip().encode()[: max(0, room)].decode(errors="ignore")
        room -= len(cut.encode())
        kept += [cut] if cut else []
    return kept


def _ended(work: Work, done: list[Mapping[str, Any]]) -> Succeeded:
    lines = [str(line) for one in done for line in one["lines"]]
    return Succeeded(
        {
            "jobId": work.job.id,
            "transcript": " ".join(lines),
            "creditsDebited": work.job.credits_debited,
            "likelyLyrics": likely_lyrics(lines),
        }
    )
