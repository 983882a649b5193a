"""Connecting LinkedIn: the person, and, if the app may speak for organisations, each organisation that the person administers.

Only approved partners get refresh tokens; everybody else's accounts have to be connected again every 60 days.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from shared.core.settings import App
from shared.http.client import Http, HttpRequest, NoAnswer, NotSent
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
from shared.platforms.linkedin.hosts import API, WEB

_log = logging.getLogger(__name__)

SCOPES = ("openid", "profile", "w_member_social")
ORGANISATION_SCOPE = "w_organization_social"
# One of them is needed to ask which organisations a person speaks for.
ADMIN_SCOPES = frozenset({"r_organization_admin", "rw_organization_admin"})
# Who may write an organisation's posts.
ROLES = frozenset({"ADMINISTRATOR", "CONTENT_ADMINISTRATOR", "CONTENT_ADMIN", "DIRECT_SPONSORED_CONTENT_POSTER"})
# More organisations than a person speaks for; each costs a request for its name.
MAX_ORGANISATIONS = 50
PAGE, MAX_PAGES = 100, 10
_UNTOLD = (
    "LinkedIn did not tell which organisations you speak for, so none is connected. Ask the operator of this Soku whether its app "
    "has the scope r_organization_admin, then connect again"
)
_NO_ORGANISATIONS = "LinkedIn names no organisation whose posts you may write, so none is connected. An administrator can add you."
# URNs and names of organisations, and what their person is to know.
Told = tuple[list[tuple[str, str]], str | None]


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
            may_ask = not ADMIN_SCOPES.isdisjoint(scopes)
            told, note = _organisations(http, get, credentials.access_token) if may_ask else _untold("the scope is missing")
            connected = [replace(connected[0], notes=(note,) if note else ())]
            connected += [
                Connected(
                    urn.rpartition(":")[2],
                    name,
                    replace(credentials, platform_user_id=urn, username=name),
                    scopes,
                    needs=(ORGANISATION_SCOPE,),
                )
                for urn, name in told
            ]
        return connected

    def refresh(http: Http, credentials: Credentials, now: datetime) -> Credentials:
        form = {"grant_type": "refresh_token", "refresh_token": credentials.refresh_token or ""}
        return granted(token(http, form), "LinkedIn", now, before=credentials)

    def revoke(http: Http, credentials: Credentials) -> None:
        token(http, {"token": credentials.access_token}, "/oauth/v2/revoke")

    def probe(http: Http, credentials: Credentials) -> dict[str, Any]:
        # Of an organisation's account, too: its tokens are the person's.
        get(http, "v2/userinfo", credentials.access_token)
        return {}

    return Connector("linkedin", False, authorize, exchange, refresh, revoke=revoke, needs=("w_member_social",), probe=probe)


def _organisations(http: Http, get: Callable[..., dict[str, Any]], token: str) -> Told:
    """The organisations whose posts this person may write; none where LinkedIn refuses to tell, so that the person is connected all
    the same. What passes is raised: accounts that are to come back must not be left out without a word. The paths of single
    organisations are from memory."""
    try:
        urns = _administered(http, get, token)
    except PlatformFailure as failure:
        if failure.kind in ("transient", "throttled"):
            raise
        return _untold(failure.message)
    return [(urn, _name(http, get, token, urn)) for urn in urns], None if urns else _NO_ORGANISATIONS


def _untold(reason: str) -> Told:
    _log.warning("account.organisations_refused", extra={"platform": "linkedin", "reason": reason})
    return [], f"{_UNTOLD} ({reason})."


def _administered(http: Http, get: Callable[..., dict[str, Any]], token: str) -> list[str]:
    urns: dict[str, None] = {}
    for start in range(0, MAX_PAGES * PAGE, PAGE):
        params = {"q": "roleAssignee", "state": "APPROVED", "start": str(start), "count": str(PAGE)}
        elements = get(http, "rest/organizationAcls", token, params).get("elements") or []
        # The finder's documentation shows both names.
        may_post = [element for element in elements if element.get("role") in ROLES]
        urns |= {str(element.get("organization") or element.get("organizationTarget")): None for element in may_post}
        if len(elements) < PAGE:
            break
    return [urn for urn in urns if urn.startswith("urn:li:organization:")][:MAX_ORGANISATIONS]


def _name(http: Http, get: Callable[..., dict[str, Any]], token: str, urn: str) -> str:
    try:
        organisation = get(http, f"rest/organizations/{quote(urn.rpartition(':')[2], safe='')}", token)
    except (PlatformFailure, NotSent, NoAnswer):
        return urn
    return str(organisation.get("localizedName") or urn)
