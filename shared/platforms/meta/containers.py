"""Containers, as Instagram and Threads publish: what is to be published is made, asked about until it is finished, and published at
most once, so that the container itself tells the outcome.

Handle: `children` = container ids in order, `finished` = how many of them are known to be, `container` = the one to publish,
`polls` = how often it was asked about, `missing` = how often Meta did not know it. A container lives 24 h; a new one costs nothing
but one of some hundreds a day.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.core.wait import Wait
from shared.media.media import MediaItem
from shared.platforms.failure import RETRYABLE, PerhapsAnothers, PlatformFailure
from shared.platforms.meta.connect import quota_of
from shared.platforms.meta.errors import failure_of_container
from shared.platforms.meta.graph import Graph
from shared.platforms.platform import (
    Absent,
    Finding,
    FollowUp,
    Found,
    Listed,
    Platform,
    Publication,
    Published,
    Ready,
    View,
    no_follow_ups,
)
from shared.platforms.rules import Capability, Draft, Validate

# Images are usually finished at once; a long reel takes minutes: 5 s three times, then 15 s, then every minute, for an hour.
_POLL_SECONDS = (5.0, 5.0, 5.0, 15.0, 15.0, 15.0)
_LATER_POLL_SECONDS = 60.0
MAX_POLLS = 70
# While Meta says that it is still at it.
IN_PROGRESS_SECONDS = 10.0
# A window of 24 rolling hours: room appears when the oldest post leaves it, which nobody names.
QUOTA_PAUSE_SECONDS = 3600.0
# How long after its publication a post may be missing from the account's list.
LISTING_LAG, LISTING_PAUSE_SECONDS = timedelta(minutes=2), 20.0
# How often a container that Meta does not know is asked about before another one is made.
MISSING_LOOKS, MISSING_PAUSE_SECONDS = 2, 30.0
REFETCH_PAUSE_SECONDS = 10.0
_GONE = ("24/2207006", "24/2207008", "-2/2207020", "100/33")
_NOT_FETCHED = "9004/2207052"


@dataclass(frozen=True)
class Dialect:
    """What the two call things. `file` makes a container's parameters for one file (is it in a carousel?), `whole` those that go
    with the post as a whole."""

    label: str
    create_edge: str
    publish_edge: str
    quota_edge: str
    text_field: str
    status_field: str
    detail_field: str
    file: Callable[[Publication, MediaItem, int, bool], dict[str, str]]
    whole: Callable[[Publication], dict[str, str]]
    listing_edge: Callable[[View], str]
    graph: Callable[[View], Graph]


@dataclass(frozen=True)
class Containers:
    dialect: Dialect

    def platform(
        self, capability: Capability, validate: Validate, follow_ups: Callable[[Draft], Sequence[FollowUp]] = no_follow_ups
    ) -> Platform:
        verbs = (self.prepare, self.publish, self.find, self.permalink)
        return Platform(capability, validate, *verbs, follow_ups=follow_ups, listed=self.listed)

    def prepare(self, publication: Publication) -> Ready | Wait:
        """Until the container in the handle is finished and the account may publish."""
        graph = self.dialect.graph(publication)
        if len(publication.draft.media) > 1:
            waiting = self._prepare_children(publication, graph)
            if waiting is not None:
                return waiting
        if "container" not in publication.handle:
            publication.save(container=self._create(publication, graph, self._parameters(publication)), polls=0)
        state = self._await_finished(publication, graph, publication.handle["container"])
        if isinstance(state, Ready):
            self._respect_quota(graph)
        return state

    def publish(self, publication: Publication) -> Published:
        graph = self.dialect.graph(publication)
        answer = graph.post(f"{graph.user}/{self.dialect.publish_edge}", {"creation_id": publication.handle["container"]})
        return Published(graph.id_of(answer))

    def find(self, publication: Publication) -> Finding:
        graph = self.dialect.graph(publication)
        status, _ = self._status(graph, publication.handle["container"])
        if status == "IN_PROGRESS":
            return Wait(IN_PROGRESS_SECONDS, f"{self.dialect.label} is publishing")
        if status in ("FINISHED", "ERROR", "EXPIRED"):
            return Absent()
        if status != "PUBLISHED":
            raise self._not_a_status(status)
        try:
            ours = [media for media in self._newest(publication, graph) if self._is_ours(media, publication)]
        except PerhapsAnothers as unclear:
            # That it is published is known already.
            if unclear.kind == "transient" and publication.now() - publication.intent_at < LISTING_LAG:
                raise
            return Found(None)
        except PlatformFailure as failure:
            if failure.kind in RETRYABLE:
                raise
            return Found(None)
        if not ours and publication.now() - publication.intent_at < LISTING_LAG:
            return Wait(LISTING_PAUSE_SECONDS, f"{self.dialect.label} has published the post and not listed it yet")
        # Several posts alike: it is published, but which of them it is nobody can say.
        return Found(ours[0]["id"], ours[0].get("permalink")) if len(ours) == 1 else Found(None)

    def listed(self, publication: View) -> list[Listed]:
        """Its newest, of which all that is old enough to be none of this run's is left out."""
        graph = self.dialect.graph(publication)
        shown = [
            Listed(str(one["id"]), one.get(self.dialect.text_field) or "", _posted_at(one), one.get("permalink"))
            for one in self._newest(publication, graph)
        ]
        return [one for one in shown if one.at >= publication.search_from]

    def permalink(self, publication: Publication, post_id: str) -> str | None:
        return self.dialect.graph(publication).get(post_id, fields="permalink").get("permalink")

    def _create(self, publication: Publication, graph: Graph, parameters: dict[str, str]) -> str:
        try:
            return graph.id_of(graph.post(f"{graph.user}/{self.dialect.create_edge}", parameters))
        except PlatformFailure as failure:
            if failure.platform_code != _NOT_FETCHED or "refetched" in publication.handle:
                raise
            # Once more: Meta's servers fail to fetch a file now and then.
            publication.save(refetched=True)
            raise PlatformFailure("processing", failure.message, retry_after_seconds=REFETCH_PAUSE_SECONDS) from failure

    def _prepare_children(self, publication: Publication, graph: Graph) -> Wait | None:
        children: list[str] = list(publication.handle.get("children", []))
        for position, item in list(enumerate(publication.draft.media))[len(children) :]:
            file = self.dialect.file(publication, item, position, True)
            children.append(self._create(publication, graph, {**file, "is_carousel_item": "true"}))
            publication.save(children=children, polls=0)
        finished = publication.handle.get("finished", 0)
        while finished < len(children):
            state = self._await_finished(publication, graph, children[finished])
            if isinstance(state, Wait):
                return state
            finished += 1
            publication.save(finished=finished, polls=0)
        return None

    def _parameters(self, publication: Publication) -> dict[str, str]:
        media = publication.draft.media
        whole = self.dialect.whole(publication)
        if publication.draft.text:
            whole = {self.dialect.text_field: publication.draft.text, **whole}
        if len(media) > 1:
            return {"media_type": "CAROUSEL", "children": ",".join(publication.handle["children"]), **whole}
        return {**self.dialect.file(publication, media[0], 0, False), **whole} if media else {"media_type": "TEXT", **whole}

    def _await_finished(self, publication: Publication, graph: Graph, container: str) -> Ready | Wait:
        try:
            status, text = self._status(graph, container)
        except PlatformFailure as failure:
            if failure.platform_code not in _GONE or publication.doubted:
                raise
            return self._look_or_renew(publication)
        match status:
            case "FINISHED" | "PUBLISHED":
                return Ready()
            case "IN_PROGRESS":
                return self._poll_again(publication)
            case "EXPIRED":
                start_over(publication)
                return Wait(0.0, f"{self.dialect.label}'s container expired; making a new one")
            case "ERROR":
                start_over(publication)
                raise failure_of_container(self.dialect.label, text)
            case _:
                raise self._not_a_status(status)

    def _look_or_renew(self, publication: Publication) -> Wait:
        """Meta does not know the container: not yet, or not any more. Nothing was published of it, so another one does no harm."""
        missing = publication.handle.get("missing", 0)
        if missing >= MISSING_LOOKS:
            start_over(publication)
            return Wait(1.0, f"{self.dialect.label} does not know the container; making a new one")
        publication.save(missing=missing + 1)
        return Wait(MISSING_PAUSE_SECONDS, f"{self.dialect.label} does not know the container yet")

    def _poll_again(self, publication: Publication) -> Wait:
        polls = publication.handle.get("polls", 0)
        if polls >= MAX_POLLS:
            message = f"{self.dialect.label} did not finish processing the media within an hour."
            raise PlatformFailure("media_invalid", message, code="processing_timeout", remediation="Try a shorter or smaller file.")
        publication.save(polls=polls + 1)
        seconds = _POLL_SECONDS[polls] if polls < len(_POLL_SECONDS) else _LATER_POLL_SECONDS
        return Wait(seconds, f"{self.dialect.label} is processing the media")

    def _status(self, graph: Graph, container: str) -> tuple[str, str]:
        """The container's status and the text that explains it."""
        fields = f"{self.dialect.status_field},{self.dialect.detail_field}"
        answer = graph.get(container, fields=fields)
        return str(answer.get(self.dialect.status_field, "")), str(answer.get(self.dialect.detail_field, ""))

    def _respect_quota(self, graph: Graph) -> None:
        """The platform tells how many of a day's posts are used; an account that may not ask is not kept from publishing."""
        try:
            quota = quota_of(graph.get(f"{graph.user}/{self.dialect.quota_edge}", fields="quota_usage,config"))
        except PlatformFailure as failure:
            if failure.kind in (*RETRYABLE, "reauth"):
                raise
            return
        if quota and quota["quotaUsed"] >= quota["quotaTotal"]:
            message = (
                f"{self.dialect.label} lets an account publish {quota['quotaTotal']} posts a day by API, and they are used up."
            )
            raise PlatformFailure("throttled", message, retry_after_seconds=QUOTA_PAUSE_SECONDS)

    def _newest(self, publication: View, graph: Graph) -> list[dict[str, Any]]:
        fields = f"id,{self.dialect.text_field},permalink,timestamp"
        return graph.get(f"{graph.user}/{self.dialect.listing_edge(publication)}", fields=fields, limit="25").get("data") or []

    def _is_ours(self, media: dict[str, Any], publication: Publication) -> bool:
        posted_at = _posted_at(media)
        text = media.get(self.dialect.text_field) or ""
        if text.strip() != publication.draft.text.strip() or posted_at < publication.search_from:
            return False
        return not publication.is_anothers(media["id"])

    def _not_a_status(self, status: str) -> PlatformFailure:
        message = f"{self.dialect.label} answered {status!r} where a container's status was expected"
        return PlatformFailure("transient", message, http_status=200)


def _posted_at(media: dict[str, Any]) -> datetime:
    return datetime.strptime(media["timestamp"], "%Y-%m-%dT%H:%M:%S%z")


def start_over(publication: Publication) -> None:
    publication.save(children=None, finished=None, container=None, polls=None, missing=None)
