"""POST /v1/ai/transcribe: the words of an uploaded sound or film. Charged at the start; a job that fails gives it back."""

from collections.abc import Sequence
from typing import Annotated

from flask import Blueprint
from pydantic import BaseModel, Field

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.jobs import AsyncQuery, Beginning, outcome_of
from functions.api.request.validation import RequestBody
from functions.api.v1.jobs_schemas import ShownJob
from shared.core.errors import (
    IdempotencyConflict,
    InsufficientCredits,
    MediaInvalid,
    MediaNotFound,
    UnsupportedMediaType,
)
from shared.core.wrong import shaped
from shared.credits.credits import debit
from shared.documents.document import Write
from shared.jobs.errors import JobCancelled
from shared.jobs.start import Wanted
from shared.transcription.wanted import cost_of, seconds_of, transcribable, wanted_transcript

ENDPOINT = "POST /v1/ai/transcribe"


class TranscriptRequest(RequestBody):
    """`durationSeconds` counts only where the file's own length cannot be measured."""

    mediaId: Annotated[str, Field(min_length=1, max_length=128)]
    language: Annotated[str, *shaped(r"^[a-z]{2}$", "a language by ISO 639-1, two letters, as en")] | None = None
    model: Annotated[str, *shaped(r"^[A-Za-z0-9._:-]{1,64}$", "a model's name: up to 64 letters, digits and . _ : -")] | None = None
    durationSeconds: Annotated[int, Field(ge=1, le=86_400)] | None = None


class Transcript(BaseModel):
    """`likelyLyrics` by the rule in shared/transcription/lyrics.py."""

    jobId: str
    transcript: str
    creditsDebited: int
    likelyLyrics: bool


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("transcriptions", __name__)

    @blueprint.post("/v1/ai/transcribe")
    @endpoint(
        ports,
        credential="api_key",
        asks=AsyncQuery,
        takes=TranscriptRequest,
        gives={200: Transcript, 202: ShownJob},
        errors=(MediaNotFound, MediaInvalid, UnsupportedMediaType, InsufficientCredits, IdempotencyConflict, JobCancelled),
        limit=10,
        scope="ai",
    )
    def create(call: Call) -> Reply:
        return outcome_of(call, ENDPOINT, beginning_of(call, call.given, ports), ports, status=200)

    return blueprint


def beginning_of(call: Call, given: TranscriptRequest, ports: Ports, root: str = "body") -> Beginning:
    uid, documents = call.user.uid, ports.documents
    cost = 0

    def prepare() -> Wanted:
        nonlocal cost
        stored = transcribable(uid, given.mediaId, documents)
        seconds = seconds_of(stored, given.durationSeconds, root)
        cost = cost_of(seconds, ports.settings.credits_per_minute)
        return wanted_transcript(stored, seconds, cost, given.language, given.model or "whisper-1")

    def charge(job_id: str) -> Sequence[Write]:
        return debit(uid, cost, job_id, told=call.user.webhook_types, documents=documents, now=ports.clock.now())

    return Beginning(prepare, charge)
