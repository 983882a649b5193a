"""X's API v2 as docs.x.com describes it: POST /2/tweets, the account's timeline, and media upload in one go or in segments."""

import hashlib
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from emulator.sandbox.accounts import SandboxAccount
from emulator.sandbox.faults import Fault
from emulator.sandbox.platform import Answer, Call, Entry, World
from shared.platforms.x.weighted_length import weighted_length

IMAGE_BYTES, VIDEO_BYTES, GIF_BYTES = 5 << 20, 512 << 20, 15 << 20
SEGMENT_BYTES = 5 << 20
DUPLICATE_WITHIN = timedelta(hours=24)
# X's windows last 15 minutes; nobody wants to watch a test for that long.
RATE_LIMIT_SECONDS = 3
_SIGNATURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"GIF8": "image/gif", b"RIFF": "image/webp"}
_ROUTES = (
    ("POST", r"/2/tweets", "publish"),
    ("GET", r"/2/users/(\d+)/tweets", "list_posts"),
    ("GET", r"/2/users/me", "me"),
    ("POST", r"/2/media/upload/initialize", "initialize"),
    ("POST", r"/2/media/upload/(\d+)/append", "append"),
    ("POST", r"/2/media/upload/(\d+)/finalize", "finalize"),
    ("POST", r"/2/media/upload", "upload"),
    ("GET", r"/2/media/upload", "status"),
)


@dataclass
class _Media:
    id: str
    owner: str
    category: str
    total_bytes: int
    digest: Any = field(default_factory=hashlib.sha256)
    received: int = 0
    next_segment: int = 0
    finalized: bool = False
    ready_at: datetime | None = None
    failed: bool = False

    @property
    def key(self) -> str:
        return f"{13 if self.category == 'tweet_video' else 3}_{self.id}"


@dataclass(frozen=True)
class _Tweet:
    id: str
    owner: str
    text: str
    media_keys: tuple[str, ...]
    created_at: datetime


