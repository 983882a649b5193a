"""Publishes on Threads. The public call is threads_publish: it takes a container once, so the container tells the outcome."""

from shared.media.media import MediaItem
from shared.platforms.context import Context
from shared.platforms.meta.containers import Containers, Dialect
from shared.platforms.meta.graph import Graph, url_of
from shared.platforms.options import alt_text
from shared.platforms.platform import Platform, Publication
from shared.platforms.threads.hosts import GRAPH
from shared.platforms.threads.options import Options
from shared.platforms.threads.rules import CAPABILITY, validate


def publisher(context: Context) -> Platform:
    hosts = context.hosts
    containers = Containers(
        Dialect(
            label="Threads",
            create_edge="threads",
            publish_edge="threads_publish",
            quota_edge="threads_publishing_limit",
            text_field="text",
            status_field="status",
            detail_field="error_message",
            file=_file,
            whole=_whole,
            listing_edge=lambda _: "threads",
            graph=lambda publication: Graph(
                publication, f"{hosts.at(GRAPH)}/{context.versions.threads}", "Threads", token_in_parameters=True
            ),
        )
    )
    return containers.platform(CAPABILITY, validate)


def _file(publication: Publication, item: MediaItem, position: int, in_carousel: bool) -> dict[str, str]:
    described = alt_text(Options.read(publication.draft.options).alt_text, position)
    words = {"alt_text": described} if described else {}
    if item.kind == "image":
        return {"media_type": "IMAGE", "image_url": url_of(item), **words}
    return {"media_type": "VIDEO", "video_url": url_of(item), **words}


def _whole(publication: Publication) -> dict[str, str]:
    control = Options.read(publication.draft.options).reply_control
    return {"reply_control": control} if control else {}
