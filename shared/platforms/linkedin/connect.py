"""Connecting LinkedIn: the person, and, if the app may speak for organisations, each organisation that the person administers.

Only approved partners get refresh tokens; everybody else's accounts have to be connected again every 60 days.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

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
from shared.platforms.linkedin.hosts import API, WEB

SCOPES = ("openid", "profile", "w_member_social")
ORGANISATION_SCOPE = "w_organization_social"


def connector(context: Context, app: App) -> Connector:
    hosts = context.hosts

    def token(http: Http, form: dict[str, str], path: str = "/oauth/v2/accessToken") -> dict[str, Any]:
        form = {"client_id": app.client_id, "client_secret": app.client_secret, **form}
        return asked(http, HttpRequest("POST", f"{hosts.at(WEB)}{path}", form=form), "LinkedIn")

    def get(http: Http, path: str, token: str, params: dict[str, str] | None = None) -> dict[str, Any]:
        headers = {**bearer_of(token), "LinkedIn-Version": context.versions.linkedin, "X-Restli-Protocol-Version": "2.0.0"}
        return asked(http, HttpRequest("GET", f"{hosts.at(API)}/{path}", headers=headers, params=params or {}), "LinkedIn")

    def authorize(request: Request) -> str:
        address = f"{hosts.at(WEB)}/oauth/v2/authorization"
        return authorize_url(address, app, request, scope=" ".join(app.scopes or SCOPES))

    def exchange(http: Http, grant: Grant) -> Sequence[Connected]:
        form = {"grant_type": "authorization_code", "code": grant.code, "redirect_uri": grant.redirect_uri}
        body = token(http, form)
        credentials, scopes = granted(body, "LinkedIn", grant.now), scopes_of(body)
        person = get(http, "v2/userinfo", credentials.access_token)
        person_urn = f"urn:li:person:{person['sub']}"
        credentials = replace(credentials, platform_user_id=person_urn, username=person["name"], granted_by=person_urn)
        connected = [Connected(person["sub"], person["name"], credentials, scopes)]
        if ORGANISATION_SCOPE in scopes:
            connected += [
                Connected(urn.rpartition(":")[2], name, replace(credentials, platform_user_id=urn, username=name), scopes)
                for urn, name in _organisations(http, get, credentials.access_token)
            ]
        return connected

    def refresh(http: Http, credentials: Credentials, now: datetime) -> Credentials:
        form = {"grant_type": "refresh_token", "refresh_token": credentials.refresh_token or ""}
        return granted(token(http, form), "LinkedIn", now, before=credentials)

    def revoke(http: Http, credentials: Credentials) -> None:
        token(http, {"token": credentials.access_token}, "/oauth/v2/revoke")

    return Connector("linkedin", False, authorize, exchange, refresh, revoke=revoke)


def _organisations(http: Http, get: Callable[..., dict[str, Any]], token: str) -> list[tuple[str, str]]:
    """URNs and names of the organisations whose posts this person may write. The two paths are from memory."""
    params = {"q": "roleAssignee", "role": "ADMINISTRATOR", "state": "APPROVED"}
    found: list[tuple[str, str]] = []
    for element in get(http, "rest/organizationAcls", token, params).get("elements") or []:
        urn = str(element["organization"])
        organisation = get(http, f"rest/organizations/{quote(urn.rpartition(':')[2], safe='')}", token)
        found.append((urn, str(organisation.get("localizedName") or urn)))
    return found
