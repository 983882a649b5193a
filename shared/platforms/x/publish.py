"""Publishes on X. The public call is POST /2/tweets. It takes no idempotency key: a lost answer is settled by reading the timeline.

A thread's further posts are sent afterwards, each as a reply to the one before.
"""

import html
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Literal
from urllib.parse import unquote

from shared.core.text import nfc, words_of
from shared.core.wait import Wait
from shared.http.client import HttpRequest
from shared.platforms.context import Context
from shared.platforms.failure import PlatformFailure
from shared.platforms.platform import (
    Finding,
    FollowUp,
    Found,
    NotListed,
    Platform,
    Publication,
    Published,
    Ready,
    bearer,
)
from shared.platforms.rules import Draft
from shared.platforms.x.errors import failure_of
from shared.platforms.x.hosts import API
from shared.platforms.x.options import Options
from shared.platforms.x.rules import CAPABILITY, MAX_WEIGHTED_LENGTH, validate
from shared.platforms.x.timeline import listed, timeline, url_of, whole_of
from shared.platforms.x.upload import upload_all
from shared.platforms.x.weighted_length import links_of, weighted_length, without_links

# A text of more than 280 is cut where it is shown without its note; of Chinese some 140 signs are left. A cut may go through a
# link, which is this long.
CUT_FROM, CUT_THROUGH = 120, 24


def publisher(context: Context) -> Platform:
    hosts = context.hosts
    url = hosts.at(API)

    def publish(publication: Publication) -> Published:
        body: dict[str, Any] = {"text": publication.draft.text}
        if publication.draft.media:
            body["media"] = {"media_ids": [entry["id"] for entry in _uploads(publication)]}
        settings = Options.read(publication.draft.options).reply_settings
        post_id = _post(publication, url, body | ({"reply_settings": settings} if settings else {}))
        return Published(post_id, url_of(publication, post_id))

    def find(publication: Publication) -> Finding:
        """Our post among the account's posts since the first intent, by text and media."""
        similar, alike = False, list[str]()
        for tweet in timeline(publication, url, publication.search_from, exclude="retweets,replies"):
            match "beyond" if tweet is None else _resemblance(tweet, publication):
                case "ours" if tweet is not None:
                    alike.append(tweet["id"])
                case "other":
                    pass
                case _:
                    similar = True
        for post_id in reversed(alike):
            # No other run has our files.
            if publication.draft.media or not publication.is_anothers(post_id):
                return Found(post_id, url_of(publication, post_id))
        return NotListed(similar)

    def follow_ups(draft: Draft) -> Sequence[FollowUp]:
        return [_reply(url, text) for text in Options.read(draft.options).thread]

    def prepare(publication: Publication) -> Ready | Wait:
        return upload_all(publication, url)

    return Platform(CAPABILITY, validate, prepare, publish, find, follow_ups=follow_ups, listed=partial(listed, url=url))


def _post(publication: Publication, url: str, body: Mapping[str, Any]) -> str:
    answer = publication.http.send(HttpRequest("POST", f"{url}/2/tweets", headers=bearer(publication), json=body))
    if answer.status != 201:
        raise failure_of(answer)
    post_id = (answer.json().get("data") or {}).get("id")
    if not post_id:
        raise PlatformFailure("outcome_unknown", "X answered 201 without a post id", http_status=201)
    return post_id


def _reply(url: str, text: str) -> FollowUp:
    def send(publication: Publication, public: Sequence[str]) -> str:
        return _post(publication, url, {"text": text, "reply": {"in_reply_to_tweet_id": public[-1]}})

    def find(publication: Publication, public: Sequence[str], since: datetime) -> Found | NotListed:
        return _reply_to(public[-1], text, timeline(publication, url, since, exclude="retweets"))

    return FollowUp("thread", send, find)


def _reply_to(post_id: str, text: str, timeline: Iterable[Mapping[str, Any] | None]) -> Found | NotListed:
    similar = False
    for tweet in timeline:
        if tweet is None:
            similar = True
            continue
        likeness = _texts_alike(tweet, text)
        if likeness == "perhaps":
            similar = True
        if likeness != "ours":
            continue
        referenced = tweet.get("referenced_posts") or tweet.get("referenced_tweets")
        if referenced is None:
            # To which post it is a reply, X does not say.
            similar = True
            continue
        if [str(one.get("id")) for one in referenced if one.get("type") == "replied_to"] != [post_id]:
            continue
        match _links_alike(tweet, text):
            case "ours":
                return Found(str(tweet["id"]))
            case "perhaps":
                similar = True
            case "other":
                pass
    return NotListed(similar)


def _uploads(publication: Publication) -> list[Mapping[str, Any]]:
    return [publication.handle[f"media.{number}"] for number, _ in enumerate(publication.draft.media)]


def _resemblance(tweet: Mapping[str, Any], publication: Publication) -> Literal["ours", "perhaps", "other"]:
    """Texts are compared without their links, which X rewrites; links by what X says they lead to; files by the keys that their
    uploads got."""
    if (likeness := _texts_alike(tweet, publication.draft.text)) != "ours":
        return likeness
    links = _links_alike(tweet, publication.draft.text)
    return _files_alike(tweet, publication) if links == "ours" else links


def _texts_alike(tweet: Mapping[str, Any], text: str) -> Literal["ours", "perhaps", "other"]:
    whole = whole_of(tweet)
    shown, ours = _words(html.unescape(str(whole.get("text", "")))), _words(text)
    if shown == ours:
        return "ours"
    beginning = shown.rstrip(".\u2026 ")[:-CUT_THROUGH]
    is_cut = whole is tweet and len(str(tweet.get("text", ""))) >= CUT_FROM and weighted_length(text) > MAX_WEIGHTED_LENGTH
    return "perhaps" if is_cut and ours.startswith(beginning) else "other"


def _links_alike(tweet: Mapping[str, Any], text: str) -> Literal["ours", "perhaps", "other"]:
    whole = whole_of(tweet)
    # What X took for no link it shows as it was.
    kept = {_bare(link) for link in links_of(str(whole.get("text", "")))}
    ours = [bare for bare in map(_bare, links_of(nfc(text))) if bare not in kept]
    shown: list[Mapping[str, Any]] = (whole.get("entities") or {}).get("urls") or []
    theirs = [_bare(str(url.get("expanded_url") or "")) for url in shown if "media_key" not in url]
    if sorted(ours) == sorted(theirs):
        return "ours"
    # X may have tidied an address up, or not say where it leads; elsewhere it leads to another host or page.
    known = all(theirs) and len(theirs) >= len(ours)
    prefixed = any(a.startswith(b) or b.startswith(a) for a in ours for b in theirs if a != b)
    return "perhaps" if ours and (not known or prefixed) else "other"


def _bare(link: str) -> str:
    """An address as people tell it from others: without scheme and final slash."""
    return unquote(link.lower().partition("://")[2] or link.lower()).rstrip("/")


def _files_alike(tweet: Mapping[str, Any], publication: Publication) -> Literal["ours", "perhaps", "other"]:
    ours = [entry["key"] for entry in _uploads(publication)]
    theirs = (tweet.get("attachments") or {}).get("media_keys") or []
    if ours and (None in ours or not theirs):
        return "perhaps"
    return "ours" if sorted(ours) == sorted(theirs) else "other"


def _words(text: str) -> str:
    return words_of(without_links(nfc(text)))
