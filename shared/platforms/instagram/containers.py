"""Makes what is to be published: one container, or a carousel of them, and asks until they are finished.

Handle: `children` = container ids in order, `finished` = how many of them are known to be, `container` = the one to publish,
`polls` = how often it was asked about. A container lives 24 h; a new one costs nothing but one of 400 a day.
"""

from typing import Any

from shared.media.media import MediaItem
from shared.platforms.failure import PlatformFailure
from shared.platforms.http import HttpRequest
from shared.platforms.instagram.errors import failure_of, failure_of_container
from shared.platforms.platform import Publication, Ready, Wait

# Images are usually finished at once; a long reel takes minutes: 5 s three times, then 15 s, then every minute, for an hour.
_POLL_SECONDS = (5.0, 5.0, 5.0, 15.0, 15.0, 15.0)
_LATER_POLL_SECONDS = 60.0
MAX_POLLS = 70


def prepare_containers(publication: Publication, graph_url: str) -> Ready | Wait:
    """Until the container in the handle is FINISHED."""
    graph = Graph(publication, graph_url)
    media = publication.draft.media
    if len(media) > 1:
        waiting = _prepare_children(publication, graph)
        if waiting is not None:
            return waiting
    if "container" not in publication.handle:
        publication.save(container=graph.create(_parameters(publication)), polls=0)
    return _await_finished(publication, graph, publication.handle["container"])


def _prepare_children(publication: Publication, graph: "Graph") -> Wait | None:
    children: list[str] = list(publication.handle.get("children", []))
    for item in publication.draft.media[len(children) :]:
        children.append(graph.create({**_file(publication, item, in_carousel=True), "is_carousel_item": "true"}))
        publication.save(children=children, polls=0)
    finished = publication.handle.get("finished", 0)
    while finished < len(children):
        state = _await_finished(publication, graph, children[finished])
        if isinstance(state, Wait):
            return state
        finished += 1
        publication.save(finished=finished, polls=0)
    return None


def _parameters(publication: Publication) -> dict[str, str]:
    caption = {"caption": publication.draft.text} if publication.draft.text else {}
    if len(publication.draft.media) > 1:
        return {"media_type": "CAROUSEL", "children": ",".join(publication.handle["children"]), **caption}
    parameters = {**_file(publication, next(iter(publication.draft.media)), in_carousel=False), **caption}
    if publication.draft.cover is not None:
        parameters["cover_url"] = _url(publication, publication.draft.cover)
    return parameters


def _file(publication: Publication, item: MediaItem, *, in_carousel: bool) -> dict[str, str]:
    url = _url(publication, item)
    if item.kind == "image":
        return {"image_url": url}
    if in_carousel:
        return {"media_type": "VIDEO", "video_url": url}
    return {"media_type": "REELS", "video_url": url, "share_to_feed": "true"}


def _await_finished(publication: Publication, graph: "Graph", container: str) -> Ready | Wait:
    status, text = graph.status(container)
    match status:
        case "FINISHED" | "PUBLISHED":
            return Ready()
        case "IN_PROGRESS":
            polls = publication.handle.get("polls", 0)
            if polls >= MAX_POLLS:
                message = "Instagram did not finish processing the media within an hour."
                raise PlatformFailure(
                    "media_invalid", message, code="processing_timeout", remediation="Try a shorter or smaller file."
                )
            publication.save(polls=polls + 1)
            seconds = _POLL_SECONDS[polls] if polls < len(_POLL_SECONDS) else _LATER_POLL_SECONDS
            return Wait(seconds, "Instagram is processing the media")
        case "EXPIRED":
            start_over(publication)
            return Wait(0.0, "Instagram's container expired; making a new one")
        case "ERROR":
            start_over(publication)
            raise failure_of_container(text)
        case _:
            raise not_a_status(status)


def not_a_status(status: str) -> PlatformFailure:
    return PlatformFailure("transient", f"Instagram answered {status!r} where a container's status was expected", http_status=200)


def start_over(publication: Publication) -> None:
    publication.save(children=None, finished=None, container=None, polls=None)


def _url(publication: Publication, item: MediaItem) -> str:
    """Instagram pulls, and only ever from our own storage."""
    if item.stored is None:
        raise PlatformFailure("bug", f"{item.field} was not copied before publishing")
    return item.stored.url


class Graph:
    """The calls on one Instagram account; `graph_url` ends in the version."""

    def __init__(self, publication: Publication, graph_url: str) -> None:
        self._publication = publication
        self._url = graph_url
        self._user = publication.account.platform_user_id

    def create(self, parameters: dict[str, str]) -> str:
        """A new container's id."""
        answer = self._call("POST", f"{self._user}/media", form=parameters)
        return _id_of(answer)

    def status(self, container: str) -> tuple[str, str]:
        """`status_code` and the text that explains it."""
        answer = self._call("GET", container, params={"fields": "status_code,status"})
        return str(answer.get("status_code", "")), str(answer.get("status", ""))

    def publish(self, container: str) -> str:
        """☎ The new media's id."""
        return _id_of(self._call("POST", f"{self._user}/media_publish", form={"creation_id": container}))

    def newest(self) -> list[dict[str, Any]]:
        fields = "id,caption,permalink,timestamp"
        return self._call("GET", f"{self._user}/media", params={"fields": fields, "limit": "25"}).get("data") or []

    def permalink(self, media_id: str) -> str | None:
        return self._call("GET", media_id, params={"fields": "permalink"}).get("permalink")

    def _call(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._publication.account.access_token}"}
        answer = self._publication.http.send(HttpRequest(method, f"{self._url}/{path}", headers=headers, **body))
        if answer.status != 200 or "error" in answer.json():
            raise failure_of(answer)
        return answer.json()


def _id_of(answer: dict[str, Any]) -> str:
    if not answer.get("id"):
        raise PlatformFailure("outcome_unknown", "Instagram answered 200 without an id", http_status=200)
    return str(answer["id"])
