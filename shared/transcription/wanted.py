"""The job that transcribes a file: what it may be, what it costs, and where it begins."""

import math
import re
from datetime import timedelta

from shared.core.errors import Detail as _Detail
from shared.core.errors import MediaInvalid, MediaNotFound, UnsupportedMediaType, ValidationFailed
from shared.documents.document import Document, Documents
from shared.jobs.start import Wanted
from shared.media.media import MEDIA_ID, StoredMedia, media_path, stored_of
from shared.tasks.queues import ENCODE_QUEUE, TRANSCRIBE_QUEUE

JOB_TYPE = "transcription"
# Cutting, and one request after the other to the provider.
LASTS = timedelta(minutes=60)
MAX_SECONDS = 4 * 3600
# The provider's, of one file, and what it takes as it is.
MAX_BYTES = 25_000_000
TAKEN = {
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/x-wav": "wav",
    "audio/ogg": "ogg",
    "video/mp4": "mp4",
    "video/webm": "webm",
}


def transcribable(uid: str, media_id: str, documents: Documents) -> StoredMedia:
    """Raises MediaNotFound, MediaInvalid, UnsupportedMediaType."""
    [document] = documents.get(media_path(media_id)) if re.match(MEDIA_ID, media_id, re.ASCII) else [None]
    if document is None or document.fields.get("uid") != uid or document.fields.get("deletedAt") is not None:
        raise MediaNotFound
    stored = _stored(document)
    if stored.content_type.partition("/")[0] not in ("audio", "video"):
        raise UnsupportedMediaType(f"The media is {stored.content_type}: only audio and video can be transcribed")
    return stored


def _stored(document: Document) -> StoredMedia:
    try:
        return stored_of(document)
    except KeyError as missing:
        raise MediaInvalid(f"The media document has no {missing.args[0]}: upload the file again") from missing


def seconds_of(stored: StoredMedia, declared: int | None, root: str = "body") -> float:
    """As measured; what the request says counts only where nothing can be. Raises ValidationFailed."""
    seconds = stored.duration_seconds or declared
    if seconds is None:
        message = "How long the file lasts could not be measured: say it"
        raise ValidationFailed(details=[_Detail(f"{root}.durationSeconds", message, "invalid_type")])
    if seconds > MAX_SECONDS:
        message = f"The file lasts {seconds / 3600:.1f} hours; at most {MAX_SECONDS // 3600} are transcribed"
        raise ValidationFailed(details=[_Detail(f"{root}.mediaId", message, "too_big")])
    return seconds


def cost_of(seconds: float, credits_per_minute: int) -> int:
    """Of each minute that has begun."""
    return max(1, math.ceil(seconds / 60)) * credits_per_minute


def wanted_transcript(stored: StoredMedia, seconds: float, cost: int, language: str | None, model: str) -> Wanted:
    fits = stored.content_type in TAKEN and stored.size_bytes <= MAX_BYTES
    queue = TRANSCRIBE_QUEUE if fits else ENCODE_QUEUE
    given = {
        "mediaId": stored.media_id,
        "storagePath": stored.storage_path,
        "contentType": stored.content_type,
        "sizeBytes": stored.size_bytes,
        "durationSeconds": seconds,
        "language": language,
        "model": model,
    }
    return Wanted(JOB_TYPE, given, queue, LASTS, {"creditsDebited": cost})
