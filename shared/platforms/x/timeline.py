"""The posts that an account on X shows, as our app may read them."""

import html
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from shared.http.client import HttpAnswer, HttpRequest
from shared.platforms.failure import PlatformFailure
from shared.platforms.platform import Listed, View, bearer
from shared.platforms.x.errors import failure_of

# X's OpenAPI document (2.167) calls the parameter post.fields, its prose tweet.fields; a name it does not know is answered 400.
POST_FIELDS, TWEET_FIELDS = "post.fields", "tweet.fields"
_SHOWN = "created_at,text,entities,attachments"
# What a post is a reply to is an expansion in the one, a field in the other; the whole of a long text is a note in both.
_FIELDS: Mapping[str, Mapping[str, str]] = {
    POST_FIELDS: {POST_FIELDS: f"{_SHOWN},note_post", "expansions": "referenced_posts"},
    TWEET_FIELDS: {TWEET_FIELDS: f"{_SHOWN},note_tweet,referenced_tweets"},
}
# Of a hundred posts each; what lies further back than these is not searched, so its absence proves nothing.
MAX_PAGES = 10


def timeline(publication: View, url: str, since: datetime, *, exclude: str) -> Iterator[Mapping[str, Any] | None]:
    """The account's posts since then, newest first; None for those that lie beyond what is searched."""
    fields, page = POST_FIELDS, ""
    for _ in range(MAX_PAGES):
        answer = _page(publication, url, fields, page, since, exclude)
        if answer.status == 400 and fields == POST_FIELDS:
            fields = TWEET_FIELDS
            answer = _page(publication, url, fields, page, since, exclude)
        if answer.status != 200:
            raise failure_of(answer)
        yield from _listed(answer)
        page = (answer.json().get("meta") or {}).get("next_token") or ""
        if not page:
            return
    yield None


def _page(publication: View, url: str, fields_parameter: str, page: str, since: datetime, exclude: str) -> HttpAnswer:
    return publication.http.send(
        HttpRequest(
            "GET",
            f"{url}/2/users/{publication.account.platform_user_id}/tweets",
            headers=bearer(publication),
            params={
                # The first look is for a post of a moment ago; X charges for each that it shows.
                "max_results": "100" if page else "20",
                "start_time": since.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "exclude": exclude,
                **_FIELDS[fields_parameter],
                **({"pagination_token": page} if page else {}),
            },
        )
    )


def url_of(publication: View, post_id: str) -> str:
    return f"https://x.com/{publication.account.username}/status/{post_id}"


def _listed(answer: HttpAnswer) -> list[Mapping[str, Any]]:
    """The timeline's posts; an answer that does not say how many there are is no listing, and proves nothing."""
    body = answer.json()
    if isinstance(body.get("data"), list):
        return body["data"]
    if (body.get("meta") or {}).get("result_count") == 0 and not body.get("errors"):
        return []
    raise PlatformFailure("transient", "X answered the listing with something else", http_status=answer.status)


def whole_of(tweet: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where the post's whole text stands, with its links."""
    return tweet.get("note_post") or tweet.get("note_tweet") or tweet


def listed(publication: View, url: str) -> Iterator[Listed]:
    """Since the first intent, newest first."""
    for tweet in timeline(publication, url, publication.search_from, exclude="retweets,replies"):
        if tweet is not None:
            at, text = datetime.fromisoformat(str(tweet["created_at"])), html.unescape(str(whole_of(tweet).get("text", "")))
            yield Listed(str(tweet["id"]), text, at, url_of(publication, str(tweet["id"])))
