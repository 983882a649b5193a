"""Publishes on X. ☎ is POST /2/tweets: it takes no idempotency key, so a lost answer is settled by reading the timeline."""

import html
import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

from shared.platforms.failure import PlatformFailure
from shared.platforms.http import HttpAnswer, HttpRequest
from shared.platforms.platform import Finding, Found, NotListed, Platform, Publication, Published, Ready, Wait
from shared.platforms.x.errors import failure_of
from shared.platforms.x.rules import CAPABILITY, judge
from shared.platforms.x.upload import authorization, upload_all
from shared.platforms.x.weighted_length import without_links

# Our clock and X's may differ by a little; a post from before the intent is never ours.
CLOCK_SKEW = timedelta(seconds=5)
# X's OpenAPI document (2.167) calls the parameter post.fields, its prose tweet.fields; a name it does not know is answered 400.
POST_FIELDS, TWEET_FIELDS = "post.fields", "tweet.fields"


class X:
    """`base_url` is https://api.x.com, or the sandbox's."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    def prepare(self, publication: Publication) -> Ready | Wait:
        return upload_all(publication, self._base_url)

    def publish(self, publication: Publication) -> Published:
        body: dict[str, Any] = {"text": publication.draft.text}
        if publication.draft.media:
            body["media"] = {"media_ids": [entry["id"] for entry in _uploads(publication)]}
        request = HttpRequest("POST", f"{self._base_url}/2/tweets", headers=authorization(publication), json=body)
        answer = publication.http.send(request)
        if answer.status != 201:
            raise failure_of(answer)
        post_id = (answer.json().get("data") or {}).get("id")
        if not post_id:
            raise PlatformFailure("outcome_unknown", "X answered 201 without a post id", http_status=201)
        return Published(post_id, _url(publication, post_id))

    def find(self, publication: Publication) -> Finding:
        """Our post in the newest hundred of the account since the first intent, by text and media."""
        answer = self._timeline(publication, POST_FIELDS)
        if answer.status == 400:
            answer = self._timeline(publication, TWEET_FIELDS)
        if answer.status != 200:
            raise failure_of(answer)
        similar = False
        for tweet in _listed(answer):
            match _resemblance(tweet, publication):
                case "ours":
                    return Found(tweet["id"], _url(publication, tweet["id"]))
                case "perhaps":
                    similar = True
                case "other":
                    pass
        return NotListed(similar)

    def _timeline(self, publication: Publication, fields_parameter: str) -> HttpAnswer:
        since = publication.search_from - CLOCK_SKEW
        return publication.http.send(
            HttpRequest(
                "GET",
                f"{self._base_url}/2/users/{publication.account.platform_user_id}/tweets",
                headers=authorization(publication),
                params={
                    "max_results": "100",
                    "start_time": since.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "exclude": "retweets,replies",
                    fields_parameter: "created_at,text,entities,attachments",
                },
            )
        )

    def permalink(self, publication: Publication, post_id: str) -> str | None:
        return _url(publication, post_id)

    def as_platform(self) -> Platform:
        return Platform(CAPABILITY, judge, self.prepare, self.publish, self.find, self.permalink)


def _uploads(publication: Publication) -> list[Mapping[str, Any]]:
    return [publication.handle[f"media.{number}"] for number, _ in enumerate(publication.draft.media)]


def _url(publication: Publication, post_id: str) -> str:
    return f"https://x.com/{publication.account.username}/status/{post_id}"


def _listed(answer: HttpAnswer) -> list[Mapping[str, Any]]:
    """The timeline's posts; an answer that does not say how many there are is no listing, and proves nothing."""
    body = answer.json()
    if isinstance(body.get("data"), list):
        return body["data"]
    if (body.get("meta") or {}).get("result_count") == 0 and not body.get("errors"):
        return []
    raise PlatformFailure("transient", "X answered the listing with something else", http_status=answer.status)


def _resemblance(tweet: Mapping[str, Any], publication: Publication) -> Literal["ours", "perhaps", "other"]:
    """Texts are compared without their links, which X rewrites; files by the keys that their uploads got."""
    if _words(html.unescape(str(tweet.get("text", "")))) != _words(publication.draft.text):
        return "other"
    ours = [entry["key"] for entry in _uploads(publication)]
    theirs = (tweet.get("attachments") or {}).get("media_keys") or []
    if ours and (None in ours or not theirs):
        return "perhaps"
    return "ours" if sorted(ours) == sorted(theirs) else "other"


def _words(text: str) -> str:
    return " ".join(without_links(unicodedata.normalize("NFC", text)).split())
