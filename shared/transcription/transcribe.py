"""Sends a file, or its parts one after the other, to the provider: the job behind POST /v1/ai/transcribe.

What the provider has answered is saved part by part; a part whose answer was lost is sent again, at the operator's cost and nobody
else's. A job that fails has cost its customer nothing.
"""

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from shared.core.errors import SokuError
from shared.core.wait import Wait
from shared.jobs.work import JobFailed, Outcome, Succeeded, Work
from shared.media.storage import ObjectMissing, Storage, StorageUnavailable
from shared.transcription.lyrics import likely_lyrics, sentences_of
from shared.transcription.wanted import TAKEN

_log = logging.getLogger(__name__)

# How often the provider is asked anew for one part that it did not answer; its customer waits.
MAX_TRIES, FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 6, 2.0, 60.0
OUTAGE_SECONDS = 10.0
# What a result may hold (contract, section 7); four hours of speech are about 200 kB.
MAX_TRANSCRIPT_CHARS = 400_000


class ProviderBusy(SokuError):
    """Throttled, overloaded or silent: later it may answer."""

    def __init__(self, reason: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_seconds = retry_after_seconds


class ProviderRefused(SokuError):
    """The operator's affair: no key, no money, no such model for this account."""


class FileRefused(SokuError):
    """The provider cannot read the file, or does not know the model or the language that was asked for."""


@dataclass(frozen=True)
class Words:
    """`lines` are segments as the provider cut them, if it did."""

    text: str
    lines: tuple[str, ...] = ()


class Transcriber(Protocol):
    def words(self, content: bytes, name: str, content_type: str, language: str | None, model: str) -> Words:
        """Of one file; its name's ending says what it is. Raises ProviderBusy, ProviderRefused, FileRefused."""
        ...


@dataclass(frozen=True)
class TranscribePorts:
    transcriber: Transcriber
    storage: Storage


def transcribe(work: Work, ports: TranscribePorts) -> Outcome:
    """Raises JobFailed, Fenced."""
    given, state = work.job.input, work.job.state
    parts: list[Mapping[str, Any]] = state.get("parts") or [{"path": given["storagePath"], "contentType": given["contentType"]}]
    done: list[Mapping[str, Any]] = list(state.get("words") or [])
    try:
        for number, part in enumerate(parts[len(done) :], len(done)):
            work.lease.hold_for(ANSWERED_WITHIN_SECONDS + 15)
            content = ports.storage.read(part["path"])
            name = f"part{number}.{TAKEN[part['contentType']]}"
            words = ports.transcriber.words(content, name, part["contentType"], given["language"], given["model"])
            done.append({"text": words.text, "lines": list(words.lines)})
            work.save(words=done, tries=0)
    except ObjectMissing as error:
        raise JobFailed("MEDIA_INVALID", "The file is not in our storage any more: upload it again.") from error
    except StorageUnavailable as error:
        return Wait(OUTAGE_SECONDS, str(error))
    except FileRefused as error:
        raise JobFailed("MEDIA_INVALID", f"The file could not be transcribed: {error}") from error
    except ProviderRefused as error:
        _log.error("provider.refused", extra={"job": work.job.id, "reason": str(error)})
        raise JobFailed("service_unavailable", "Transcription is not available at the moment. Nothing was charged.") from error
    except ProviderBusy as error:
        tries = state.get("tries", 0) + 1
        if tries >= MAX_TRIES:
            message = "The transcription service does not answer at the moment. Nothing was charged: try again later."
            raise JobFailed("service_unavailable", message) from error
        pause = error.retry_after_seconds or FIRST_PAUSE_SECONDS * 2 ** (tries - 1)
        return Wait(min(pause, MAX_PAUSE_SECONDS), str(error), changes={("state", "tries"): tries})
    for part in state.get("parts") or ():
        with suppress(StorageUnavailable):
            ports.storage.delete(part["path"])
    return _ended(work, done)


# Of one request to the provider.
ANSWERED_WITHIN_SECONDS = 120.0


def _ended(work: Work, done: list[Mapping[str, Any]]) -> Succeeded:
    text = " ".join(str(one["text"]).strip() for one in done if str(one["text"]).strip())[:MAX_TRANSCRIPT_CHARS]
    lines = [str(line) for one in done for line in one["lines"]] or sentences_of(text)
    return Succeeded(
        {
            "jobId": work.job.id,
            "transcript": text,
            "creditsDebited": work.job.credits_debited,
            "likelyLyrics": likely_lyrics(lines),
        }
    )
