"""Connecting a TikTok account. The refresh token may change with every use, so whatever comes back is kept.

No PKCE: TikTok has it for apps on devices only.
"""

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
    bearer_of,
    granted,
    scopes_of,
)
from shared.platforms.context import Context
from shared.platforms.credentials import Credentials
from shared.platforms.tiktok.errors import read
from shared.platforms.tiktok.hosts import API, WEB

SCOPES = ("user.info.basic", "video.publish", "video.list")


def connector(context: Context, app: App) -> Connector:
    hosts = context.hosts

    def call(http: Http, path: str, form: dict[str, str]) -> dict[str, Any]:
        form = {"client_key": app.client_id, "client_secret": app.client_secret, **form}
        return asked(http, HttpRequest("POST", f"{hosts.at(API)}{path}", form=form), "TikTok")

    def creator_info(http: Http, credentials: Credentials) -> dict[str, Any]:
        headers = {**bearer_of(credentials.access_token), "Content-Type": "application/json; charset=UTF-8"}
        url = f"{hosts.at(API)}/v2/post/publish/creator_info/query/"
        return read(http.send(HttpRequest("POST", url, headers=headers, json={})))

    def facts(http: Http, credentials: Credentials) -> dict[str, Any]:
        return _facts(creator_info(http, credentials))

    def authorize(request: Request) -> str:
        scope = ",".join(app.scopes or SCOPES)
        address = f"{hosts.at(WEB)}/v2/auth/authorize/"
        return authorize_url(address, app, request, scope=scope, client_field="client_key")

    def exchange(http: Http, grant: Grant) -> Sequence[Connected]:
        form = {"grant_type": "authorization_code", "code": grant.code, "redirect_uri": grant.redirect_uri}
        body = call(http, "/v2/oauth/token/", form)
        credentials = granted(body, "TikTok", grant.now)
        creator = creator_info(http, credentials)
        known = replace(credentials, platform_user_id=body["open_id"], username=creator["creator_username"])
        name = creator.get("creator_nickname") or known.username
        return [Connected(body["open_id"], name, known, scopes_of(body), _facts(creator))]

    def refresh(http: Http, credentials: Credentials, now: datetime) -> Credentials:
        form = {"grant_type": "refresh_token", "refresh_token": credentials.refresh_token or ""}
        return granted(call(http, "/v2/oauth/token/", form), "TikTok", now, before=credentials)

    def revoke(http: Http, credentials: Credentials) -> None:
        call(http, "/v2/oauth/revoke/", {"token": credentials.access_token})

    return Connector("tiktok", False, authorize, exchange, refresh, revoke=revoke, facts=facts, needs=SCOPES[:2], probe=facts)


def _facts(creator: Mapping[str, Any]) -> dict[str, Any]:
    """What a web app has to show whoever posts (TikTok's content sharing guidelines); asked anew before each post."""
    names = {
        "nickname": "creator_nickname",
        "privacyLevels": "privacy_level_options",
        "commentDisabled": "comment_disabled",
        "duetDisabled": "duet_disabled",
        "stitchDisabled": "stitch_disabled",
        "maxVideoSeconds": "max_video_post_duration_sec",
    }
    return {name: creator[theirs] for name, theirs in names.items() if theirs in creator}
