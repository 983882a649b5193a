"""Publishes on Instagram. ☎ is media_publish: a container is published at most once, so the container itself tells the outcome."""

from datetime import datetime, timedelta
from typing import Any

from shared.platforms.failure import RETRYABLE, PlatformFailure
from shared.platforms.instagram.containers import Graph, not_a_status, prepare_containers
from shared.platforms.instagram.rules import CAPABILITY, judge
from shared.platforms.platform import Absent, Finding, Found, Platform, Publication, Published, Ready, Wait

# Our clock and Instagram's may differ by a little.
CLOCK_SKEW = timedelta(seconds=5)
# While Instagram says that it is still at it.
IN_PROGRESS_SECONDS = 10.0


class Instagram:
    """`graph_url` is https://graph.instagram.com/v25.0, or the sandbox's."""

    def __init__(self, graph_url: str) -> None:
        self._graph_url = graph_url

    def prepare(self, publication: Publication) -> Ready | Wait:
        return prepare_containers(publication, self._graph_url)

    def publish(self, publication: Publication) -> Published:
        return Published(Graph(publication, self._graph_url).publish(publication.handle["container"]))

    def find(self, publication: Publication) -> Finding:
        graph = Graph(publication, self._graph_url)
        status, _ = graph.status(publication.handle["container"])
        if status == "IN_PROGRESS":
            return Wait(IN_PROGRESS_SECONDS, "Instagram is publishing")
        if status in ("FINISHED", "ERROR", "EXPIRED"):
            return Absent()
        if status != "PUBLISHED":
            raise not_a_status(status)
        try:
            ours = [media for media in graph.newest() if _is_ours(media, publication)]
        except PlatformFailure as failure:
            if failure.kind in RETRYABLE:
                raise
            return Found(None)
        # Several posts alike: it is published, but which of them it is nobody can say.
        return Found(ours[0]["id"], ours[0].get("permalink")) if len(ours) == 1 else Found(None)

    def permalink(self, publication: Publication, post_id: str) -> str | None:
        return Graph(publication, self._graph_url).permalink(post_id)

    def as_platform(self) -> Platform:
        return Platform(CAPABILITY, judge, self.prepare, self.publish, self.find, self.permalink)


def _is_ours(media: dict[str, Any], publication: Publication) -> bool:
    posted_at = datetime.strptime(media["timestamp"], "%Y-%m-%dT%H:%M:%S%z")
    return (media.get("caption") or "") == publication.draft.text and posted_at >= publication.search_from - CLOCK_SKEW
