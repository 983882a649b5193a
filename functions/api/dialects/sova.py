"""Sova's async jobs, under /sova/api/v1: status that anybody may poll, results by key for fifteen minutes, a GET that falls back.

POST /intel/token/{mint}/holders, /similarity      → 202 {jobId, requestId}
GET  /jobs/{jobId}                                 {status, progress}; no credential
GET  /jobs/result/by-key?key=                      404 until there is a result, and after its time
GET  /intel/wallet/{address}[/hud]                 200; or 202 {status, jobId, prepaidJobId, monitoringUrl}, charged once in all
"""

import re
from contextlib import suppress
from datetime import timedelta
from typing import Annotated, Any

from flask import Blueprint, request
from pydantic import Field

from functions.api.dialects.dialect import Answered, Dialect, begin_operation, is_over, job_of, progress_of, result_of, starting
from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, View, endpoint
from functions.api.request.errors import Refusal, details_of
from functions.api.request.jobs import failure_of
from functions.api.request.validation import RequestBody, RequestQuery, validated
from functions.api.v1.operations_schemas import HoldersInput, WalletInput
from shared.core.errors import NotFound, ServiceUnavailable
from shared.core.ids import DOCUMENT_ID
from shared.documents.document import Document
from shared.jobs.errors import JobCancelled
from shared.jobs.job import Job, job_path
from shared.jobs.watch import watch
from shared.operations.addresses import MAX_HOLDERS

DIALECT = Dialect(
    "sova",
    "/sova/api/v1",
    {
        "queued": "waiting",
        "delayed": "delayed",
        "processing": "active",
        "succeeded": "completed",
        "failed": "failed",
        "cancelled": "failed",
        "expired": "failed",
    },
)
# How long a GET waits before it falls back to 202.
PATIENCE_SECONDS = 25
_PREPAID = "X-Prepaid-Job-Id"
# By the first part of a result's key, the type of job; and what its second part begins with.
_KEYS = {"holder-profiles": ("token_holders", ""), "similarity": ("token_similarity", "req_")}


class Wanted(RequestBody):
    topN: Annotated[int, Field(ge=1, le=MAX_HOLDERS)] = MAX_HOLDERS


class KeyQuery(RequestQuery):
    key: Annotated[str, Field(min_length=1, max_length=200)]


def envelope(refusal: Refusal) -> dict[str, Any]:
    error = refusal.error
    told: dict[str, Any] = {"statusCode": error.status, "error": error.code, "message": error.message}
    if (details := details_of(error)) is not None:
        told["details"] = details
    return told


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("sova", __name__, url_prefix=DIALECT.prefix)

    def starter(kind: str, name: str) -> View:
        def start(call: Call, mint: str) -> Reply:
            given = validated(HoldersInput, {"mint": mint, "topN": call.given.topN}, "path")
            path = f"{DIALECT.prefix}/intel/token/{mint}/{name}"
            begun = begin_operation(kind, call, DIALECT, given, ports, at=path)
            return Reply(202, {"jobId": begun.job_id, "requestId": _request_id(begun.job_id)})

        return starting(ports, "sova_key", takes=Wanted, body_is_optional=True)(start)

    for name, kind in (("holders", "token_holders"), ("similarity", "token_similarity")):
        blueprint.add_url_rule(f"/intel/token/<mint>/{name}", name, starter(kind, name), methods=["POST"])

    @blueprint.get("/jobs/<id:job_id>")
    @endpoint(ports, credential="poller", gives={200: Answered}, errors=(NotFound,))
    def job(call: Call, job_id: str) -> Reply:
        ports.limiter.count_poll("sova_address", ports.limiter.address_of(request))
        ports.limiter.count_poll("sova_job", job_id)
        [found] = ports.documents.get(job_path(job_id))
        if found is None or found.fields["dialect"] != DIALECT.name:
            raise NotFound("There is no job with this id")
        return Reply(200, {"status": DIALECT.word(found.fields), "progress": progress_of(found)})

    @blueprint.get("/jobs/result/by-key")
    @endpoint(ports, credential="sova_key", asks=KeyQuery, gives={200: Answered}, errors=(NotFound,), scope="posts:read")
    def result(call: Call) -> Reply:
        missing = NotFound("There is no result under this key: not yet, or not any more")
        kind, _, rest = call.asked.key.partition(":result:")
        known = _KEYS.get(kind)
        if known is None or not rest.startswith(known[1]):
            raise missing
        job_id = _job_id(rest) if known[1] else rest
        try:
            found = job_of(call, job_id, DIALECT, ports)
        except (NotFound, ValueError):
            raise missing from None
        told = result_of(found, ports) if found.fields["type"] == known[0] else None
        if told is None:
            raise missing
        return Reply(200, told)

    _add_wallets(blueprint, ports)
    return blueprint


def _add_wallets(blueprint: Blueprint, ports: Ports) -> None:
    """Answered at once as a rule."""

    def wallet(view: str) -> View:
        def show(call: Call, address: str) -> Reply:
            given = validated(WalletInput, {"address": address, "view": view}, "path")
            prepaid = request.headers.get(_PREPAID)
            if prepaid is not None:
                return _answered(_paid(call, prepaid, given, ports), ports)
            begun = begin_operation("wallet", call, DIALECT, given, ports, at=f"GET {request.path}")
            with suppress(ServiceUnavailable):
                watch(
                    begun.job_id,
                    call.user.uid,
                    documents=ports.documents,
                    clock=ports.clock,
                    sleep=ports.sleep,
                    may_have_ended=True,
                    patience=timedelta(seconds=PATIENCE_SECONDS),
                )
            return _answered(job_of(call, begun.job_id, DIALECT, ports), ports)

        return starting(ports, "sova_key", gives=(200, 202), errors=(JobCancelled,))(show)

    blueprint.add_url_rule("/intel/wallet/<address>", "wallet", wallet("full"), methods=["GET"])
    blueprint.add_url_rule("/intel/wallet/<address>/hud", "wallet_hud", wallet("hud"), methods=["GET"])


def _request_id(job_id: str) -> str:
    return "req_" + job_id.removeprefix("job_")


def _job_id(request_id: str) -> str:
    return "job_" + request_id.removeprefix("req_")


def _paid(call: Call, job_id: str, given: WalletInput, ports: Ports) -> Document:
    """The job that an earlier request of the same user and path has paid for. Raises NotFound."""
    missing = NotFound("There is no prepaid job of this id for this address, or its result is gone")
    job = job_of(call, job_id, DIALECT, ports) if re.fullmatch(DOCUMENT_ID, job_id, re.ASCII) else None
    if job is None or job.fields["type"] != "wallet":
        raise missing
    asked = job.fields["input"]
    if (asked["address"], asked["view"]) != (given.address, given.view):
        raise missing
    if job.fields["status"] == "succeeded" and result_of(job, ports) is None:
        raise missing
    return job


def _answered(job: Document, ports: Ports) -> Reply:
    """Raises what the job failed with."""
    if not is_over(job):
        url = f"{ports.settings.base_url}{DIALECT.prefix}/jobs/{job.id}"
        told = {"status": "queued", "jobId": job.id, "prepaidJobId": job.id, "requestId": _request_id(job.id), "monitoringUrl": url}
        return Reply(202, told, {_PREPAID: job.id})
    if job.fields["status"] != "succeeded":
        raise failure_of(Job.from_document(job))
    return Reply(200, result_of(job, ports) or {})
