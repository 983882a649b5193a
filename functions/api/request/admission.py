"""Who asks, and may they: authentication, subscription, and the customer's own log of what was asked."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from flask import g, request

from functions.api.ports import Ports
from shared.api_keys.authenticate import authenticate
from shared.core.errors import ApiError, ServiceUnavailable, Unauthorized
from shared.core.ids import new_uuid
from shared.documents.document import Create
from shared.request_log.log_entry import log_entry
from shared.users.user import User, user_path

_log = logging.getLogger(__name__)

# Who may call: a customer's program, a person signed in to the web app, or anybody.
Credential = Literal["api_key", "id_token", "anybody"]


@dataclass(frozen=True)
class Call:
    """A request that passed every step before the route's own. `body` is the JSON as
    it came, `given` the same as the route's model, `asked` the query likewise."""

    user: User
    api_key_id: str | None
    request_id: str
    body: Mapping[str, Any] = field(default_factory=dict)
    given: Any = None
    asked: Any = None
    idempotency_key: str | None = None

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


def admit(ports: Ports, credential: Credential) -> Call:
    """Raises Unauthorized, Forbidden, ServiceUnavailable."""
    match credential:
        case "anybody":
            return Call(User(""), None, g.request_id)
        case "id_token":
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not token:
                raise Unauthorized("Missing or invalid Firebase ID token")
            uid = ports.id_tokens.verify(token)
            [document] = ports.documents.get(user_path(uid))
            user = User.from_document(uid, document)
            user.require_enabled()
            return Call(user, None, g.request_id)
        case "api_key":
            caller = authenticate(request.headers.get("soku-api-key"), documents=ports.documents)
            call = Call(caller.user, caller.api_key_id, g.request_id)
            try:
                caller.user.require_subscription(ports.clock.now())
            except ApiError as refusal:
                keep_log(call, refusal.status, ports, refusal.code)
                raise
            return call


def keep_log(call: Call, status: int, ports: Ports, error_code: str | None = None) -> None:
    """An answer never fails for its log, nor waits for it when the database is silent anyway."""
    if not call.user.uid or status == ServiceUnavailable.status:
        return
    try:
        ports.documents.commit(call.log_entry(status, ports, error_code))
    except Exception as error:
        _log.warning("request.not_logged", extra={"requestId": call.request_id, "reason": repr(error)})
