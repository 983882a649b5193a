"""X's API v2 as docs.x.com describes it: POST /2/tweets, the account's timeline, and media upload in one go or in segments."""

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from emulator.sandbox.accounts import SandboxAccount
from emulator.sandbox.faults import Fault
from emulator.sandbox.oauth import AuthorizationServer, Dialect, WithOAuth
from emulator.sandbox.platform import Answer, Call, Entry, World
from emulator.sandbox.x_answers import invalid, ok, problem
from emulator.sandbox.x_media import Uploads, has_premium
from shared.platforms.x.weighted_length import links_of, weighted_length

_TIMELINE_PARAMETERS = {
    "max_results",
    "start_time",
    "end_time",
    "since_id",
    "until_id",
    "exclude",
    "post.fields",
    "expansions",
    "pagination_token",
}
DUPLICATE_WITHIN = timedelta(hours=24)
# X's windows last 15 minutes; nobody wants to watch a test for that long.
RATE_LIMIT_SECONDS = 3
_OAUTH = Dialect(
    "X",
    timedelta(hours=2),
    refreshable=True,
    secret_by="basic",
    rotates=True,
    pkce=True,
    scopes=frozenset({"tweet.read", "tweet.write", "users.read", "media.write", "offline.access"}),
    dead_grant="invalid_request",
)
_ROUTES = (
    ("POST", r"/2/tweets", "publish"),
    ("POST", r"/2/media/metadata", "metadata"),
    ("POST", r"/2/oauth2/token", "token"),
    ("POST", r"/2/oauth2/revoke", "revoke"),
    ("GET", r"/i/oauth2/authorize", "authorize"),
    ("GET", r"/2/users/(\d+)/tweets", "list_posts"),
    ("GET", r"/2/users/me", "me"),
    ("POST", r"/2/media/upload/initialize", "initialize"),
    ("POST", r"/2/media/upload/(\d+)/append", "append"),
    ("POST", r"/2/media/upload/(\d+)/finalize", "finalize"),
    ("POST", r"/2/media/upload", "upload"),
    ("GET", r"/2/media/upload", "status"),
)


@dataclass(frozen=True)
class _Tweet:
    id: str
    owner: str
    text: str
    media_keys: tuple[str, ...]
    created_at: datetime
    reply_to: str | None = None


