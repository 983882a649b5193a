"""Routes whose work takes long: the request starts a job, or finds the one that an earlier one started, and waits for its end."""

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply
from shared.core.errors import ApiError
from shared.idempotency.record import key_for
from shared.jobs.job import Job
from shared.jobs.start import Wanted, start
from shared.jobs.watch import watch


def outcome_of(call: Call, endpoint: str, wanted: Wanted, ports: Ports, *, status: int) -> Reply:
    """What the job found, under `status`. Raises what it failed with, IdempotencyConflict, ServiceUnavailable while it goes on."""
    key = key_for(call.user.uid, endpoint, call.body, call.idempotency_key)
    call.echo_idempotency_key(key.value)
    documents, clock = ports.documents, ports.clock
    started = start(wanted, key, call.request_id, documents=documents, tasks=ports.tasks, clock=clock)
    job = watch(started.job_id, documents=documents, clock=clock, sleep=ports.sleep)
    headers = {"Idempotency-Replayed": "true"} if started.is_replay else {}
    if job.result is None:
        raise _failure_of(job)
    return Reply(status, job.result, headers)


def _failure_of(job: Job) -> ApiError:
    """The job's own words, under its error's status."""
    error = job.error or {}
    by_code = {kind.code: kind for kind in _kinds(ApiError)}
    kind = by_code.get(error.get("code", ""), ApiError)
    return kind(error.get("message"))


def _kinds(of: type[ApiError]) -> list[type[ApiError]]:
    return [kind for direct in of.__subclasses__() for kind in (direct, *_kinds(direct))]
