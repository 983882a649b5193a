"""Publishes on LinkedIn. The public call is POST /rest/posts, whose answer is a header.

It takes no idempotency key, but LinkedIn refuses a post that is alike one it has, and names that one. So a lost answer is settled
by an organisation's list of posts, or, as members' posts may not be listed, by sending the very same again.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from shared.core.text import words_of
from shared.core.wait import Wait
from shared.platforms.context import Context
from shared.platforms.failure import PerhapsAnothers, PlatformFailure
from shared.platforms.hosts import Hosts
from shared.platforms.linkedin.calls import Calls
from shared.platforms.linkedin.errors import original_of
from shared.platforms.linkedin.options import Options
from shared.platforms.linkedin.rules import CAPABILITY, escaped, validate
from shared.platforms.linkedin.upload import upload_all
from shared.platforms.options import alt_text
from shared.platforms.platform import (
    COPY_LAG,
    Finding,
    FollowUp,
    Found,
    Listed,
    NotListed,
    Platform,
    Publication,
    Published,
    Ready,
    Repeatable,
    Unknowable,
    View,
)
from shared.platforms.rules import Draft

MAX_LISTED = 100
# 2010 and 2100, in Unix time.
RECKONED_FROM, RECKONED_TO = 1_262_304_000, 4_102_444_800


def publisher(context: Context) -> Platform:
    hosts = context.hosts
    built = _LinkedIn(hosts, context.versions.linkedin)
    return Platform(
        CAPABILITY, validate, built.prepare, built.publish, built.find, follow_ups=built.follow_ups, listed=built.listed
    )


@dataclass(frozen=True)
class _LinkedIn:
    hosts: Hosts
    version: str

    def _calls(self, view: View) -> Calls:
        return Calls(view, self.hosts, self.version)

    def prepare(self, publication: Publication) -> Ready | Wait:
        return upload_all(publication, self._calls(publication))

    def publish(self, publication: Publication) -> Published:
        try:
            answer = self._calls(publication).send("POST", "posts", json=_post(publication))
        except PlatformFailure as failure:
            if failure.kind == "duplicate" and publication.doubted:
                return self._sent_before(publication, failure)
            raise
        urn = answer.headers.get("x-restli-id")
        if answer.status != 201 or not urn:
            raise PlatformFailure("outcome_unknown", "LinkedIn did not name the post that it made", http_status=answer.status)
        return _published(urn)

    def _sent_before(self, publication: Publication, failure: PlatformFailure) -> Published:
        """The post that a worker sent who got no answer, if it is the one that LinkedIn names. Raises the refusal if it is not."""
        original = original_of(failure)
        made = _made_at(original) if original else None
        if made is not None and made < publication.search_from - COPY_LAG:
            # LinkedIn knew such a post when ours came: what was sent without an answer was refused like this.
            raise failure.replace(is_final=True, nothing_is_public=True)
        in_time = made is None or publication.search_from <= made < publication.intent_at - COPY_LAG / 2
        if original is None or not in_time or _may_be_anothers(original, publication):
            # Unnamed, another's, which LinkedIn may not have known when ours came, or of this very moment: it settles nothing. An
            # organisation's posts can be looked at; of a member's, nothing more can be asked.
            raise failure.replace(is_final=not self._calls(publication).is_organisation)
        return _published(original)

    def find(self, publication: Publication) -> Finding:
        linked = self._calls(publication)
        if not linked.is_organisation:
            return Repeatable()
        new = _newest(linked, publication.search_from)
        commentary, files = escaped(publication.draft.text), _files(publication)
        for post in reversed(new):
            same = post.get("commentary", "") == commentary and _shown_files(post) == files
            if same and (files or not publication.is_anothers(post["id"])):
                return Found(post["id"], _published(post["id"]).url)
        return NotListed(similar=len(new) >= MAX_LISTED)

    def listed(self, view: View) -> list[Listed] | Unknowable:
        linked = self._calls(view)
        if not linked.is_organisation:
            return Unknowable("LinkedIn shows a member's posts to no app")
        found = sorted(_newest(linked, view.search_from), key=_created, reverse=True)
        return [Listed(post["id"], str(post.get("commentary") or ""), _created(post), _published(post["id"]).url) for post in found]

    def follow_ups(self, draft: Draft) -> Sequence[FollowUp]:
        wanted = Options.read(draft.options).first_comment

        def comment(publication: Publication, public: Sequence[str]) -> str:
            linked = self._calls(publication)
            body = {"actor": linked.author, "object": public[0], "message": {"text": wanted}}
            answer = linked.send("POST", f"socialActions/{quote(public[0], safe='')}/comments", json=body)
            return str(answer.headers.get("x-restli-id") or answer.json().get("id") or "")

        def find(publication: Publication, public: Sequence[str], since: datetime) -> Found | NotListed:
            """An organisation's comments are shown to its app, a member's to nobody's."""
            linked = self._calls(publication)
            if not linked.is_organisation:
                return NotListed(similar=True)
            path = f"socialActions/{quote(public[0], safe='')}/comments"
            shown = linked.send("GET", path, params={"count": str(MAX_LISTED)}).json().get("elements")
            if not isinstance(shown, list):
                raise PlatformFailure("transient", "LinkedIn answered the comments with something else", http_status=200)
            own = [one for one in shown if one.get("actor") == linked.author]
            same = [one for one in own if words_of(str((one.get("message") or {}).get("text", ""))) == words_of(wanted or "")]
            # Any other of the organisation's own may be this one, as LinkedIn changed it.
            is_open = bool(own) or len(shown) >= MAX_LISTED
            return Found(str(same[0].get("commentUrn") or same[0].get("id"))) if same else NotListed(similar=is_open)

        return (FollowUp("firstComment", comment, find),) if wanted else ()


