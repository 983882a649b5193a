"""Connecting Instagram and Threads: a code for an hour's token, that for one of 60 days, which renews itself while it is good.

There is no refresh token: the access token is exchanged for another one, from when it is a day old until it lapses.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared.core.settings import App
from shared.http.client import Http, HttpRequest
from shared.platforms.connector import Connected, Connector, Grant, Request, asked, authorize_url, granted
from shared.platforms.credentials import Credentials
from shared.platforms.meta.errors import classify_code


@dataclass(frozen=True)
class Door:
    """Where one of the two does what. `prefix` begins the names of its grants: ig_exchange_token, th_refresh_token."""

    platform: str
    label: str
    prefix: str
    authorize_at: str
    code_at: str
    token_at: str
    me_at: str
    id_field: str
    scopes: tuple[str, ...]
    # Of what an account may publish in a day, below the version.
    quota_edge: str
    needs: tuple[str, ...]


def connector(door: Door, app: App) -> Connector:
    def get(http: Http, url: str, params: dict[str, str]) -> dict[str, Any]:
        return asked(http, HttpRequest("GET", url, params=params), door.label, classify_code)

    def authorize(request: Request) -> str:
        return authorize_url(door.authorize_at, app, request, scope=",".join(app.scopes or door.scopes))

    def exchange(http: Http, grant: Grant) -> Sequence[Connected]:
        form = {
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "grant_type": "authorization_code",
            "redirect_uri": grant.redirect_uri,
            # Instagram's and Threads' redirects end in #_, which some browsers hand on with the code.
            "code": grant.code.removesuffix("#_"),
        }
        first = asked(http, HttpRequest("POST", door.code_at, form=form), door.label, classify_code)
        # Newer answers of Instagram's hold a list of one.
        first = first["data"][0] if isinstance(first.get("data"), list) and first["data"] else first
        short = granted(first, door.label, grant.now).access_token
        params = {"grant_type": f"{door.prefix}_exchange_token", "client_secret": app.client_secret, "access_token": short}
        credentials = granted(get(http, f"{door.token_at}/access_token", params), door.label, grant.now)
        fields = f"{door.id_field},username"
        me = get(http, door.me_at, {"fields": fields, "access_token": credentials.access_token})
        known = replace(credentials, platform_user_id=str(me[door.id_field]), username=me["username"])
        return [Connected(known.platform_user_id, known.username, known, _granted(first) or app.scopes or door.scopes)]

    def refresh(http: Http, credentials: Credentials, now: datetime) -> Credentials:
        params = {"grant_type": f"{door.prefix}_refresh_token", "access_token": credentials.access_token}
        return granted(get(http, f"{door.token_at}/refresh_access_token", params), door.label, now, before=credentials)

    def probe(http: Http, credentials: Credentials) -> dict[str, Any]:
        url = f"{door.me_at.removesuffix('/me')}/{credentials.platform_user_id}/{door.quota_edge}"
        answer = get(http, url, {"fields": "quota_usage,config", "access_token": credentials.access_token})
        return quota_of(answer)

    refreshed = Connector(door.platform, False, authorize, exchange, refresh, renews_refused=False)
    return replace(refreshed, needs=door.needs, probe=probe)


def _granted(first: dict[str, Any]) -> tuple[str, ...]:
    """What the person has granted, as Instagram says beside the token; Threads says nothing of it."""
    told = first.get("permissions")
    return tuple(str(told).replace(",", " ").split()) if isinstance(told, str) else tuple(map(str, told or ()))


def quota_of(answer: dict[str, Any]) -> dict[str, Any]:
    """{quotaUsed, quotaTotal} of the last 24 hours; nothing where Meta tells nothing."""
    data = answer.get("data")
    entry: dict[str, Any] = data[0] if isinstance(data, list) and data and isinstance(data[0], dict) else {}
    used, total = entry.get("quota_usage"), (entry.get("config") or {}).get("quota_total")
    return {"quotaUsed": used, "quotaTotal": total} if isinstance(used, int) and isinstance(total, int) else {}
