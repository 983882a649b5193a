"""What is judged when an operation (shared/operations) is asked for, in whichever dialect: what can be known at the start is
refused then, and never a failed job.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.jobs import Beginning
from functions.api.request.validation import RequestBody, validated
from functions.api.v1.operations_schemas import (
    GENERATED,
    BatchInput,
    CompetitorInput,
    ExportInput,
    FilmInput,
    ProcessInput,
)
from shared.core.errors import Detail, UploadFailed, ValidationFailed
from shared.credits.credits import debit
from shared.http.address import AddressRefused, require_public_address, rewritten
from shared.jobs.start import Wanted
from shared.operations.addresses import channel_named
from shared.operations.limits import export_problem, transcript_problem
from shared.operations.operation import wanted
from shared.operations.registry import GENERATIONS, OPERATIONS
from shared.transcription.wanted import transcribable

# As it is kept.
MAX_INPUT_BYTES = 64_000


@dataclass(frozen=True)
class _Asked:
    call: Call
    ports: Ports
    root: str


def beginning_of(kind: str, call: Call, given: Any, ports: Ports, root: str = "body") -> Beginning:
    """Raises ValidationFailed, MediaNotFound and the like, by `prepare`."""
    operation, asked = OPERATIONS[kind], _Asked(call, ports, root)
    prices = ports.settings.operation_credits
    cost = 0

    def prepare() -> Wanted:
        nonlocal cost
        read = _PREPARED.get(kind, _as_given)(given, asked)
        if len(json.dumps(read).encode()) > MAX_INPUT_BYTES:
            message = f"The input has more than {MAX_INPUT_BYTES // 1000} kB"
            raise ValidationFailed(details=[Detail(root, message, "too_big")])
        each = GENERATIONS[read["of"]] if kind == "batch" else kind
        times = len(read["requests"]) if kind == "batch" else 1
        cost = times * prices.get(each, OPERATIONS[each].credits)
        return wanted(operation, call.user.uid, read, cost)

    def charge(job_id: str) -> Any:
        told, now = call.user.webhook_types, ports.clock.now()
        return debit(call.user.uid, cost, job_id, told=told, documents=ports.documents, now=now) if cost else ()

    return Beginning(prepare, charge)


def _as_given(given: RequestBody, asked: _Asked) -> dict[str, Any]:
    return given.model_dump(exclude_none=True)


def _of_film(given: FilmInput, asked: _Asked) -> dict[str, Any]:
    read = _as_given(given, asked)
    if given.mediaId is not None:
        stored = transcribable(asked.call.user.uid, given.mediaId, asked.ports.documents)
        read["file"] = {
            "storagePath": stored.storage_path,
            "contentType": stored.content_type,
            "sizeBytes": stored.size_bytes,
            "durationSeconds": stored.duration_seconds,
        }
        _require_fit(given, read, asked)
    elif given.videoUrl is not None and rewritten(given.videoUrl, asked.ports.settings.fetch_rewrites) is None:
        try:
            require_public_address(given.videoUrl)
        except AddressRefused as refused:
            raise UploadFailed(f"The file could not be had: {refused}.") from refused
    return read


def _require_fit(given: FilmInput, read: Mapping[str, Any], asked: _Asked) -> None:
    """What is known of an upload is judged at once. Raises ValidationFailed."""
    is_exported = isinstance(given, ExportInput) or (isinstance(given, ProcessInput) and "export" in given.wants)
    problem = export_problem(read, read["file"]) if is_exported else None
    if problem is None and not isinstance(given, ExportInput):
        problem = transcript_problem(read["file"])
    if problem is not None:
        raise ValidationFailed(details=[Detail(f"{asked.root}.mediaId", problem, "custom", given.mediaId)])


def _of_channel(given: CompetitorInput, asked: _Asked) -> dict[str, Any]:
    channel = channel_named(given.channelUrl)
    if channel is None:
        message = "Expected a channel's address, as https://www.youtube.com/@name or …/channel/UC…"
        raise ValidationFailed(details=[Detail(f"{asked.root}.channelUrl", message, "invalid_string", given.channelUrl)])
    return {**_as_given(given, asked), "channel": channel}


def _generated(name: str) -> Callable[[Any, _Asked], dict[str, Any]]:
    def read(given: RequestBody, asked: _Asked) -> dict[str, Any]:
        told = _as_given(given, asked)
        length = {"duration": told["duration_seconds"]} if "duration_seconds" in told else {}
        shape = {"aspect_ratio": told["aspect_ratio"]} if "aspect_ratio" in told else {}
        model = asked.ports.settings.replicate_models.get(name, "")
        return {**told, "model": model, "model_input": {"prompt": told["prompt"], **length, **shape}}

    return read


def _of_batch(given: BatchInput, asked: _Asked) -> dict[str, Any]:
    model, read = GENERATED[given.type], _generated(given.type)
    requests = [read(validated(model, one, f"{asked.root}.requests.{number}"), asked) for number, one in enumerate(given.requests)]
    return {"of": given.type, "requests": requests}


_PREPARED: Mapping[str, Callable[[Any, _Asked], dict[str, Any]]] = {
    "competitor": _of_channel,
    "analysis": _of_film,
    "export": _of_film,
    "translation": _of_film,
    "voiceover": _of_film,
    "process": _of_film,
    **{kind: _generated(name) for name, kind in GENERATIONS.items()},
    "batch": _of_batch,
}