class X:
    name = "x"

    def __init__(self, world: World) -> None:
        self.world = world
        self._media: dict[str, _Media] = {}
        self._tweets: list[_Tweet] = []

    def route(self, call: Call) -> str | None:
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
            case "publish":
                return self._publish(call, account)
            case "list_posts":
                return self._list(call, account)
            case "me":
                return _ok({"id": account.user_id, "name": account.username, "username": account.username})
            case "initialize":
                return self._initialize(call, account)
            case "append":
                return self._append(call, account)
            case "finalize":
                return self._finalize(call, account, fault)
            case "upload":
                return self._upload(call, account)
            case _:
                return self._status(call, account)

    def failure(self, kind: str) -> Answer:
        match kind:
            case "unauthorized":
                return _problem(401, "Unauthorized", "Unauthorized")
            case "rate_limit":
                refusal = _problem(429, "Too Many Requests", "Too Many Requests")
                return self._limited(refusal, remaining=0, reset_seconds=RATE_LIMIT_SECONDS)
            case "server_error":
                return _problem(503, "Service Unavailable", "Service Unavailable")
            case "duplicate":
                return _problem(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content.")
            case "reject":
                return _problem(403, "Forbidden", "Your Tweet contains more than the maximum of one cashtag.")
            case _:
                return _problem(404, "Not Found", "Not Found")

    def _publish(self, call: Call, account: SandboxAccount) -> Answer:
        if not call.headers.get("content-type", "").startswith("application/json"):
            return _invalid("Content-Type must be application/json")
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
            return _invalid(f"One or more parameters to your request was invalid: {sorted(unknown) or 'text, media'}")
        if not text and not ids:
            return _invalid("text is missing but required when there is no media")
        if weighted_length(text) > 280:
            return _problem(403, "Forbidden", "Your Tweet text is too long.")
        refusal = self._refuse_media(ids, account)
        if refusal is not None:
            return refusal
        since = self.world.now() - DUPLICATE_WITHIN
        if not ids and any(t.owner == account.account_id and t.text == text and t.created_at > since for t in self._tweets):
            return self.failure("duplicate")
        keys = tuple(self._media[media_id].key for media_id in ids)
        tweet = _Tweet(self.world.new_id(), account.account_id, text, keys, self.world.now())
        self._tweets.append(tweet)
        url = f"https://x.com/{account.username}/status/{tweet.id}"
        digests = tuple(f"sha256:{self._media[media_id].digest.hexdigest()}" for media_id in ids)
        self.world.ledger.append(Entry("x", account.account_id, tweet.id, url, text, digests, tweet.created_at))
        return _ok({"id": tweet.id, "text": _shortened(tweet)["text"]}, 201)

    def _refuse_media(self, ids: list[str], account: SandboxAccount) -> Answer | None:
        media = [self._media.get(media_id) for media_id in ids]
        usable = [m for m in media if m and m.owner == account.account_id and m.finalized]
        if len(usable) < len(ids) or any(m.failed or (m.ready_at and m.ready_at > self.world.now()) for m in usable):
            return _invalid("Your media IDs are invalid.")
        images = sum(m.category == "tweet_image" for m in usable)
        if len(usable) > 4 or (len(usable) > 1 and images < len(usable)):
            return _invalid("A Tweet takes up to 4 photos, or one GIF, or one video: your media is invalid.")
        return None

    def _list(self, call: Call, account: SandboxAccount) -> Answer:
        if call.path.split("/")[3] != account.user_id:
            return _ok([], meta={"result_count": 0})
        if not 5 <= int(call.query.get("max_results", "10")) <= 100:
            return _invalid("max_results must be between 5 and 100")
        since = call.query.get("start_time")
        earliest = datetime.strptime(since, "%Y-%m-%dT%H:%M:%S%z") if since else None
        visible = self.world.now() - timedelta(seconds=self.world.listing_lag_seconds)
        tweets = [
            _shortened(t)
            for t in reversed(self._tweets)
            if t.owner == account.account_id and (earliest is None or t.created_at >= earliest) and t.created_at <= visible
        ][: int(call.query.get("max_results", "10"))]
        return Answer(200, {**({"data": tweets} if tweets else {}), "meta": {"result_count": len(tweets)}})

    def _initialize(self, call: Call, account: SandboxAccount) -> Answer:
        category, total = call.fields.get("media_category"), call.fields.get("total_bytes")
        limits = {"tweet_video": VIDEO_BYTES, "tweet_gif": GIF_BYTES, "tweet_image": IMAGE_BYTES}
        if category not in limits or not isinstance(total, int) or not call.fields.get("media_type"):
            return _invalid("media_type, total_bytes and media_category are required")
        if not 0 < total <= limits[category]:
            return _invalid(f"File size exceeds {limits[category]} bytes: media is too large.")
        media = _Media(self.world.new_id(), account.account_id, category, total)
        self._media[media.id] = media
        return _ok({"id": media.id, "media_key": media.key, "expires_after_secs": 86400})

    def _append(self, call: Call, account: SandboxAccount) -> Answer:
        media = self._own(call.path.split("/")[4], account)
        segment, index = call.files.get("media"), call.fields.get("segment_index")
        if media is None or segment is None or index is None or media.finalized:
            return _invalid("media and segment_index are required, of an upload that is not finalized")
        if int(index) != media.next_segment or len(segment) > SEGMENT_BYTES:
            return _invalid(f"Segments do not add up to provided total media size: expected segment {media.next_segment}")
        media.digest.update(segment)
        media.received += len(segment)
        media.next_segment += 1
        return _ok({"expires_at": int(self.world.now().timestamp()) + 86400})

    def _finalize(self, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer:
        media = self._own(call.path.split("/")[4], account)
        if media is None or media.received != media.total_bytes:
            return _invalid("Segments do not add up to provided total media size.")
        media.finalized = True
        if media.category != "tweet_image":
            slow = fault is not None and fault.kind == "slow_processing"
            seconds = self.world.slow_processing_seconds if slow else self.world.processing_seconds
            media.ready_at = self.world.now() + timedelta(seconds=seconds)
            media.failed = fault is not None and fault.kind == "processing_failed"
        return _ok(self._shown(media))

    def _upload(self, call: Call, account: SandboxAccount) -> Answer:
        content = call.files.get("media")
        if content is None or call.fields.get("media_category") != "tweet_image":
            return _invalid("media and media_category=tweet_image are required")
        if not any(content.startswith(signature) for signature in _SIGNATURES):
            return _invalid("The media type is unrecognized: media is invalid.")
        if len(content) > IMAGE_BYTES:
            return _invalid(f"File size exceeds {IMAGE_BYTES} bytes: media is too large.")
        media = _Media(self.world.new_id(), account.account_id, "tweet_image", len(content), finalized=True)
        media.digest.update(content)
        self._media[media.id] = media
        return _ok(self._shown(media))

    def _status(self, call: Call, account: SandboxAccount) -> Answer:
        media = self._own(call.query.get("media_id", ""), account)
        if media is None or call.query.get("command") != "STATUS":
            return _invalid("command=STATUS and a media_id of yours are required")
        return _ok(self._shown(media))

    def _own(self, media_id: str, account: SandboxAccount) -> _Media | None:
        media = self._media.get(media_id)
        return media if media and media.owner == account.account_id else None

    def _shown(self, media: _Media) -> dict[str, Any]:
        shown: dict[str, Any] = {"id": media.id, "media_key": media.key, "size": media.total_bytes, "expires_after_secs": 86400}
        if media.ready_at is None:
            return shown
        left = (media.ready_at - self.world.now()).total_seconds()
        if left > 0:
            return {
                **shown,
                "processing_info": {"state": "in_progress", "check_after_secs": max(1, round(left)), "progress_percent": 50},
            }
        if media.failed:
            error = {"code": 1, "name": "InvalidMedia", "message": "Unsupported video format"}
            return {**shown, "processing_info": {"state": "failed", "progress_percent": 100, "error": error}}
        return {**shown, "processing_info": {"state": "succeeded", "progress_percent": 100}}


def _shortened(tweet: _Tweet) -> dict[str, Any]:
    """As X shows a tweet: links as t.co, one more for the media, and &, <, > escaped."""
    urls: list[dict[str, str]] = []

    def shorten(found: re.Match[str]) -> str:
        short = f"https://t.co/{hashlib.sha256(f'{tweet.id}{found.start()}'.encode()).hexdigest()[:10]}"
        urls.append({"url": short, "expanded_url": found[0], "display_url": found[0].partition("://")[2]})
        return short

    text = re.sub(r"https?://[^\s]+", shorten, tweet.text)
    for character, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, escaped)
    shown: dict[str, Any] = {"id": tweet.id, "created_at": tweet.created_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")}
    if tweet.media_keys:
        short = f"https://t.co/{tweet.id[-10:]}"
        text = f"{text} {short}".strip()
        urls.append({"url": short, "expanded_url": f"https://x.com/i/status/{tweet.id}/photo/1", "media_key": tweet.media_keys[0]})
        shown["attachments"] = {"media_keys": list(tweet.media_keys)}
    return {**shown, "text": text, "edit_history_tweet_ids": [tweet.id], **({"entities": {"urls": urls}} if urls else {})}


def _ok(data: Any, status: int = 200, meta: dict[str, Any] | None = None) -> Answer:
    return Answer(status, {"data": data, **({"meta": meta} if meta else {})})


def _invalid(detail: str) -> Answer:
    return _problem(400, "Invalid Request", detail, problem="https://api.x.com/2/problems/invalid-request")


def _problem(status: int, title: str, detail: str, *, problem: str = "about:blank") -> Answer:
    return Answer(status, {"title": title, "detail": detail, "type": problem, "status": status})
