"""Connecting a Threads account. A private profile's grant lapses after 90 days, whatever is done: the person has to repeat it."""

from shared.core.settings import App
from shared.platforms.connector import Connector
from shared.platforms.context import Context
from shared.platforms.meta.connect import Door
from shared.platforms.meta.connect import connector as through
from shared.platforms.threads.hosts import GRAPH, WEB

SCOPES = ("threads_basic", "threads_content_publish")


def connector(context: Context, app: App) -> Connector:
    hosts = context.hosts
    door = Door(
        platform="threads",
        label="Threads",
        prefix="th",
        authorize_at=f"{hosts.at(WEB)}/oauth/authorize",
        code_at=f"{hosts.at(GRAPH)}/oauth/access_token",
        token_at=hosts.at(GRAPH),
        me_at=f"{hosts.at(GRAPH)}/{context.versions.threads}/me",
        id_field="id",
        scopes=SCOPES,
        quota_edge="threads_publishing_limit",
        needs=SCOPES,
    )
    return through(door, app)
