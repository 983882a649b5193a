"""Routes that make or change something, and do it once per Idempotency-Key where the client sends one."""

from collections.abc import Callable

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply
from shared.core.errors import ApiError, IdempotencyConflict
from shared.idempotency.once import DoneBefore, Guard, guarded_by, no_guard
from shared.idempotency.record import key_for, look_up


def once(call: Call, endpoint: str, work: Callable[[Guard], Reply], show: Callable[[str], Reply], ports: Ports) -> Reply:
    """`work` commits its guard's writes with its own; a replay is `show` of what the first request made or changed, as it stands by
    then. Raises what the two raise, and IdempotencyConflict."""
    if call.idempotency_key is None:
        return work(no_guard)
    key = key_for(call.user.uid, endpoint, call.body, call.idempotency_key)
    try:
        return work(guarded_by(key, call.request_id, ports.documents))
    except DoneBefore as before:
        done = before.id
    except IdempotencyConflict:
        raise
    except ApiError:
        # By now it may be refused for what the first request with this key has done.
        earlier = look_up(key, documents=ports.documents, now=ports.clock.now())
        if earlier.replay is None:
            raise
        done = earlier.replay.body["id"]
    reply = show(done)
    return Reply(reply.status, reply.body, {**reply.headers, "Idempotency-Replayed": "true"}, reply.logged)
