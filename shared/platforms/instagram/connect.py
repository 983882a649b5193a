"""Connecting a professional Instagram account by Instagram Login."""

from shared.core.settings import App
from shared.platforms.connector import Connector
from shared.platforms.hosts import INSTAGRAM_API, INSTAGRAM_GRAPH, INSTAGRAM_WEB, Hosts
from shared.platforms.meta.connect import Door
from shared.platforms.meta.connect import connector as through

SCOPES = ("instagram_business_basic", "instagram_business_content_publish", "instagram_business_manage_comments")


def connector(hosts: Hosts, app: App, version: str) -> Connector:
    door = Door(
        platform="instagram",
        label="Instagram",
        prefix="ig",
        authorize_at=f"{hosts.at(INSTAGRAM_WEB)}/oauth/authorize",
        code_at=f"{hosts.at(INSTAGRAM_API)}/oauth/access_token",
        token_at=hosts.at(INSTAGRAM_GRAPH),
        me_at=f"{hosts.at(INSTAGRAM_GRAPH)}/{version}/me",
        id_field="user_id",
        scopes=SCOPES,
    )
    return through(door, app)
