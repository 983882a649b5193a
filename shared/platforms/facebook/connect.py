"""Connecting Facebook Pages: each page that the person administers becomes an account, its token of its own and without an end.

Nobody can renew a page's token, nor revoke it but the person, in Facebook's settings.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from shared.core.settings import App
from shared.http.client import Http, HttpRequest, NoAnswer, NotSent
from shared.platforms.connector import Connected, Connector, Grant, Request, asked, authorize_url, bearer_of, granted
from shared.platforms.context import Context
from shared.platforms.credentials import Credentials
from shared.platforms.facebook.hosts import GRAPH, WEB
from shared.platforms.failure import PlatformFailure
from shared.platforms.meta.errors import classify_code

_log = logging.getLogger(__name__)

SCOPES = ("pages_show_list", "pages_manage_posts", "pages_read_engagement", "business_management")
MAX_PAGES = 20

Get = Callable[[Http, str, dict[str, str], str], dict[str, Any]]


def connector(context: Context, app: App) -> Connector:
    hosts = context.hosts
    graph = f"{hosts.at(GRAPH)}/{context.versions.graph}"

    def get(http: Http, path: str, params: dict[str, str], token: str | None = None) -> dict[str, Any]:
        headers = bearer_of(token) if token else {}
        return asked(http, HttpRequest("GET", f"{graph}/{path}", headers=headers, params=params), "Facebook", classify_code)

    def authorize(request: Request) -> str:
        scope = ",".join(app.scopes or SCOPES)
        return authorize_url(f"{hosts.at(WEB)}/{context.versions.graph}/dialog/oauth", app, request, scope=scope)

    def exchange(http: Http, grant: Grant) -> Sequence[Connected]:
        secret = {"client_id": app.client_id, "client_secret": app.client_secret}
        first = get(http, "oauth/access_token", {**secret, "redirect_uri": grant.redirect_uri, "code": grant.code})
        short = granted(first, "Facebook", grant.now).access_token
        long_form = {**secret, "grant_type": "fb_exchange_token", "fb_exchange_token": short}
        person = granted(get(http, "oauth/access_token", long_form), "Facebook", grant.now)
        pages = _pages(http, get, person.access_token)
        scopes = _granted(http, get, person.access_token)
        if not pages:
            message = "Facebook named no page that this person may publish to."
            raise PlatformFailure("permission", message, remediation="Connect again and choose at least one page.")
        return [
            Connected(
                page["id"],
                page["name"],
                Credentials(page["access_token"], page["id"], page["name"], issued_at=grant.now),
                scopes or app.scopes or SCOPES,
            )
            for page in pages
        ]

    def probe(http: Http, credentials: Credentials) -> dict[str, Any]:
        get(http, credentials.platform_user_id, {"fields": "id"}, credentials.access_token)
        return {}

    return Connector("facebook", False, authorize, exchange, renews_refused=False, needs=SCOPES[:3], probe=probe)


def _granted(http: Http, get: Get, token: str) -> tuple[str, ...]:
    """What the person has left ticked; nothing where Facebook does not tell, so that the pages are connected all the same."""
    try:
        told: list[dict[str, Any]] = get(http, "me/permissions", {}, token).get("data") or []
    except (PlatformFailure, NotSent, NoAnswer) as error:
        _log.warning("account.scopes_unknown", extra={"platform": "facebook", "reason": str(error)})
        return ()
    return tuple(str(one["permission"]) for one in told if one.get("status") == "granted")


def _pages(http: Http, get: Get, token: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    for _ in range(MAX_PAGES):
        answer = get(http, "me/accounts", {"fields": "id,name,access_token", "limit": "100", **after}, token)
        found += [page for page in answer.get("data") or [] if page.get("access_token")]
        paging = answer.get("paging") or {}
        if not paging.get("next"):
            break
        after = {"after": paging["cursors"]["after"]}
    return found
