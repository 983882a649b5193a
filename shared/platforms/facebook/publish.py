"""Publishes on a Facebook Page. Which call is the public one depends on the kind of post, and so does how its outcome is found:

post      POST /{page}/feed, its photos uploaded before without being published     newest posts, by text and photos
video     POST /{page}/videos                                                       newest videos, by text; then its status
reel      video_reels, finish: the video's id is known before                       the video's status
story     photo_stories, or video_stories finish                                    the page's stories, by photo or video
"""

from shared.core.wait import Wait
from shared.platforms.context import Context
from shared.platforms.facebook import post, reel, story, video
from shared.platforms.facebook.calls import Calls, address_of
from shared.platforms.facebook.calls import listed as posts_on
from shared.platforms.facebook.hosts import GRAPH
from shared.platforms.facebook.options import Options
from shared.platforms.facebook.rules import CAPABILITY, is_reel, validate
from shared.platforms.meta.graph import Graph
from shared.platforms.platform import Finding, Listed, Platform, Publication, Published, Ready, View

_KINDS = {"post": post, "video": video, "reel": reel, "story": story}


def publisher(context: Context) -> Platform:
    hosts = context.hosts

    def graph(view: View) -> Graph:
        return Graph(view, f"{hosts.at(GRAPH)}/{context.versions.graph}", "Facebook")

    def calls(publication: Publication) -> Calls:
        return Calls(publication, graph(publication), hosts, Options.read(publication.draft.options))

    def prepare(publication: Publication) -> Ready | Wait:
        # Saved, so that a video is looked for as what it was sent as: later, nothing about it may have been measured yet.
        if publication.draft.video is not None and "kind" not in publication.handle:
            publication.save(kind=_kind(publication))
        return _KINDS[_kind(publication)].prepare(calls(publication))

    def publish(publication: Publication) -> Published | Wait:
        return _KINDS[_kind(publication)].publish(calls(publication))

    def find(publication: Publication) -> Finding:
        return _KINDS[_kind(publication)].find(calls(publication))

    def permalink(publication: Publication, post_id: str) -> str | None:
        return address_of(calls(publication).graph.get(post_id, fields="permalink_url"))

    def listed(publication: View) -> list[Listed]:
        """Of a video nobody may know any more that it is one: posts and videos together."""
        edges = ["stories"] if _kind(publication) == "story" else ["published_posts", "videos"]
        found = [one for edge in edges for one in posts_on(graph(publication), edge)]
        return sorted(found, key=lambda one: one.at, reverse=True)

    return Platform(CAPABILITY, validate, prepare, publish, find, permalink, listed=listed)


def _kind(publication: View) -> str:
    draft = publication.draft
    if "kind" in publication.handle:
        return publication.handle["kind"]
    if draft.is_story:
        return "story"
    return "post" if draft.video is None else "reel" if is_reel(draft) else "video"
