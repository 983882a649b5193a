"""Connecting an account: a person is sent to the platform, comes back with a code, and that becomes accounts.

begin ─► oauthStates/{sha256(state)}: whose, which platform, 10 minutes ─► complete: used up, then exchanged
                                      ▲                                                  │
                                      └──────── the platform gave no answer that settles it

The state works once (again only where the platform settled nothing), and only for the user who began: nobody can slip his own
authorisation to somebody else.
"""

import hashlib
import logging
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared.accounts.connect import connect_account
from shared.core.clock import Clock
from shared.core.encryption import Cipher
from shared.core.errors import ConnectionRefused, Detail, NotFound, ServiceUnavailable, ValidationFailed
from shared.core.platforms import PLATFORMS
from shared.documents.document import REMOVE, Conflict, Create, Documents, Unavailable, Update, Version
from shared.http.client import Http, HttpAnswer, HttpRequest, NoAnswer, NotSent
from shared.platforms.connector import Connected, Connector, Grant, Request, challenge_of, new_verifier
from shared.platforms.failure import PlatformFailure

_log = logging.getLogger(__name__)

STATE_LIVES = timedelta(minutes=10)


@dataclass(frozen=True)
class ConnectPorts:
    """What connecting touches; `redirect_uri` is of one platform."""

    documents: Documents
    cipher: Cipher
    http: Http
    clock: Clock
    connectors: Mapping[str, Connector]

    def connector(self, platform: str) -> Connector:
        """Raises NotFound, or ValidationFailed where the operator has no app."""
        if platform not in PLATFORMS:
            raise NotFound(f"There is no platform {platform[:40]!r}: the platforms are called {', '.join(PLATFORMS)}")
        connector = self.connectors.get(platform)
        if connector is None:
            message = f"{PLATFORMS[platform]} is switched off here: the operator of this Soku has no app there."
            raise ValidationFailed(message, details=[Detail("path.platform", message, "custom", platform)])
        return connector


def begin(uid: str, platform: str, redirect_uri: str, ports: ConnectPorts) -> str:
    """The address to send the person to."""
    connector = ports.connector(platform)
    state = secrets.token_urlsafe(32)
    verifier = new_verifier() if connector.uses_pkce else None
    path = _state_path(state)
    sealed = ports.cipher.seal({"codeVerifier": verifier}, path=path)
    expires = ports.clock.now() + STATE_LIVES
    ports.documents.commit(Create(path, {"uid": uid, "platform": platform, "expireAt": expires, **sealed}))
    return connector.authorize_url(Request(state, redirect_uri, challenge_of(verifier) if verifier else None))


def complete(
    uid: str, platform: str, code: str, state: str, redirect_uri: str, ports: ConnectPorts, told: Collection[str] = ()
) -> Sequence[Connected]:
    """The accounts, connected; `told` as `connect_account` has it.

    Raises ValidationFailed for a state that is not this user's, ConnectionRefused by the platform."""
    connector = ports.connector(platform)
    again = f"Begin again with POST /v1/integrations/{platform}/connect."
    secret, version = _used_up(uid, platform, state, ports)
    watched = _Watched(ports.http)
    grant = Grant(code, redirect_uri, secret.get("codeVerifier"), ports.clock.now())
    try:
        connected = connector.exchange(watched, grant)
    except PlatformFailure as failure:
        shown = failure.without((code,))
        if failure.kind in ("transient", "throttled"):
            remedy = again if watched.was_redeemed else _give_back(state, version, ports)
            raise ServiceUnavailable(f"{shown.message.rstrip('.')}. {remedy}") from failure
        remedy = shown.remediation if shown.kind == "permission" else again
        raise ConnectionRefused(f"{shown.message.rstrip('.')}. {remedy}") from failure
    except (NotSent, NoAnswer) as error:
        remedy = again if watched.was_redeemed else _give_back(state, version, ports)
        raise ServiceUnavailable(f"{PLATFORMS[platform]} did not answer. {remedy}") from error
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ConnectionRefused(f"{PLATFORMS[platform]} answered without what makes an account. {again}") from error
    for one in connected:
        connect_account(
            uid,
            platform,
            one.account_id,
            one.credentials,
            display_name=one.display_name,
            scopes=one.scopes,
            facts=one.facts,
            needs=one.needs or connector.needs,
            renews=connector.can_renew(one.credentials),
            told=told,
            cipher=ports.cipher,
            documents=ports.documents,
            clock=ports.clock,
        )
    return connected


def _used_up(uid: str, platform: str, state: str, ports: ConnectPorts) -> tuple[Mapping[str, Any], Version]:
    """What was kept with the state, which works no more from now on; and the version at which that is so."""
    path = _state_path(state)
    [document] = ports.documents.get(path)
    if document is not None:
        fields = document.fields
        is_ours = fields["uid"] == uid and fields["platform"] == platform and "usedAt" not in fields
        if is_ours and fields["expireAt"] > ports.clock.now():
            try:
                used = ports.documents.commit(Update(path, {"usedAt": ports.clock.now()}, if_version=document.version))
                return ports.cipher.open(fields, path=path), used
            except Conflict:
                pass
    message = "This state is unknown, was used, has expired or is not yours: begin again with POST …/connect."
    raise ValidationFailed(message, details=[Detail("body.state", message, "custom")])


class _Watched:
    """The first request redeems the code: once it was granted, the code is good for nothing any more."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self.was_redeemed = False

    def send(self, request: HttpRequest) -> HttpAnswer:
        answer = self._http.send(request)
        self.was_redeemed |= 200 <= answer.status < 300
        return answer


def _give_back(state: str, version: Version, ports: ConnectPorts) -> str:
    """Where the code may still be good: if the platform has used it up all the same, it says so the next time. What to do now."""
    try:
        ports.documents.commit(Update(_state_path(state), {"usedAt": REMOVE}, if_version=version))
    except (Conflict, Unavailable):
        _log.info("state.not_given_back")
    return "Send the same once more, within ten minutes of beginning, or begin again."


def _state_path(state: str) -> str:
    return f"oauthStates/{hashlib.sha256(state.encode()).hexdigest()}"
