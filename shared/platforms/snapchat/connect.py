"""Connecting a Snapchat Public Profile. The refresh token may change with every use, so whatever comes back is kept."""

from collections.abc import Sequence
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
    bearer_of,
    granted,
    scopes_of,
)
from shared.platforms.context import Context
from shared.platforms.credentials import Credentials
from shared.platforms.failure import PlatformFailure
from shared.platforms.snapchat.errors import read
from shared.platforms.snapchat.hosts import ACCOUNTS, API

SCOPES = ("snapchat-profile-api",)


def connector(context: Context, app: App) -> Connector:
    hosts = context.hosts

    def token(http: Http, form: dict[str, str]) -> dict[str, Any]:
        form = {"client_id": app.client_id, "client_secret": app.client_secret, **form}
        return asked(http, HttpRequest("POST", f"{hosts.at(ACCOUNTS)}/login/oauth2/access_token", form=form), "Snapchat")

    def authorize(request: Request) -> str:
        address = f"{hosts.at(ACCOUNTS)}/login/oauth2/authorize"
        return authorize_url(address, app, request, scope=" ".join(app.scopes or SCOPES))

    def profile_of(http: Http, credentials: Credentials) -> dict[str, Any]:
        url = f"{hosts.at(API)}/v1/public_profiles/my_profile"
        return _profile(read(http.send(HttpRequest("GET", url, headers=bearer_of(credentials.access_token)))))

    def probe(http: Http, credentials: Credentials) -> dict[str, Any]:
        if not profile_of(http, credentials):
            raise PlatformFailure("permission", "Snapchat shows no Public Profile for this account.")
        return {}

    def exchange(http: Http, grant: Grant) -> Sequence[Connected]:
        form = {"grant_type": "authorization_code", "code": grant.code, "redirect_uri": grant.redirect_uri}
        body = token(http, form)
        credentials = granted(body, "Snapchat", grant.now)
        profile = profile_of(http, credentials)
        if not profile:
            message = "This Snapchat account has no Public Profile."
            raise PlatformFailure("permission", message, remediation="Make the profile public in Snapchat, then connect again.")
        known = replace(credentials, platform_user_id=profile["id"], username=profile["snap_user_name"])
        return [Connected(profile["id"], profile["display_name"], known, scopes_of(body))]

    def refresh(http: Http, credentials: Credentials, now: datetime) -> Credentials:
        form = {"grant_type": "refresh_token", "refresh_token": credentials.refresh_token or ""}
        return granted(token(http, form), "Snapchat", now, before=credentials)

    return Connector("snapchat", False, authorize, exchange, refresh, needs=SCOPES, probe=probe)


def _profile(answer: dict[str, Any]) -> dict[str, Any]:
    """One object, as my_profile answers; in the list of one, as the same profile is answered elsewhere."""
    listed = answer.get("public_profiles") or [answer]
    return listed[0].get("public_profile") or {}
