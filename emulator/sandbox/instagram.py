"""Instagram's content publishing as Meta describes it: containers that are fetched, processed, and published at most once."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from emulator.sandbox.accounts import SandboxAccount
from emulator.sandbox.faults import Fault
from emulator.sandbox.platform import Answer, Call, Entry, World

POSTS_A_DAY = 100
CONTAINER_LIVES = timedelta(hours=24)
IMAGE_BYTES, VIDEO_BYTES = 8 << 20, 300 << 20
_FIELDS = {
    "image_url", "video_url", "caption", "alt_text", "media_type", "is_carousel_item", "children",
    "share_to_feed", "cover_url", "thumb_offset", "access_token",
}  # fmt: skip


@dataclass
class _Container:
    id: str
    owner: str
    kind: str
    caption: str
    media: tuple[str, ...]
    created_at: datetime
    ready_at: datetime
    carousel_item: bool = False
    error: str | None = None
    published: bool = False


@dataclass(frozen=True)
class _Media:
    id: str
    owner: str
    caption: str
    permalink: str
    posted_at: datetime


class Instagram:
    name = "instagram"

    def __init__(self, world: World) -> None:
        self.world = world
        self._containers: dict[str, _Container] = {}
        self._media: dict[str, _Media] = {}

    def route(self, call: Call) -> str | None:
        version, _, path = call.path.lstrip("/").partition("/")
        if not re.fullmatch(r"v\d+\.\d+", version):
            return None
        owner, _, edge = path.partition("/")
        if not owner.isdecimal():
            return None
        match call.method, edge:
            case "POST", "media":
                return "create_container"
            case "POST", "media_publish":
                return "publish"
            case "GET", "media":
                return "list_media"
            case "GET", "content_publishing_limit":
                return "publishing_limit"
            case "GET", "" if owner in self._media:
                return "permalink"
            case "GET", "":
                return "container_status"
            case _:
                return None

    def answer(self, step: str, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer:
        node = call.path.lstrip("/").split("/")[1]
        match step:
            case "container_status":
                return self._status(node, account)
            case "permalink":
                return self._permalink(node, account)
            case _ if node != account.user_id:
                return _error(100, 33, f"Unsupported request. Object with ID '{node}' does not exist")
            case "create_container":
                return self._create(call, account, fault)
            case "publish":
                return self._publish(call, account)
            case "list_media":
                return self._list(call, account)
            case _:
                used = self._posts_today(account)
                return Answer(
                    200, {"data": [{"quota_usage": used, "config": {"quota_total": POSTS_A_DAY, "quota_duration": 86400}}]}
                )

    def failure(self, kind: str) -> Answer:
        match kind:
            case "unauthorized":
                return _error(190, 463, "Error validating access token: Session has expired", status=401)
            case "rate_limit":
                return _error(4, 0, "Application request limit reached", transient=True, status=403)
            case "server_error":
                return _error(
                    2, 0, "An unexpected error has occurred. Please retry your request later.", transient=True, status=500
                )
            case "duplicate" | "reject":
                return _error(
                    4, 2207051, "Application request limit reached: we restrict certain activity to protect our community"
                )
            case _:
                return _error(100, 33, "Unsupported request. Object does not exist", status=404)

    def _create(self, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer:
        given = {**call.query, **call.fields}
        unknown = set(given) - _FIELDS
        if unknown:
            return _error(100, 0, f"(#100) Invalid parameter {sorted(unknown)}")
        caption, kind = str(given.get("caption", "")), str(given.get("media_type", "IMAGE"))
        if len(caption) > 2200 or len(re.findall(r"#\w", caption)) > 30 or len(re.findall(r"@\w", caption)) > 20:
            return _error(36004, 2207010, "The caption was too long, or has too many tags")
        media, refusal = self._fetched(kind, given, account)
        if refusal is not None:
            return refusal
        container = _Container(
            self.world.new_id(),
            account.account_id,
            kind,
            caption,
            media,
            self.world.now(),
            self.world.now() + timedelta(seconds=self._processing_seconds(kind, fault)),
            carousel_item=given.get("is_carousel_item") == "true",
        )
        if fault is not None and fault.kind == "processing_failed":
            container.error = "Error: Media upload has failed with error code 2207026"
        self._containers[container.id] = container
        return Answer(200, {"id": container.id})

    def _fetched(self, kind: str, given: dict[str, Any], account: SandboxAccount) -> tuple[tuple[str, ...], Answer | None]:
        """What Instagram's own servers fetched, as digests; or the refusal."""
        match kind:
            case "CAROUSEL":
                children = [self._containers.get(child) for child in str(given.get("children", "")).split(",")]
                ready = [
                    c for c in children if c and c.owner == account.account_id and c.carousel_item and self._state(c) == "FINISHED"
                ]
                if len(ready) < len(children) or not 2 <= len(children) <= 10:
                    return (), _error(100, 2207028, "A carousel takes 2 to 10 finished carousel items")
                return tuple(digest for child in ready for digest in child.media), None
            case "IMAGE":
                return self._pull(str(given.get("image_url", "")), b"\xff\xd8\xff", IMAGE_BYTES, (36001, 2207005))
            case "REELS" | "VIDEO":
                if kind == "VIDEO" and given.get("is_carousel_item") != "true":
                    return (), _error(100, 2207023, "The media type VIDEO is only for carousel items: use REELS")
                if kind == "REELS" and given.get("is_carousel_item") == "true":
                    return (), _error(100, 2207023, "Reels cannot be carousel items")
                return self._pull(str(given.get("video_url", "")), None, VIDEO_BYTES, (352, 2207026))
            case _:
                return (), _error(100, 2207023, f"The media type {kind} is unknown")

    def _pull(self, url: str, signature: bytes | None, limit: int, wrong: tuple[int, int]) -> tuple[tuple[str, ...], Answer | None]:
        content = self.world.pull(url) if url.startswith(("http://", "https://")) else None
        if content is None:
            return (), _error(9004, 2207052, "The media could not be fetched from this URI")
        right = content[4:8] == b"ftyp" if signature is None else content.startswith(signature)
        if not right or len(content) > limit:
            return (), _error(*wrong, "The media format or size is not supported")
        return (f"sha256:{hashlib.sha256(content).hexdigest()}",), None

    def _processing_seconds(self, kind: str, fault: Fault | None) -> float:
        if fault is not None and fault.kind == "slow_processing":
            return self.world.slow_processing_seconds
        return self.world.processing_seconds if kind in ("REELS", "VIDEO") else 0.0

    def _state(self, container: _Container) -> str:
        if container.published:
            return "PUBLISHED"
        if container.created_at + CONTAINER_LIVES <= self.world.now():
            return "EXPIRED"
        if container.ready_at > self.world.now():
            return "IN_PROGRESS"
        return "ERROR" if container.error else "FINISHED"

    def _status(self, node: str, account: SandboxAccount) -> Answer:
        container = self._containers.get(node)
        if container is None or container.owner != account.account_id:
            return _error(100, 33, f"Unsupported get request. Object with ID '{node}' does not exist")
        state = self._state(container)
        text = container.error if state == "ERROR" else f"{state.capitalize()}: Media has been processed"
        return Answer(200, {"status_code": state, "status": text, "id": container.id})

    def _publish(self, call: Call, account: SandboxAccount) -> Answer:
        container = self._containers.get(str({**call.query, **call.fields}.get("creation_id", "")))
        if container is None or container.owner != account.account_id or container.carousel_item:
            return _error(24, 2207006, "The media with this container could not be found")
        state = self._state(container)
        if state in ("PUBLISHED", "EXPIRED"):
            return _error(24, 2207008, "The media container does not exist any more")
        if state != "FINISHED":
            return _error(9007, 2207027, "The media is not ready for publishing, please wait for a moment")
        if self._posts_today(account) >= POSTS_A_DAY:
            return _error(
                9, 2207042, "You reached the maximum number of posts that is allowed to be published by Content Publishing API"
            )
        container.published = True
        media_id = self.world.new_id()
        code = hashlib.sha256(media_id.encode()).hexdigest()[:11]
        url = f"https://www.instagram.com/{'reel' if container.kind == 'REELS' else 'p'}/{code}/"
        posted = _Media(media_id, account.account_id, container.caption, url, self.world.now())
        self._media[media_id] = posted
        self.world.ledger.append(
            Entry("instagram", account.account_id, media_id, url, container.caption, container.media, posted.posted_at)
        )
        return Answer(200, {"id": media_id})

    def _list(self, call: Call, account: SandboxAccount) -> Answer:
        visible = self.world.now() - timedelta(seconds=self.world.listing_lag_seconds)
        own = [m for m in self._media.values() if m.owner == account.account_id and m.posted_at <= visible]
        shown = [_shown(media) for media in reversed(own)][: int(call.query.get("limit", "25"))]
        return Answer(200, {"data": shown})

    def _permalink(self, node: str, account: SandboxAccount) -> Answer:
        media = self._media[node]
        if media.owner != account.account_id:
            return _error(100, 33, f"Unsupported get request. Object with ID '{node}' does not exist")
        return Answer(200, _shown(media))

    def _posts_today(self, account: SandboxAccount) -> int:
        since = self.world.now() - timedelta(days=1)
        return sum(m.owner == account.account_id and m.posted_at > since for m in self._media.values())


def _shown(media: _Media) -> dict[str, Any]:
    shown = {"id": media.id, "permalink": media.permalink, "timestamp": media.posted_at.strftime("%Y-%m-%dT%H:%M:%S+0000")}
    return {**shown, "caption": media.caption} if media.caption else shown


def _error(code: int, subcode: int, message: str, *, transient: bool = False, status: int = 400) -> Answer:
    error: dict[str, Any] = {
        "message": message,
        "type": "OAuthException",
        "code": code,
        "is_transient": transient,
        "fbtrace_id": "sandbox",
    }
    return Answer(status, {"error": {**error, **({"error_subcode": subcode} if subcode else {})}})
