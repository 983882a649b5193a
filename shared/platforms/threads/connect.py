"""Connecting a Threads account. A private profile's grant lapses after 90 days, whatever is done: the person has to repeat it."""

from shared.core.settings import App
from shared.platforms.connector import Connector
from shared.platforms.hosts import THREADS_GRAPH, THREADS_WEB, Hosts
from shared.platforms.meta.connect import Door
from shared.platforms.meta.connect import connector as through

SCOPES = ("threads_basic", "threads_content_publish")


def connector(hosts: Hosts, app: App, version: str) -> Connector:
    door = Door(
        platform="threads",
        label="Threads",
        prefix="th",
        authorize_at=f"{hosts.at(THREADS_WEB)}/oauth/authorize",
        code_at=f"{hosts.at(THREADS_GRAPH)}/oauth/access_token",
        token_at=hosts.at(THREADS_GRAPH),
        me_at=f"{hosts.at(THREADS_GRAPH)}/{version}/me",
        id_field="id",
        scopes=SCOPES,
    )
    return through(door, app)
