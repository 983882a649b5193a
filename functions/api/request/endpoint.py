"""The one way into every route. Each step may refuse, and nothing of a later step has happened then:

1 request id            app.py                     7 content type and size     body.py
2 route (404, 405)      Flask                      8 validation                the resource's schemas
3 authentication        here                       9 idempotency               the resource's verb
4 subscription          here                      10 work                      the resource's verb
5 tier's window         (rate limits, to come)    11 request log               here, or with the work's own commit
6 endpoint's window     (rate limits, to come)
"""

import functools
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from flask import Response, g, jsonify, request

from functions.api.ports import Ports
from functions.api.request.body import read_json
from shared.api_keys.authenticate import authenticate
from shared.core.errors import ApiError, Detail, ServiceUnavailable, Unauthorized, ValidationFailed
from shared.core.ids import new_uuid
from shared.documents.document import Create
from shared.request_log.log_entry import log_entry
from shared.users.user import User

_log = logging.getLogger(__name__)
_IDEMPOTENCY_KEY = re.compile(r"[\x20-\x7e]{1,255}", re.ASCII)

# Who may call: a customer's program, a person signed in to the web app, or anybody.
Credential = Literal["api_key", "id_token", "anybody"]
# Whether a JSON body is read, and whether it may be left out.
Body = Literal["none", "required", "optional"]

View = Callable[..., Response]


@dataclass(frozen=True)
class Call:
    """A request that passed every step before its own validation. `user` is known by uid only for an ID token."""

    user: User
    api_key_id: str | None
    body: Mapping[str, Any]
    idempotency_key: str | None
    request_id: str

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
            status=status,
            started_at=g.started_at,
            now=ports.clock.now(),
            api_key_id=self.api_key_id,
            error_code=error_code,
        )


@dataclass(frozen=True)
class Reply:
    """What a route answers; `logged` if its own commit held the log entry."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    logged: bool = False


def endpoint(ports: Ports, *, credential: Credential, body: Body = "none") -> Callable[[Callable[..., Reply]], View]:
    """Guard a route. The route gets a `Call` first, and its path's parts by name."""

    def guard(route: Callable[..., Reply]) -> View:
        @functools.wraps(route)
        def guarded(**parts: str) -> Response:
            call = _admit(ports, credential)
            try:
                if body != "none":
                    call = _with_body(call, optional=body == "optional")
                reply = route(call, **parts)
            except ApiError as refusal:
                _keep_log(call, refusal.status, ports, refusal.code)
                raise
            except Exception:
                _keep_log(call, ApiError.status, ports, ApiError.code)
                raise
            if not reply.logged:
                _keep_log(call, reply.status, ports)
            response = jsonify(reply.body)
            response.status_code = reply.status
            response.headers.update(dict(reply.headers))
            return response

        cast("Any", guarded).credential = credential
        return guarded

    return guard


def _admit(ports: Ports, credential: Credential) -> Call:
    """Steps 3 and 4."""
    match credential:
        case "anybody":
            return Call(User(""), None, {}, None, g.request_id)
        case "id_token":
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not token:
                raise Unauthorized("Missing or invalid Firebase ID token")
            return Call(User(ports.id_tokens.verify(token)), None, {}, None, g.request_id)
        case "api_key":
            caller = authenticate(request.headers.get("soku-api-key"), documents=ports.documents)
            call = Call(caller.user, caller.api_key_id, {}, None, g.request_id)
            try:
                caller.user.require_subscription(ports.clock.now())
            except ApiError as refusal:
                _keep_log(call, refusal.status, ports, refusal.code)
                raise
            return call


def _with_body(call: Call, *, optional: bool) -> Call:
    """Step 7, and the header that step 9 needs."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and _IDEMPOTENCY_KEY.fullmatch(key) is None:
        message = "An Idempotency-Key has 1 to 255 printable ASCII characters"
        raise ValidationFailed(details=[Detail("headers.Idempotency-Key", message, "invalid_string")])
    if key is not None:
        call.echo_idempotency_key(key)
    return Call(call.user, call.api_key_id, read_json(request, optional=optional), key, call.request_id)


def _keep_log(call: Call, status: int, ports: Ports, error_code: str | None = None) -> None:
    """Step 11; an answer never fails for its log, nor waits for it when the database is silent anyway."""
    if not call.user.uid or status == ServiceUnavailable.status:
        return
    try:
        ports.documents.commit(call.log_entry(status, ports, error_code))
    except Exception as error:
        _log.warning("a request was not logged", extra={"requestId": call.request_id, "reason": repr(error)})
