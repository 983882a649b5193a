"""Who asks, and may they: authentication, subscription, and the customer's own log of what was asked."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal

from flask import g, request

from functions.api.ports import Ports
from functions.api.request.limits import route_of
from shared.api_keys.authenticate import Caller, authenticate
from shared.api_keys.key import PREFIX, ApiKey, Scope, key_path
from shared.core.errors import ApiError, Forbidden, ServiceUnavailable, Unauthorized
from shared.core.ids import new_uuid
from shared.documents.document import Create, Update
from shared.rate_limits.tiers import AUTHENTICATED, PREMIUM, Allowance
from shared.request_log.log_entry import log_entry
from shared.users.user import User, user_path

_log = logging.getLogger(__name__)

# Who may call: a customer's program, a person signed in to the web app, or anybody.
# "either" is a key or an ID token, with a subscription; "subscriber" an ID token with one; of "key_or_person" a key needs one, and
# a person signed in does not.
# The last four are API keys in the headers of the dialects (functions/api/dialects).
Credential = Literal[
    "api_key", "id_token", "subscriber", "either", "key_or_person", "anybody", "soke_key", "bearer_key", "sova_key", "poller"
]
# Where a key is looked for.
KEY_HEADERS: Mapping[str, str] = {
    "api_key": "soku-api-key",
    "soke_key": "X-Soke-Key",
    "bearer_key": "Authorization",
    "sova_key": "X-Api-Key",
}
_BOTH = ("either", "key_or_person")
# A key's `lastUsedAt` is written at most so often.
USE_NOTED_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class Call:
    """A request that passed every step before the route's own. `body` is the JSON as
    it came, `given` the same as the route's model, `asked` the query likewise."""

    user: User
    api_key: ApiKey | None
    request_id: str
    tier: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    given: Any = None
    asked: Any = None
    idempotency_key: str | None = None

    @property
    def api_key_id(self) -> str | None:
        return self.api_key.id if self.api_key is not None else None

    def echo_idempotency_key(self, key: str) -> None:
        """On whatever this request is answered."""
        g.idempotency_key = key

    def log_entry(self, status: int, ports: Ports, error_code: str | None = None) -> Create:
        """The request's line in the customer's log."""
        return log_entry(
            self.user.uid,
            entry_id=new_uuid(),
            request_id=self.request_id,
            method=request.method,
            path=request.path,
            route=route_of(request),
            status=status,
            started_at=g.started_at,
            now=ports.clock.now(),
            api_key_id=self.api_key_id,
            error_code=error_code,
        )


def admit(ports: Ports, credential: Credential, limit: int | None, scope: Scope | None) -> Call:
    """`limit` is that of the route's own window, `scope` what a key needs.

    Raises Unauthorized, Forbidden, RateLimitExceeded, ServiceUnavailable.
    """
    if credential == "poller":
        # Its route has limits of its own.
        ports.limiter.refuse_spent_stranger(request, "")
        return Call(User(""), None, g.request_id)
    if credential == "anybody":
        ports.limiter.count_stranger(request)
        return Call(User(""), None, g.request_id)
    by_key = credential in KEY_HEADERS or (credential in _BOTH and "soku-api-key" in request.headers)
    given = _given(credential, by_key=by_key)
    ports.limiter.refuse_spent_stranger(request, given)
    try:
        if credential in _BOTH and not given:
            raise Unauthorized("Missing or invalid soku-api-key or Firebase ID token")
        caller = _by_api_key(given, ports, limit) if by_key else _by_id_token(given, ports, limit)
    except Unauthorized as refusal:
        ports.limiter.count_stranger(request)
        raise _worded(refusal, credential) from None
    ports.limiter.was_valid(given)
    call = Call(caller.user, caller.api_key, g.request_id)
    refused, tier = _subscription(caller, credential, ports)
    decision = ports.limiter.count_user(request, call.user, tier, limit, caller.also, call.api_key_id)
    call = replace(call, tier=decision.shown.tier)
    try:
        ports.limiter.enforce(decision)
        if refused is not None:
            raise refused
        require_scope(caller.api_key, scope)
    except ApiError as refusal:
        if decision.is_first:
            keep_log(call, refusal.status, ports, refusal.code)
        raise
    _note_use(caller.api_key, ports)
    return call


def _given(credential: Credential, *, by_key: bool) -> str:
    named = KEY_HEADERS.get(credential) or ("soku-api-key" if by_key or "Authorization" not in request.headers else "Authorization")
    given = request.headers.get(named, "")
    if credential == "bearer_key":
        scheme, _, key = given.partition(" ")
        return key.strip() if scheme.lower() == "bearer" else ""
    return given


def _worded(refusal: Unauthorized, credential: Credential) -> Unauthorized:
    """With the header that this credential is looked for in."""
    named = KEY_HEADERS.get(credential, "soku-api-key")
    return Unauthorized(refusal.message.replace("soku-api-key", named if named != "Authorization" else "Authorization: Bearer key"))


def require_scope(key: ApiKey | None, scope: Scope | None) -> None:
    """Raises Forbidden."""
    if key is not None and key.scopes is not None and scope is not None and scope not in key.scopes:
        raise Forbidden(f"This API key has no scope {scope}, which this request needs")


def _note_use(key: ApiKey | None, ports: Ports) -> None:
    """When a key was last used, to the hour. A request does not fail for it."""
    now = ports.clock.now()
    if key is None or (key.last_used_at is not None and now - key.last_used_at < USE_NOTED_EVERY):
        return
    try:
        ports.documents.commit(Update(key_path(key.id), {"lastUsedAt": now}))
    except Exception as error:
        _log.info("key.use_not_noted", extra={"reason": repr(error)})


def _subscription(caller: Caller, credential: Credential, ports: Ports) -> tuple[ApiError | None, Allowance]:
    """What a caller without one is refused with, and the tier. Such requests are counted too, or they would cost us without end."""
    tier = PREMIUM if caller.api_key is not None else AUTHENTICATED
    if credential == "id_token" or (credential == "key_or_person" and caller.api_key is None):
        return None, tier
    try:
        caller.user.require_subscription(ports.clock.now())
    except Forbidden as refusal:
        return refusal, AUTHENTICATED
    return None, tier


def _by_api_key(given: str, ports: Ports, limit: int | None) -> Caller:
    return authenticate(given, documents=ports.documents, now=ports.clock.now(), read_along=_windows(ports, limit))


def _by_id_token(given: str, ports: Ports, limit: int | None) -> Caller:
    scheme, _, token = given.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized("Missing or invalid Firebase ID token")
    if token.startswith(PREFIX):
        raise Unauthorized("An API key goes into the header soku-api-key, and Authorization takes a Firebase ID token")
    uid = ports.id_tokens.verify(token)
    more = _windows(ports, limit)(uid)
    document, *also = ports.documents.get(user_path(uid), *([more] if more else []))
    user = User.from_document(uid, document)
    user.require_enabled()
    return Caller(user, None, tuple(also))


def _windows(ports: Ports, limit: int | None) -> Callable[[str], str | None]:
    endpoint = route_of(request) if limit is not None else None
    return lambda uid: ports.limiter.users.path_to_read(uid, endpoint)


def keep_log(call: Call, status: int, ports: Ports, error_code: str | None = None) -> None:
    """An answer never fails for its log, nor waits for it when the database is silent anyway."""
    if not call.user.uid or status == ServiceUnavailable.status:
        return
    try:
        ports.documents.commit(call.log_entry(status, ports, error_code))
    except Exception as error:
        _log.warning("request.not_logged", extra={"requestId": call.request_id, "reason": repr(error)})