class X(WithOAuth):
    name = "x"
    steps = (
        "publish", "reply", "upload", "initialize", "append", "finalize", "status", "metadata", "list_posts", "me",
        "token", "revoke", "authorize",
    )  # fmt: skip
    affected: ClassVar = {"slow_processing": ("finalize",), "processing_failed": ("finalize",)}
    dialect = _OAUTH
    hosts = ("api.x.com", "x.com")

    def __init__(self, world: World) -> None:
        self.world = world
        self.oauth = AuthorizationServer(world, self.name, _OAUTH)
        self._uploads = Uploads(world)
        self._tweets: list[_Tweet] = []

    def route(self, call: Call) -> str | None:
        if (call.host == "x.com") != (call.path == "/i/oauth2/authorize"):
            return None
        if call.method == "POST" and call.path == "/2/tweets" and isinstance(call.fields.get("reply"), dict):
            return "reply"
        for method, pattern, step in _ROUTES:
            if call.method == method and re.fullmatch(pattern, call.path):
                return step
        return None

    def answer(self, step: str, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer:
        return self._limited(self._answer(step, call, account, fault), remaining=99, reset_seconds=900)

    def _limited(self, answer: Answer, *, remaining: int, reset_seconds: int) -> Answer:
        """With the rate-limit headers that every answer of X carries."""
        reset = int(self.world.now().timestamp()) + reset_seconds
        headers = {"x-rate-limit-limit": "100", "x-rate-limit-remaining": str(remaining), "x-rate-limit-reset": str(reset)}
        return replace(answer, headers={**headers, **answer.headers})

    def _answer(self, step: str, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer:
        match step:
            case "publish" | "reply":
                return self._publish(call, account)
            case "list_posts":
                return self._list(call, account)
            case "me":
                shown = {"id": account.user_id, "name": account.username, "username": account.username}
                asked = call.query.get("user.fields", "").split(",")
                kind = "Premium" if has_premium(account) else "None"
                return ok({**shown, "subscription_type": kind} if "subscription_type" in asked else shown)
            case _:
                return self._uploads.answer(step, call, account, fault)

    def failure(self, kind: str) -> Answer:
        match kind:
            case "unauthorized":
                return problem(401, "Unauthorized", "Unauthorized")
            case "rate_limit":
                refusal = problem(429, "Too Many Requests", "Too Many Requests")
                return self._limited(refusal, remaining=0, reset_seconds=RATE_LIMIT_SECONDS)
            case "server_error":
                return problem(503, "Service Unavailable", "Service Unavailable")
            case "duplicate":
                return problem(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content.")
            case "reject":
                return problem(403, "Forbidden", "Your Tweet contains more than the maximum of one cashtag.")
            case _:
                return problem(404, "Not Found", "Not Found")

    def _publish(self, call: Call, account: SandboxAccount) -> Answer:
        if not call.headers.get("content-type", "").startswith("application/json"):
            return invalid("Content-Type must be application/json")
        unknown = set(call.fields) - {
            "text",
            "media",
            "reply",
            "reply_settings",
            "made_with_ai",
            "paid_partnership",
            "community_id",
        }
        text, ids = call.fields.get("text", ""), (call.fields.get("media") or {}).get("media_ids", [])
        if unknown or not isinstance(text, str) or not isinstance(ids, list):
            return invalid(f"One or more parameters to your request was invalid: {sorted(unknown) or 'text, media'}")
        if not text and not ids:
            return invalid("text is missing but required when there is no media")
        reply_to = (call.fields.get("reply") or {}).get("in_reply_to_tweet_id")
        if "reply" in call.fields and not any(t.id == reply_to and t.owner == account.account_id for t in self._tweets):
            return problem(403, "Forbidden", "Reply to this conversation is not allowed because you have not been mentioned.")
        if call.fields.get("reply_settings") not in (None, "following", "mentionedUsers", "subscribers", "verified"):
            return invalid("The reply_settings field is not one of [following,mentionedUsers,subscribers,verified]")
        if weighted_length(text) > (25_000 if has_premium(account) else 280):
            return problem(403, "Forbidden", "Your Tweet text is too long.")
        refusal = self._refuse_media(ids, account)
        if refusal is not None:
            return refusal
        since = self.world.now() - DUPLICATE_WITHIN
        if not ids and any(t.owner == account.account_id and t.text == text and t.created_at > since for t in self._tweets):
            return self.failure("duplicate")
        media = [self._uploads.own(media_id, account) for media_id in ids]
        keys = tuple(m.key for m in media if m)
        tweet = _Tweet(self.world.new_id(), account.account_id, text, keys, self.world.now(), reply_to)
        self._tweets.append(tweet)
        url = f"https://x.com/{account.username}/status/{tweet.id}"
        digests = tuple(f"sha256:{m.digest.hexdigest()}" for m in media if m)
        kind = "reply" if reply_to else "post"
        self.world.accept(
            Entry("x", account.account_id, tweet.id, url, text, digests, tweet.created_at, kind),
            {"reply_settings": call.fields.get("reply_settings")},
            parent=reply_to,
        )
        return ok({"id": tweet.id, "text": _shortened(tweet)["text"]}, 201)

    def _refuse_media(self, ids: list[str], account: SandboxAccount) -> Answer | None:
        media = [self._uploads.own(str(media_id), account) for media_id in ids]
        usable = [m for m in media if m and m.finalized]
        if len(usable) < len(ids) or any(m.failed or (m.ready_at and m.ready_at > self.world.now()) for m in usable):
            return invalid("Your media IDs are invalid.")
        images = sum(m.category == "tweet_image" for m in usable)
        if len(usable) > 4 or (len(usable) > 1 and images < len(usable)):
            return invalid("A Tweet takes up to 4 photos, or one GIF, or one video: your media is invalid.")
        return None

    def _list(self, call: Call, account: SandboxAccount) -> Answer:
        if call.path.split("/")[3] != account.user_id:
            return ok([], meta={"result_count": 0})
        if unknown := set(call.query) - _TIMELINE_PARAMETERS:
            return invalid(f"The query parameters {sorted(unknown)} are not among {sorted(_TIMELINE_PARAMETERS)}")
        if not 5 <= int(call.query.get("max_results", "10")) <= 100:
            return invalid("max_results must be between 5 and 100")
        since, excluded = call.query.get("start_time"), call.query.get("exclude", "").split(",")
        earliest = datetime.strptime(since, "%Y-%m-%dT%H:%M:%S%z") if since else None
        visible = self.world.now() - timedelta(seconds=self.world.listing_lag_seconds)
        tweets = [
            t
            for t in reversed(self._tweets)
            if t.owner == account.account_id
            and (earliest is None or t.created_at >= earliest)
            and t.created_at <= visible
            and not (t.reply_to and "replies" in excluded)
        ]
        first, number = int(call.query.get("pagination_token") or 0), int(call.query.get("max_results", "10"))
        with_notes = "note_post" in call.query.get("post.fields", "").split(",")
        shown = [_listed(t, with_note=with_notes) for t in tweets[first : first + number]]
        meta: dict[str, Any] = {"result_count": len(shown)}
        if len(tweets) > first + number:
            meta["next_token"] = str(first + number)
        return Answer(200, {**({"data": shown} if shown else {}), "meta": meta})


def _listed(tweet: _Tweet, *, with_note: bool) -> dict[str, Any]:
    """A text of more than 280 characters is cut, and a link to the post put in its place; the whole is a note for who asks."""
    shown = _shortened(tweet)
    if weighted_length(tweet.text) <= 280:
        return shown
    note = {"text": shown["text"], **({"entities": shown["entities"]} if "entities" in shown else {})}
    urls = [url for url in shown.get("entities", {}).get("urls", []) if url["end"] <= 250]
    cut = {**shown, "text": f"{shown['text'][:250]}\u2026 https://t.co/{tweet.id[-10:]}", "entities": {"urls": urls}}
    return {**cut, **({"note_post": note} if with_note else {})}


def _shortened(tweet: _Tweet) -> dict[str, Any]:
    """As X shows a tweet: links as t.co, one more for the media, and &, <, > escaped."""
    urls: list[dict[str, Any]] = []

    text, position = "", 0
    for number, link in enumerate(links_of(tweet.text)):
        short = f"https://t.co/{hashlib.sha256(f'{tweet.id}{number}'.encode()).hexdigest()[:10]}"
        full = link if "://" in link else f"http://{link}"
        urls.append({"url": short, "expanded_url": full, "display_url": full.partition("://")[2]})
        start = tweet.text.index(link, position)
        text, position = text + tweet.text[position:start] + short, start + len(link)
    text += tweet.text[position:]
    for character, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, escaped)
    shown: dict[str, Any] = {"id": tweet.id, "created_at": tweet.created_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")}
    if tweet.reply_to:
        shown["referenced_posts"] = [{"type": "replied_to", "id": tweet.reply_to}]
    if tweet.media_keys:
        short = f"https://t.co/{tweet.id[-10:]}"
        text = f"{text} {short}".strip()
        urls.append({"url": short, "expanded_url": f"https://x.com/i/status/{tweet.id}/photo/1", "media_key": tweet.media_keys[0]})
        shown["attachments"] = {"media_keys": list(tweet.media_keys)}
    for link in urls:
        start = text.index(link["url"])
        link |= {"start": start, "end": start + len(link["url"])}
    return {**shown, "text": text, "edit_history_post_ids": [tweet.id], **({"entities": {"urls": urls}} if urls else {})}


SANDBOX = X
