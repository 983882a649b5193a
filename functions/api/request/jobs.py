"""Routes whose work takes long: the request starts a job, or finds the one that an earlier one started, and waits for its end."""

from collections.abc import Callable, Sequence

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply
from shared.core.errors import ApiError, IdempotencyConflict, ServiceUnavailable
from shared.documents.document import Write
from shared.idempotency.record import key_for, look_up
from shared.jobs.job import Job
from shared.jobs.start import Started, Wanted, start
from shared.jobs.watch import watch


def outcome_of(
    call: Call,
    endpoint: str,
    prepare: Callable[[], Wanted],
    ports: Ports,
    *,
    status: int,
    more: Callable[[str], Sequence[Write]] = lambda job_id: (),
) -> Reply:
    """What the job found, under `status`; `more` is written with its start. Raises what `prepare` and `more` refuse, unless the
    same request was taken before; what the job failed with; IdempotencyConflict; ServiceUnavailable while it goes on."""
    key = key_for(call.user.uid, endpoint, call.body, call.idempotency_key)
    call.echo_idempotency_key(key.value)
    documents, clock = ports.documents, ports.clock
    try:
        started = start(prepare(), key, call.request_id, documents=documents, tasks=ports.tasks, clock=clock, more=more)
    except (IdempotencyConflict, ServiceUnavailable):
        raise
    except ApiError:
        earlier = look_up(key, documents=documents, now=clock.now())
        if earlier.job_id is None:
            raise
        started = Started(earlier.job_id, is_replay=True)
    job = watch(
        started.job_id, call.user.uid, documents=documents, clock=clock, sleep=ports.sleep, may_have_ended=started.is_replay
    )
    headers = {"Idempotency-Replayed": "true"} if started.is_replay else {}
    if job.result is None:
        raise _failure_of(job)
    return Reply(status, job.result, headers)


def _failure_of(job: Job) -> ApiError:
    """The job's own words, under its error's status."""
    error = job.error or {}
    if error.get("code") == "deadline_exceeded":
        # Its request is forgotten: sent again, it begins anew.
        return ServiceUnavailable("It could not be done in time: send the same request again, and it is begun anew.")
    by_code = {kind.code: kind for kind in _kinds(ApiError)}
    kind = by_code.get(error.get("code", ""), ApiError)
    return kind(error.get("message"))


def _kinds(of: type[ApiError]) -> list[type[ApiError]]:
    return [kind for direct in of.__subclasses__() for kind in (direct, *_kinds(direct))]
