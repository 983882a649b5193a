"""Connecting an account by OAuth, as every platform does it in its own words; `platforms/<name>/connect.py` has the words.

authorize_url ─► the person consents there ─► code ─► exchange ─► accounts with their tokens ─► refresh … revoke
"""

import base64
import hashlib
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from shared.core.settings import App
from shared.http.client import Http, HttpAnswer, HttpRequest, NoAnswer, NotSent
from shared.platforms.credentials import Credentials
from shared.platforms.failure import FailureKind, PlatformFailure


@dataclass(frozen=True)
class Request:
    """What is asked of the platform for one person. `challenge` is PKCE's, S256; None where the platform has no PKCE."""

    state: str
    redirect_uri: str
    challenge: str | None


@dataclass(frozen=True)
class Grant:
    """What the person brought back; `verifier` is PKCE's other half."""

    code: str
    redirect_uri: str
    verifier: str | None
    now: datetime


@dataclass(frozen=True)
class Connected:
    """One account to publish to: a profile, a page, an organisation. `account_id` is the platform's own id of it."""

    account_id: str
    display_name: str
    credentials: Credentials
    scopes: tuple[str, ...] = field(default_factory=tuple)
    # What posts to it are judged by, where the platform tells.
    facts: Mapping[str, Any] = field(default_factory=dict)
    # Scopes without which nothing can be published to it, where these are others than the connector's.
    needs: tuple[str, ...] = ()
    # What its person is to know.
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Connector:
    """`refresh` is None where tokens cannot be renewed; `revoke` where the platform lets nobody but the person end it.

    `renews_refused`: a token that the platform refuses may still be exchanged for a good one, by a refresh token beside it.
    `facts` asks anew for what came with the account (Connected).
    `needs` are the scopes without which nothing can be published. `probe` asks something small, read-only: whether the tokens work,
    and what the platform says of the account at this moment (`quotaUsed`, `quotaTotal`; or the facts). It raises PlatformFailure.
    `revocation_is_per_grant`: revoking a consent's tokens leaves alone what a later consent of the same person brought.
    All raise PlatformFailure, NotSent or NoAnswer.
    """

    platform: str
    uses_pkce: bool
    authorize_url: Callable[[Request], str]
    exchange: Callable[[Http, Grant], Sequence[Connected]]
    refresh: Callable[[Http, Credentials, datetime], Credentials] | None = None
    renews_refused: bool = True
    revoke: Callable[[Http, Credentials], None] | None = None
    revocation_is_per_grant: bool = False
    facts: Callable[[Http, Credentials], Mapping[str, Any]] | None = None
    needs: tuple[str, ...] = ()
    probe: Callable[[Http, Credentials], Mapping[str, Any]] | None = None

    def can_renew(self, credentials: Credentials) -> bool:
        """Without the person: by a refresh token, or, where `renews_refused` is False, by the access token while it is good."""
        return self.refresh is not None and (credentials.refresh_token is not None or not self.renews_refused)


_log = logging.getLogger(__name__)

# A platform's own word on an error code of its authorization server; None where RFC 6749 and the HTTP status decide.
Classify = Callable[[str], FailureKind | None]


def no_codes_of_its_own(code: str) -> FailureKind | None:
    return None


_DEAD_GRANT = ("invalid_grant", "invalid_token", "access_token_invalid")
_PASSING = ("temporarily_unavailable", "server_error", "slow_down")
_OPERATORS_FAULT = ("invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type")


def new_verifier() -> str:
    return secrets.token_urlsafe(48)


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def authorize_url(address: str, app: App, request: Request, *, scope: str, client_field: str = "client_id", **more: str) -> str:
    parameters = {
        client_field: app.client_id,
        "redirect_uri": request.redirect_uri,
        "response_type": "code",
        "scope": scope,
        "state": request.state,
        **({"code_challenge": request.challenge, "code_challenge_method": "S256"} if request.challenge else {}),
        **more,
    }
    return f"{address}?{urlencode(parameters)}"


def asked(http: Http, request: HttpRequest, label: str, classify: Classify = no_codes_of_its_own) -> dict[str, Any]:
    """The answer of an authorization server. Raises PlatformFailure, of kind reauth only where it says that the grant is dead."""
    answer = http.send(request)
    body = answer.json()
    error = body.get("error")
    if 200 <= answer.status < 300 and not (error and error != "ok" and not body.get("access_token")):
        return body
    raise _refusal(answer, label, classify)


def _refusal(answer: HttpAnswer, label: str, classify: Classify) -> PlatformFailure:
    body = answer.json()
    error: Any = body.get("error")
    nested: dict[str, Any] = error if isinstance(error, dict) else {}
    code = str(nested.get("code") or error or answer.status)
    message = str(body.get("error_description") or nested.get("message") or body.get("error_message") or "no reason given")
    kind = _kind(answer.status, code, classify(code), is_transient=bool(nested.get("is_transient")))
    if code in _OPERATORS_FAULT:
        _log.error("platform.app_refused", extra={"platform": label, "code": code, "reason": message})
    return PlatformFailure(kind, f"{label}: {message}", platform_code=code, platform_message=message, http_status=answer.status)


def _kind(status: int, code: str, known: FailureKind | None, *, is_transient: bool) -> FailureKind:
    if status == 429 or known == "throttled":
        return "throttled"
    if status >= 500 or status == 408 or code in _PASSING or is_transient or known == "transient":
        return "transient"
    # RFC 6749 §5.2; a resource asked with a token that is not taken answers 401.
    dead = code in _DEAD_GRANT or known == "reauth"
    return "reauth" if dead or (status == 401 and code not in _OPERATORS_FAULT) else "rejected"


def granted(body: dict[str, Any], label: str, now: datetime, *, before: Credentials | None = None) -> Credentials:
    """Tokens as the answer names them; what it leaves out (a refresh token that stays, who the account is) is as `before`."""
    token = body.get("access_token")
    if not isinstance(token, str) or not token:
        raise PlatformFailure("transient", f"{label} answered without an access token")
    lifetime = body.get("expires_in")
    return Credentials(
        access_token=token,
        platform_user_id=before.platform_user_id if before else "",
        username=before.username if before else "",
        refresh_token=body.get("refresh_token") or (before.refresh_token if before else None),
        issued_at=now,
        expires_at=now + timedelta(seconds=float(lifetime)) if lifetime else None,
        granted_by=before.granted_by if before else None,
    )


def revoke(http: Http, connector: Connector, credentials: Credentials) -> bool:
    """Whether the platform ended these tokens. Nobody has a use for them any more, so that a refusal is only noted."""
    if connector.revoke is None:
        return False
    try:
        connector.revoke(http, credentials)
    except PlatformFailure as failure:
        reason = failure.without(credentials.secrets).message
    except (NotSent, NoAnswer) as error:
        reason = str(error)
    else:
        return True
    _log.warning("account.tokens_not_revoked", extra={"platform": connector.platform, "reason": reason})
    return False


def scopes_of(body: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(body.get("scope") or "").replace(",", " ").split())


def bearer_of(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def basic(app: App) -> dict[str, str]:
    encoded = base64.b64encode(f"{app.client_id}:{app.client_secret}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}
