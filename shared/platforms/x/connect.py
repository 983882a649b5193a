"""Connecting an X account: authorization code with PKCE. Refresh tokens work once, so the new one is kept before anything else."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.core.settings import App
from shared.http.client import Http, HttpRequest
from shared.platforms.connector import (
    Connected,
    Connector,
    Grant,
    Request,
    asked,
    authorize_url,
    basic,
    bearer_of,
    granted,
    scopes_of,
)
from shared.platforms.context import Context
from shared.platforms.credentials import Credentials
from shared.platforms.failure import FailureKind
from shared.platforms.x.hosts import API, WEB

# As X calls the subscriptions that may post more; Basic is not among them.
PREMIUM = frozenset({"Premium", "PremiumPlus"})
SCOPES = ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access")


def _classify(code: str) -> FailureKind | None:
    """X says invalid_request where RFC 6749 has invalid_grant."""
    return "reauth" if code == "invalid_request" else None


def connector(context: Context, app: App) -> Connector:
    hosts = context.hosts

    def token(http: Http, form: dict[str, str], path: str = "/2/oauth2/token") -> dict[str, Any]:
        return asked(http, HttpRequest("POST", f"{hosts.at(API)}{path}", headers=basic(app), form=form), "X", _classify)

    def me(http: Http, credentials: Credentials) -> dict[str, Any]:
        params = {"user.fields": "subscription_type"}
        url, headers = f"{hosts.at(API)}/2/users/me", bearer_of(credentials.access_token)
        return asked(http, HttpRequest("GET", url, headers=headers, params=params), "X", _classify).get("data") or {}

    def facts(http: Http, credentials: Credentials) -> dict[str, Any]:
        return _facts(me(http, credentials))

    def authorize(request: Request) -> str:
        scope = " ".join(app.scopes or SCOPES)
        return authorize_url(f"{hosts.at(WEB)}/i/oauth2/authorize", app, request, scope=scope)

    def exchange(http: Http, grant: Grant) -> Sequence[Connected]:
        form = {"grant_type": "authorization_code", "code": grant.code, "redirect_uri": grant.redirect_uri}
        body = token(http, {**form, "code_verifier": grant.verifier or ""})
        credentials = granted(body, "X", grant.now)
        account = me(http, credentials)
        known = replace(credentials, platform_user_id=account["id"], username=account["username"])
        name = account.get("name") or account["username"]
        return [Connected(account["id"], name, known, scopes_of(body), _facts(account))]

    def refresh(http: Http, credentials: Credentials, now: datetime) -> Credentials:
        form = {"grant_type": "refresh_token", "refresh_token": credentials.refresh_token or ""}
        return granted(token(http, form), "X", now, before=credentials)

    def revoke(http: Http, credentials: Credentials) -> None:
        token(http, {"token": credentials.refresh_token or credentials.access_token}, "/2/oauth2/revoke")

    # As RFC 7009 has it; X's own pages do not say.
    return Connector(
        "x", True, authorize, exchange, refresh, revoke=revoke, revocation_is_per_grant=True, facts=facts, needs=SCOPES, probe=facts
    )


def _facts(account: Mapping[str, Any]) -> dict[str, Any]:
    """Whether longer texts and videos are taken; who says nothing of it has none."""
    return {"premium": str(account.get("subscription_type") or "None") in PREMIUM}
