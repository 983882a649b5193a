"""Send what is due for one endpoint, by one worker at a time: an endpoint that does not answer delays nobody else's.

    lease the endpoint ─► up to four at once ─► what became of them, in one commit ─► … for 30 s ─► a task for the next time

While an endpoint does not answer, it is asked with one delivery at a time, and everything else for it waits. After five days
without a success, or when it says 410, it is disabled, and what was waiting for it is given up.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from shared.core.encryption import CannotDecrypt
from shared.documents.change import read_modify_write
from shared.documents.document import REMOVE, Document, Update, Write
from shared.documents.lease import Fenced, Lease
from shared.events.announce import announce
from shared.events.event import Subject, event, event_path
from shared.tasks.hand_over import hand_over
from shared.tasks.task import deliver_to
from shared.users.user import user_path
from shared.webhooks.delivery import PAUSES, Attempted, Delivery, after, due, over
from shared.webhooks.endpoint import TERM, Endpoint, endpoint_path, endpoints_of
from shared.webhooks.message import body_of, headers_of
from shared.webhooks.ports import WebhookPorts
from shared.webhooks.register import summary, wanted_types

_log = logging.getLogger(__name__)

WORK_TIME = timedelta(seconds=30)
AT_ONCE = 4
DISABLED_AFTER = timedelta(days=5)
# However long it has not answered, something new is tried that soon.
MAX_ENDPOINT_PAUSE = timedelta(minutes=5)
# Of deliveries that are given up, in one commit.
GIVEN_UP_AT_ONCE = 100


def deliver(endpoint_id: str, ports: WebhookPorts) -> None:
    """Returns normally wherever a later delivery of its task could not better it. Raises Unavailable."""
    until = ports.clock.now() + WORK_TIME
    while True:
        lease = read_modify_write(lambda: _leased(endpoint_id, ports))
        if lease is None:
            return
        try:
            waits_until = _work(lease, until, ports)
        except Fenced:
            _log.info("webhook.lease_lost", extra={"endpoint": endpoint_id})
            return
        if waits_until is not None and waits_until > ports.clock.now():
            break
        # Looked at once more now that others find the endpoint free: what came between our last look and that is nobody else's.
        if ports.clock.now() >= until or not due(endpoint_id, ports.documents, now=ports.clock.now(), limit=1):
            break
    _come_back(endpoint_id, waits_until, ports)


def _leased(endpoint_id: str, ports: WebhookPorts) -> tuple[Lease, Endpoint] | None:
    """None where there is nothing to do now. Raises Conflict if the endpoint has changed just now."""
    [document] = ports.documents.get(endpoint_path(endpoint_id))
    if document is None:
        give_up_waiting(endpoint_id, ports)
        return None
    endpoint, now = Endpoint.from_document(document), ports.clock.now()
    if not endpoint.is_enabled:
        give_up_waiting(endpoint_id, ports)
        return None
    if TERM.is_held(document.fields, now):
        return None
    if endpoint.waits_until is not None and endpoint.waits_until > now:
        # Whoever said so comes back then.
        return None
    lease = Lease.claim(document.path, TERM, {}, if_version=endpoint.version, documents=ports.documents, clock=ports.clock)
    return lease, replace(endpoint, version=lease.version)


def _work(held: tuple[Lease, Endpoint], until: datetime, ports: WebhookPorts) -> datetime | None:
    """Until nothing is due, the endpoint has to be left alone, or the time is over; then it is free again. Until when it is to be
    left alone. Raises Fenced."""
    lease, endpoint = held
    while endpoint.is_enabled:
        now = ports.clock.now()
        waits = endpoint.waits_until is not None and endpoint.waits_until > now
        found = [] if waits or now >= until else due(endpoint.id, ports.documents, now=now, limit=_at_once(endpoint))
        if not found:
            lease.write(TERM.over())
            return endpoint.waits_until
        tried = _sent(endpoint, found, ports)
        now = ports.clock.now()
        endpoint, changes = _judged(endpoint, [attempt for _, attempt in tried], now)
        writes: list[Write] = [
            Update(delivery.path, after(delivery, attempt, now), if_version=delivery.version) for delivery, attempt in tried
        ]
        if not endpoint.is_enabled:
            told = _disabled(endpoint, now, ports)
            lease.write({**changes, **TERM.over()}, *writes, *told)
            announce(told, ports.tasks)
            give_up_waiting(endpoint.id, ports)
            return None
        lease.renew(changes, *writes)
    return None


def _at_once(endpoint: Endpoint) -> int:
    """One that does not answer is asked with one."""
    return AT_ONCE if not endpoint.failures else 1


def _sent(endpoint: Endpoint, found: Sequence[Delivery], ports: WebhookPorts) -> list[tuple[Delivery, Attempted]]:
    events = ports.documents.get(*(event_path(endpoint.uid, delivery.event_id) for delivery in found))
    sends = [partial(_send, endpoint, event, ports) for event in events]
    return list(zip(found, ports.together(*sends), strict=True))


def _send(endpoint: Endpoint, event: Document | None, ports: WebhookPorts) -> Attempted:
    now = ports.clock.now()
    if event is None:
        return Attempted(now, False, None, "", "The event is older than events are kept.", 0, is_gone=False)
    try:
        secrets = endpoint.secrets(ports.cipher, now)
    except CannotDecrypt as error:
        _log.error("webhook.secret_unreadable", extra={"endpoint": endpoint.id, "reason": str(error)})
        return Attempted(now, False, None, "", "Its secret cannot be read by this Soku: rotate it.", 0, is_down=True)
    body = body_of(event, endpoint.payload, ports.base_url, ports.documents)
    return ports.sender.send(endpoint.url, headers_of(event.id, body, secrets, now), body)


def _judged(endpoint: Endpoint, attempts: Sequence[Attempted], now: datetime) -> tuple[Endpoint, dict[str, Any]]:
    """The endpoint after these, and what is written of it."""
    failed = [attempt for attempt in attempts if not attempt.is_taken]
    if len(failed) < len(attempts):
        well = replace(endpoint, failures=0, failing_since=None, waits_until=None, last_success_at=now)
        changes = {"lastSuccessAt": now, **dict.fromkeys(("failures", "failingSince", "waitsUntil"), REMOVE)}
        if not failed:
            return well, changes
        endpoint = well
    else:
        changes = {}
    since = endpoint.failing_since or now
    last = {"at": failed[-1].at, "message": failed[-1].error, "status": failed[-1].status}
    changes |= {"failingSince": since, "lastFailure": last}
    endpoint = replace(endpoint, failing_since=since, last_failure=last)
    down = [attempt for attempt in failed if attempt.is_down]
    if down:
        failures = endpoint.failures + 1
        pause = max(PAUSES[min(failures, len(PAUSES)) - 1], timedelta(seconds=max(a.retry_after_seconds or 0 for a in down)))
        waits = now + min(pause, MAX_ENDPOINT_PAUSE)
        endpoint = replace(endpoint, failures=failures, waits_until=waits)
        changes |= {"failures": failures, "waitsUntil": waits}
    reason = _reason_to_disable(endpoint, failed, now)
    if reason is not None:
        endpoint = replace(endpoint, is_enabled=False, disabled_reason=reason)
        changes |= {"enabled": False, "disabledReason": reason}
    return endpoint, changes


def _reason_to_disable(endpoint: Endpoint, failed: Sequence[Attempted], now: datetime) -> str | None:
    if any(attempt.is_gone for attempt in failed):
        return "It answered 410 Gone."
    if endpoint.failing_since is not None and now - endpoint.failing_since >= DISABLED_AFTER:
        return f"It took nothing for {DISABLED_AFTER.days} days."
    return None


def _disabled(endpoint: Endpoint, now: datetime, ports: WebhookPorts) -> Sequence[Write]:
    """What the user's others are told of it, and that it wants nothing any more."""
    [user] = ports.documents.get(user_path(endpoint.uid))
    if user is None:
        return ()
    others = [one for one in endpoints_of(endpoint.uid, ports.documents) if one.id != endpoint.id]
    subject = Subject("webhook", endpoint.id, endpoint.path, f"/v1/webhooks/{endpoint.id}", {"webhookUrl": endpoint.url})
    events = event("webhook.disabled", endpoint.uid, subject, "disabled", once=now.isoformat(), told=wanted_types(others), now=now)
    _log.warning("webhook.disabled", extra={"endpoint": endpoint.id, "reason": endpoint.disabled_reason})
    return [summary(user, others), *events]


def give_up_waiting(endpoint_id: str, ports: WebhookPorts) -> None:
    """What was to be sent to an endpoint that is disabled, or gone."""

    def some() -> bool:
        found = due(endpoint_id, ports.documents, now=None, limit=GIVEN_UP_AT_ONCE)
        given_up = {**over("failed"), "givenUp": "The webhook was disabled."}
        ended = [Update(one.path, given_up, if_version=one.version) for one in found]
        if ended:
            ports.documents.commit(*ended)
        return len(found) == GIVEN_UP_AT_ONCE

    while read_modify_write(some):
        pass


def _come_back(endpoint_id: str, waits_until: datetime | None, ports: WebhookPorts) -> None:
    """When something is due next, and may be sent."""
    following = due(endpoint_id, ports.documents, now=None, limit=1)
    if following:
        at = max(filter(None, (following[0].next_attempt_at, waits_until)))
        hand_over(deliver_to(endpoint_id, not_before=at), ports.tasks)
