"""Connecting a YouTube channel by Google's OAuth: offline access, and consent every time, or there is no refresh token."""

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
from shared.platforms.youtube.hosts import ACCOUNTS, API, OAUTH

SCOPES = ("https://www.googleapis.com/auth/youtube.upload", "https://www.googleapis.com/auth/youtube.readonly")


def connector(context: Context, app: App) -> Connector:
    hosts = context.hosts

    def token(http: Http, form: dict[str, str]) -> dict[str, Any]:
        form = {"client_id": app.client_id, "client_secret": app.client_secret, **form}
        return asked(http, HttpRequest("POST", f"{hosts.at(OAUTH)}/token", form=form), "YouTube")

    def authorize(request: Request) -> str:
        address = f"{hosts.at(ACCOUNTS)}/o/oauth2/v2/auth"
        scope = " ".join(app.scopes or SCOPES)
        return authorize_url(address, app, request, scope=scope, access_type="offline", prompt="consent")

    def channels_of(http: Http, credentials: Credentials) -> list[dict[str, Any]]:
        headers = bearer_of(credentials.access_token)
        params = {"part": "snippet", "mine": "true"}
        url = f"{hosts.at(API)}/youtube/v3/channels"
        return asked(http, HttpRequest("GET", url, headers=headers, params=params), "YouTube").get("items") or []

    def probe(http: Http, credentials: Credentials) -> dict[str, Any]:
        if not channels_of(http, credentials):
            raise PlatformFailure("permission", "YouTube shows no channel for this account.")
        return {}

    def exchange(http: Http, grant: Grant) -> Sequence[Connected]:
        form = {"grant_type": "authorization_code", "code": grant.code, "redirect_uri": grant.redirect_uri}
        body = token(http, {**form, "code_verifier": grant.verifier or ""})
        credentials = granted(body, "YouTube", grant.now)
        channels = channels_of(http, credentials)
        if not channels:
            message = "This Google account has no YouTube channel."
            raise PlatformFailure("permission", message, remediation="Create a channel on YouTube, then connect again.")
        channel_id, snippet = channels[0]["id"], channels[0]["snippet"]
        username = str(snippet.get("customUrl") or channel_id).removeprefix("@")
        known = replace(credentials, platform_user_id=channel_id, username=username)
        return [Connected(channel_id, snippet["title"], known, scopes_of(body))]

    def refresh(http: Http, credentials: Credentials, now: datetime) -> Credentials:
        form = {"grant_type": "refresh_token", "refresh_token": credentials.refresh_token or ""}
        return granted(token(http, form), "YouTube", now, before=credentials)

    def revoke(http: Http, credentials: Credentials) -> None:
        form = {"token": credentials.refresh_token or credentials.access_token}
        asked(http, HttpRequest("POST", f"{hosts.at(OAUTH)}/revoke", form=form), "YouTube")

    return Connector("youtube", True, authorize, exchange, refresh, revoke=revoke, needs=SCOPES, probe=probe)
