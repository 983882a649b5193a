"""Connecting a professional Instagram account by Instagram Login."""

from shared.core.settings import App
from shared.platforms.connector import Connector
from shared.platforms.context import Context
from shared.platforms.instagram.hosts import API, GRAPH, WEB
from shared.platforms.meta.connect import Door
from shared.platforms.meta.connect import connector as through

SCOPES = ("instagram_business_basic", "instagram_business_content_publish", "instagram_business_manage_comments")


def connector(context: Context, app: App) -> Connector:
    hosts = context.hosts
    door = Door(
        platform="instagram",
        label="Instagram",
        prefix="ig",
        authorize_at=f"{hosts.at(WEB)}/oauth/authorize",
        code_at=f"{hosts.at(API)}/oauth/access_token",
        token_at=hosts.at(GRAPH),
        me_at=f"{hosts.at(GRAPH)}/{context.versions.graph}/me",
        id_field="user_id",
        scopes=SCOPES,
        quota_edge="content_publishing_limit",
        needs=SCOPES[:2],
    )
    return through(door, app)
