"""Publishes on Instagram. The public call is media_publish: it takes a container once, so the container tells the outcome."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from shared.core.text import words_of
from shared.media.media import MediaItem
from shared.platforms.context import Context
from shared.platforms.failure import PlatformFailure
from shared.platforms.instagram.hosts import GRAPH
from shared.platforms.instagram.options import Options
from shared.platforms.instagram.rules import CAPABILITY, validate
from shared.platforms.meta.containers import Containers, Dialect
from shared.platforms.meta.graph import Graph, url_of
from shared.platforms.options import alt_text
from shared.platforms.platform import FollowUp, Found, NotListed, Platform, Publication, View
from shared.platforms.rules import Draft

MAX_COMMENTS = 50


def publisher(context: Context) -> Platform:
    hosts = context.hosts

    def graph(publication: View) -> Graph:
        return Graph(publication, f"{hosts.at(GRAPH)}/{context.versions.graph}", "Instagram")

    containers = Containers(
        Dialect(
            label="Instagram",
            create_edge="media",
            publish_edge="media_publish",
            quota_edge="content_publishing_limit",
            text_field="caption",
            status_field="status_code",
            detail_field="status",
            file=_file,
            whole=_whole,
            listing_edge=lambda publication: "stories" if publication.draft.is_story else "media",
            graph=graph,
        )
    )

    def comment(publication: Publication, public: Sequence[str]) -> str:
        calls = graph(publication)
        text = Options.read(publication.draft.options).first_comment or ""
        return calls.id_of(calls.post(f"{public[0]}/comments", {"message": text}))

    def find_comment(publication: Publication, public: Sequence[str], since: datetime) -> Found | NotListed:
        calls, text = graph(publication), Options.read(publication.draft.options).first_comment
        shown = calls.get(f"{public[0]}/comments", fields="id,text,username,timestamp", limit=str(MAX_COMMENTS))
        return among(shown.get("data"), text, publication.account.username)

    def follow_ups(draft: Draft) -> Sequence[FollowUp]:
        wanted = Options.read(draft.options).first_comment
        return (FollowUp("firstComment", comment, find_comment),) if wanted else ()

    return containers.platform(CAPABILITY, validate, follow_ups)


def among(comments: Any, text: str | None, username: str) -> Found | NotListed:
    """The account's own comment among those of a post that was just made."""
    if not isinstance(comments, list):
        raise PlatformFailure("transient", "Instagram answered the comments with something else", http_status=200)
    shown = cast("list[Mapping[str, Any]]", comments)
    own = [one for one in shown if one.get("username") in (None, username)]
    same = [one for one in own if words_of(str(one.get("text", ""))) == words_of(text or "")]
    # Any other of the account's own may be this one, as Instagram changed it.
    return Found(str(same[0]["id"])) if same else NotListed(similar=bool(own) or len(shown) >= MAX_COMMENTS)


def _file(publication: Publication, item: MediaItem, position: int, in_carousel: bool) -> dict[str, str]:
    options = Options.read(publication.draft.options)
    kind = {"media_type": "STORIES"} if options.story else {}
    if item.kind == "image":
        described = alt_text(options.alt_text, position)
        return {**kind, "image_url": url_of(item), **({"alt_text": described} if described and not options.story else {})}
    if in_carousel:
        return {"media_type": "VIDEO", "video_url": url_of(item)}
    if options.story:
        return {**kind, "video_url": url_of(item)}
    cover = {"cover_url": url_of(publication.draft.cover)} if publication.draft.cover else {}
    return {"media_type": "REELS", "video_url": url_of(item), "share_to_feed": str(options.share_to_feed).lower(), **cover}


def _whole(publication: Publication) -> dict[str, str]:
    return {}
