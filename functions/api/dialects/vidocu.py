"""Vidocu's jobs, under /vidocu/v1: typed ids, a progress object, an error that is a sentence.

POST /analyze, /export, /translate, /voiceover, /videos/process → 202 {jobId, type, status}; 200 where the same is running
GET  /jobs/{id}
"""

from datetime import datetime
from typing import Any

from flask import Blueprint

from functions.api.dialects.dialect import (
    Answered,
    Dialect,
    begin_operation,
    error_of,
    job_of,
    moment,
    progress_of,
    result_of,
    starting,
)
from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, View, endpoint
from functions.api.request.errors import Refusal, details_of
from functions.api.v1.operations_schemas import INPUTS
from shared.core.errors import NotFound
from shared.core.ids import random_base62
from shared.documents.document import Document

DIALECT = Dialect(
    "vidocu",
    "/vidocu/v1",
    {
        "queued": "pending",
        "delayed": "pending",
        "processing": "processing",
        "succeeded": "completed",
        "failed": "failed",
        "cancelled": "failed",
        "expired": "failed",
    },
)
# Where each operation is started, and what its jobs are called there.
_STARTED = {
    "/analyze": ("analysis", "analysis"),
    "/export": ("export", "export"),
    "/translate": ("translation", "translation"),
    "/voiceover": ("voiceover", "tool"),
    "/videos/process": ("process", "tool"),
}
_TYPES = dict(_STARTED.values())
_CODES = {"unauthorized": "authentication_error", "rate_limit_exceeded": "limit_exceeded", "insufficient_credits": "limit_exceeded"}


def envelope(refusal: Refusal) -> dict[str, Any]:
    error = refusal.error
    told: dict[str, Any] = {"code": _CODES.get(error.code, error.code.lower()), "message": error.message}
    if (details := details_of(error)) is not None:
        told["details"] = details
    return {"error": told}


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("vidocu", __name__, url_prefix=DIALECT.prefix)

    def starter(kind: str, called: str, path: str) -> View:
        def start(call: Call) -> Reply:
            def named(now: datetime) -> str:
                return f"{called}_{int(now.timestamp() * 1000)}_{random_base62(12)}"

            begun = begin_operation(kind, call, DIALECT, call.given, ports, at=DIALECT.prefix + path, named=named)
            job = job_of(call, begun.job_id, DIALECT, ports)
            told = {"jobId": job.id, "type": called, "status": DIALECT.word(job.fields)}
            if begun.is_running:
                return Reply(200, {**told, "message": "This is running already: here is its job."})
            return Reply(202, told)

        return starting(ports, "bearer_key", takes=INPUTS[kind], gives=(202, 200))(start)

    for path, (kind, called) in _STARTED.items():
        blueprint.add_url_rule(path, kind, starter(kind, called, path), methods=["POST"])

    @blueprint.get("/jobs/<id:job_id>")
    @endpoint(ports, credential="bearer_key", gives={200: Answered}, errors=(NotFound,), scope="posts:read")
    def job(call: Call, job_id: str) -> Reply:
        return Reply(200, _shown(job_of(call, job_id, DIALECT, ports), ports))

    return blueprint


def _shown(job: Document, ports: Ports) -> dict[str, Any]:
    word, error = DIALECT.word(job.fields), error_of(job)
    told = job.fields.get("progress") or {}
    progress = {
        "step": told.get("step") or "starting",
        "message": told.get("message") or "It has begun.",
        "percentage": progress_of(job),
    }
    return {
        "jobId": job.id,
        "type": _TYPES[job.fields["type"]],
        "status": word,
        "progress": progress if word == "processing" else None,
        "result": result_of(job, ports) if word == "completed" else None,
        "error": str(error["message"]) if word == "failed" and error is not None else None,
        "steps": list(job.fields.get("steps", ())),
        "createdAt": moment(job, "createdAt"),
        "updatedAt": moment(job, "updatedAt"),
    }