def _newest(linked: Calls, since: datetime) -> list[dict[str, Any]]:
    """An organisation's posts since then."""
    params = {"q": "author", "author": linked.author, "count": str(MAX_LISTED), "sortBy": "CREATED"}
    elements = linked.send("GET", "posts", params=params).json().get("elements")
    if not isinstance(elements, list):
        raise PlatformFailure("transient", "LinkedIn answered the listing with something else", http_status=200)
    return [post for post in elements if _created(post) >= since]


def _may_be_anothers(urn: str, publication: Publication) -> bool:
    """Files are this run's own. Raises PerhapsAnothers while that will become clear by itself."""
    try:
        return not _files(publication) and publication.is_anothers(urn)
    except PerhapsAnothers as unclear:
        if unclear.kind == "transient":
            raise
        return True


def _post(publication: Publication) -> dict[str, Any]:
    options = Options.read(publication.draft.options)
    distribution = {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []}
    content = _content(publication, options)
    return {
        "author": publication.account.platform_user_id,
        "commentary": escaped(publication.draft.text),
        "visibility": options.visibility,
        "distribution": distribution,
        **({"content": content} if content else {}),
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }


def _content(publication: Publication, options: Options) -> dict[str, Any] | None:
    if "video" in publication.handle:
        return {"media": {"id": publication.handle["video"], **({"title": options.title} if options.title else {})}}
    images: list[dict[str, str]] = []
    for position, urn in enumerate(publication.handle.get("images", [])):
        words = alt_text(options.alt_text, position)
        images.append({"id": urn, **({"altText": words} if words else {})})
    if not images:
        return None
    return {"media": images[0]} if len(images) == 1 else {"multiImage": {"images": images}}


def _files(publication: Publication) -> list[str]:
    video = publication.handle.get("video")
    return [video] if video else list(publication.handle.get("images", []))


def _shown_files(post: dict[str, Any]) -> list[str]:
    content: dict[str, Any] = post.get("content") or {}
    if "multiImage" in content:
        return [str(image["id"]) for image in content["multiImage"]["images"]]
    return [str(content["media"]["id"])] if "media" in content else []


def _created(post: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(float(post.get("createdAt") or post.get("publishedAt") or 0) / 1000, UTC)


def _made_at(urn: str) -> datetime | None:
    """LinkedIn's ids begin with milliseconds since 1970, as no page says. None if the number makes no moment of our time."""
    moment = (int(urn.rpartition(":")[2]) >> 22) / 1000
    return datetime.fromtimestamp(moment, UTC) if RECKONED_FROM < moment < RECKONED_TO else None


def _published(urn: str) -> Published:
    if re.fullmatch(r"urn:li:\w+:\d+", urn) is None:
        raise PlatformFailure("outcome_unknown", f"LinkedIn named the post {urn[:80]!r}", http_status=201)
    return Published(urn, f"https://www.linkedin.com/feed/update/{urn}/")
