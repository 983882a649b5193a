"""Routes whose work takes long: the request starts a job, or finds the one that an earlier one started, and waits for its end; or
is answered with the job, if the caller would rather not wait.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from flask import request
from pydantic import Field

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply
from functions.api.request.validation import RequestQuery
from shared.core.errors import ApiError, Detail, IdempotencyConflict, ServiceUnavailable, ValidationFailed
from shared.core.ids import new_uuid
from shared.documents.document import Document, Write
from shared.idempotency.record import key_for, look_up
from shared.jobs.errors import JobCancelled
from shared.jobs.find import own_job
from shared.jobs.job import Job
from shared.jobs.start import Started, Wanted, start
from shared.jobs.view import ask_again_in, etag_of, job_view
from shared.jobs.watch import watch

# However long `Prefer: wait` asks for.
MAX_WAIT_SECONDS = 30
_WAIT = re.compile(r"wait=(\d{1,4})", re.ASCII)
_CANCEL_AFTER = re.compile(r"(\d{1,6})([smh]?)", re.ASCII)
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
LEAST_SECONDS = 5


class AsyncQuery(RequestQuery):
    """`async`: answer with the job, and do not wait for its end. `Prefer: respond-async, wait=N` does that after N seconds."""

    respond_async: bool = Field(default=False, alias="async")


@dataclass(frozen=True)
class Beginning:
    """What a request begins: `prepare` judges it and says what is wanted, `more` is written with the job's start. Both may
    refuse."""

    prepare: Callable[[], Wanted]
    more: Callable[[str], Sequence[Write]] = lambda job_id: ()


def outcome_of(call: Call, endpoint: str, beginning: Beginning, ports: Ports, *, status: int) -> Reply:
    """What the job found, under `status`; or 202 and the job, if the caller would not wait for it. Raises what the beginning
    refuses, unless the same request was taken before; what the job failed with; IdempotencyConflict; ServiceUnavailable while it
    goes on."""
    patience = _patience(call)
    started = begun(call, endpoint, beginning, ports, keeps_key=False)
    headers = {"Idempotency-Replayed": "true"} if started.is_replay else {}
    if patience == 0:
        return job_reply(own_job(call.user.uid, started.job_id, ports.documents), ports, status=202, headers=headers)
    job = _watched(call, started, ports, patience)
    if job is None:
        return job_reply(own_job(call.user.uid, started.job_id, ports.documents), ports, status=202, headers=headers)
    if job.result is None:
        raise failure_of(job)
    return Reply(status, job.result, headers)


def begun(call: Call, endpoint: str, beginning: Beginning, ports: Ports, *, keeps_key: bool) -> Started:
    """The job; that of the same request, if it was taken before. Raises as `outcome_of`."""
    key = key_for(call.user.uid, endpoint, call.body, call.idempotency_key)
    call.echo_idempotency_key(key.value)
    documents, clock = ports.documents, ports.clock
    try:
        wanted = beginning.prepare()
        wanted = replace(wanted, lasts=min(wanted.lasts, _cancel_after() or wanted.lasts), keeps_key=keeps_key)
        wanted = replace(wanted, told=call.user.webhook_types)
        return start(wanted, key, call.request_id, documents=documents, tasks=ports.tasks, clock=clock, more=beginning.more)
    except (IdempotencyConflict, ServiceUnavailable):
        raise
    except ApiError:
        earlier = look_up(key, documents=documents, now=clock.now())
        if earlier.job_id is None:
            raise
        return Started(earlier.job_id, is_replay=True)


def begun_anew(
    call: Call, endpoint: str, beginning: Beginning, ports: Ports, *, once: bool, ask: Callable[[Wanted], Wanted]
) -> Started:
    """As `begun`, but each request is another one, with a key that its answer tells, unless it brings a key of its own. `once`: the
    same that runs already is that job; `ask` says what else is wanted of it."""
    is_keyed = call.idempotency_key is not None
    own = call if is_keyed else replace(call, idempotency_key=new_uuid())

    def prepare() -> Wanted:
        return replace(ask(beginning.prepare()), once_at_a_time=once and not is_keyed)

    return begun(own, endpoint, Beginning(prepare, beginning.more), ports, keeps_key=True)


def job_reply(document: Document, ports: Ports, *, status: int, headers: dict[str, str] | None = None) -> Reply:
    """The job, with where and when to ask for it again."""
    view = job_view(document, ports.settings.base_url)
    told = {"ETag": etag_of(view), **(headers or {})}
    if status == 202:
        told |= {"Location": view["url"], "Operation-Location": view["url"]}
    if (again := ask_again_in(document, ports.clock.now())) is not None:
        told["Retry-After"] = str(again)
    return Reply(status, view, told)


def _patience(call: Call) -> float | None:
    """How long the caller wants to wait, in seconds; None for as long as the API does."""
    wanted = request.headers.get("Prefer", "").lower()
    names = [one.strip() for one in wanted.replace(";", ",").split(",")]
    waits = _WAIT.search(wanted.replace(" ", ""))
    if "respond-async" in names or (call.asked is not None and call.asked.respond_async):
        return float(min(int(waits[1]), MAX_WAIT_SECONDS)) if waits else 0.0
    return None


def _cancel_after() -> timedelta | None:
    """Raises ValidationFailed."""
    given = request.headers.get("Cancel-After")
    if given is None:
        return None
    found = _CANCEL_AFTER.fullmatch(given.strip())
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if seconds < LEAST_SECONDS:
        message = f"Cancel-After is a time of at least {LEAST_SECONDS} seconds, as 90s, 5m or 1h"
        raise ValidationFailed(details=[Detail("headers.Cancel-After", message, "invalid_string", given[:100])])
    return timedelta(seconds=seconds)


def _watched(call: Call, started: Started, ports: Ports, patience: float | None) -> Job | None:
    """The job, ended; None if it has not within the caller's patience."""
    try:
        return watch(
            started.job_id,
            call.user.uid,
            documents=ports.documents,
            clock=ports.clock,
            sleep=ports.sleep,
            may_have_ended=started.is_replay,
            patience=timedelta(seconds=patience) if patience is not None else None,
        )
    except ServiceUnavailable:
        if patience is None:
            raise
        return None


def failure_of(job: Job) -> ApiError:
    """The job's own words, under its error's status."""
    error = job.error or {}
    if error.get("code") == "deadline_exceeded":
        # Its request is forgotten: sent again, it begins anew.
        return ServiceUnavailable("It could not be done in time: send the same request again, and it is begun anew.")
    if job.status == "cancelled":
        return JobCancelled()
    by_code = {kind.code: kind for kind in _kinds(ApiError)}
    kind = by_code.get(error.get("code", ""), ApiError)
    return kind(error.get("message"))


def _kinds(of: type[ApiError]) -> list[type[ApiError]]:
    return [kind for direct in of.__subclasses__() for kind in (direct, *_kinds(direct))]
