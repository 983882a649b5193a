"""TikTok's Content Posting API v2: the creator is asked first, videos come in chunks, photos are pulled from a verified domain."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from emulator.sandbox.accounts import SandboxAccount
from emulator.sandbox.faults import Fault, strikes
from emulator.sandbox.files import Received, Takes, is_larger, unfit_video
from emulator.sandbox.oauth import AuthorizationServer, Dialect, WithOAuth
from emulator.sandbox.platform import Answer, Call, Entry, World

MB = 1_000_000
UPLOAD_LIVES = timedelta(hours=1)
INITS_A_MINUTE = 6
PRIVACY = ("PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY")
MAX_SECONDS = 600
TAKES = Takes((23.0, 60.0), (0.0, MAX_SECONDS))
PHOTO_SIDES = (1080, 1920)
_ROUTES = {
    ("POST", "/v2/post/publish/creator_info/query/"): "creator_info",
    ("POST", "/v2/post/publish/video/init/"): "init",
    ("POST", "/v2/post/publish/content/init/"): "publish",
    ("POST", "/v2/post/publish/status/fetch/"): "status",
    ("POST", "/v2/video/list/"): "list_videos",
    ("POST", "/v2/oauth/token/"): "token",
    ("POST", "/v2/oauth/revoke/"): "revoke",
    ("GET", "/v2/auth/authorize/"): "authorize",
}
_OAUTH = Dialect(
    "TikTok",
    timedelta(hours=24),
    refreshable=True,
    client_field="client_key",
    scope_separator=",",
    scopes=frozenset({"user.info.basic", "video.publish", "video.list"}),
    extra=lambda account: {"open_id": account.user_id, "refresh_expires_in": 31536000},
)


@dataclass
class _Post:
    id: str
    owner: str
    text: str
    is_photo: bool
    privacy: str
    begun_at: datetime
    size: int = 0
    chunk: int = 0
    count: int = 0
    received: int = 0
    digest: Received = field(default_factory=Received)
    media: tuple[str, ...] = ()
    ready_at: datetime | None = None
    failed: bool = False
    # Why, if processing found it out.
    fail_reason: str = "file_format_check_failed"
    slow: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    post_id: str | None = None


class TikTok(WithOAuth):
    name = "tiktok"
    steps = ("publish", "creator_info", "init", "upload", "status", "list_videos", "token", "revoke", "authorize")
    affected: ClassVar = {
        "slow_processing": ("init", "publish"),
        "processing_failed": ("init", "publish"),
        "lapsed": ("upload", "publish"),
    }
    dialect = _OAUTH
    hosts = ("open.tiktokapis.com", "open-upload.tiktokapis.com", "www.tiktok.com")
    open_steps = frozenset({"authorize", "token", "revoke", "upload", "publish_upload"})

    def __init__(self, world: World) -> None:
        self.world = world
        self.oauth = AuthorizationServer(world, self.name, _OAUTH)
        self._posts: dict[str, _Post] = {}
        self._inits: dict[str, list[datetime]] = {}

    def route(self, call: Call) -> str | None:
        if call.host == "open-upload.tiktokapis.com":
            if call.method != "PUT" or call.path != "/video/":
                return None
            post, span = self._posts.get(call.query.get("upload_id", "")), _span(call)
            return "publish_upload" if post and span and span[1] == post.size - 1 else "upload"
        step = _ROUTES.get((call.method, call.path))
        # TikTok goes on by itself from here.
        return "publish" if step == "init" and (call.fields.get("source_info") or {}).get("source") == "PULL_FROM_URL" else step

    def account_in(self, step: str, call: Call) -> SandboxAccount | None:
        post = self._posts.get(call.query.get("upload_id", ""))
        return SandboxAccount(self.name, post.owner) if post else super().account_in(step, call)

    def open_answer(self, step: str, call: Call, fault: Fault | None) -> Answer:
        return self._put(call, fault) if call.method == "PUT" else super().open_answer(step, call, fault)

    def answer(self, step: str, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer:
        if not call.headers.get("content-type", "").startswith("application/json"):
            return _error(400, "invalid_params", "Content-Type must be application/json; charset=UTF-8")
        match step:
            case "creator_info":
                return _ok(
                    {
                        "creator_username": account.username,
                        "creator_nickname": account.username,
                        "privacy_level_options": list(PRIVACY),
                        "comment_disabled": False,
                        "duet_disabled": False,
                        "stitch_disabled": False,
                        "max_video_post_duration_sec": MAX_SECONDS,
                    }
                )
            case "init":
                return self._init(call, account, fault)
            case "publish" if call.path == "/v2/post/publish/video/init/":
                return self._pulled(call, account, fault)
            case "publish":
                return self._photos(call, account, fault)
            case "list_videos":
                return self._list(call, account)
            case _:
                return self._status(call, account)

    def _info(self, call: Call) -> tuple[dict[str, Any], dict[str, Any]] | Answer:
        info, source = call.fields.get("post_info"), call.fields.get("source_info")
        if not isinstance(info, dict) or not isinstance(source, dict):
            return _error(400, "invalid_params", "post_info and source_info are required")
        if info.get("privacy_level") not in PRIVACY:
            return _error(403, "privacy_level_option_mismatch", "privacy_level is not among the creator's options")
        toggles = [info.get(name) for name in ("brand_content_toggle", "brand_organic_toggle")]
        if not all(isinstance(toggle, bool) for toggle in toggles):
            return _error(400, "invalid_params", "brand_content_toggle and brand_organic_toggle are required")
        if toggles[0] and info["privacy_level"] == "SELF_ONLY":
            return _error(403, "privacy_level_option_mismatch", "Branded content cannot be private")
        return info, source

    def _init(self, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer:
        given = self._info(call)
        if isinstance(given, Answer):
            return given
        info, source = given
        size, chunk, count = (source.get(name) for name in ("video_size", "chunk_size", "total_chunk_count"))
        whole = isinstance(size, int) and isinstance(chunk, int) and isinstance(count, int)
        if source.get("source") != "FILE_UPLOAD" or not whole or not _fits(int(size or 0), int(chunk or 0), int(count or 0)):
            return _error(400, "invalid_params", "The chunks do not add up: 5 to 64 MB each, the last up to 128 MB")
        post = self._video("file", info, account, fault)
        if isinstance(post, Answer):
            return post
        post.size, post.chunk, post.count = int(size or 0), int(chunk or 0), int(count or 0)
        address = f"{self.world.base_url}/open-upload.tiktokapis.com/video/?upload_id={post.id}"
        return _ok({"publish_id": post.id, "upload_url": address})

    def _pulled(self, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer:
        given = self._info(call)
        if isinstance(given, Answer):
            return given
        info, source = given
        if not str(source.get("video_url", "")).startswith(self.world.verified_prefix):
            return _error(403, "url_ownership_unverified", "Please review our URL ownership verification rules")
        post = self._video("url", info, account, fault)
        if isinstance(post, Answer):
            return post
        content = self.world.pull(str(source["video_url"]))
        if content is None:
            post.failed, post.fail_reason = True, "video_pull_failed"
        else:
            self._judge(post, content)
        post.media = (f"sha256:{hashlib.sha256(content or b'').hexdigest()}",)
        self._accepted(post, fault)
        return _ok({"publish_id": post.id})

    def _video(self, source: str, info: dict[str, Any], account: SandboxAccount, fault: Fault | None) -> _Post | Answer:
        title, now = str(info.get("title", "")), self.world.now()
        if len(title.encode("utf-16-le")) // 2 > 2200:
            return _error(400, "invalid_params", "title is longer than 2200 UTF-16 units")
        recent = [at for at in self._inits.get(account.account_id, []) if at > now - timedelta(minutes=1)]
        if len(recent) >= INITS_A_MINUTE:
            return self.failure("rate_limit")
        self._inits[account.account_id] = [*recent, now]
        post = _Post(f"v_pub_{source}~{self.world.new_id()}", account.account_id, title, False, str(info["privacy_level"]), now)
        post.failed = strikes(fault, "processing_failed")
        post.slow = strikes(fault, "slow_processing")
        post.options = {name: value for name, value in info.items() if name != "title"}
        self._posts[post.id] = post
        return post

    def _judge(self, post: _Post, content: bytes) -> None:
        if unfit := unfit_video(self.world.measure, content, TAKES):
            post.failed, post.fail_reason = True, f"{'file_format' if unfit == 'format' else unfit}_check_failed"

    def _put(self, call: Call, fault: Fault | None) -> Answer:
        post, span = self._posts.get(call.query.get("upload_id", "")), _span(call)
        if post is None:
            return Answer(404)
        if strikes(fault, "lapsed"):
            post.begun_at -= UPLOAD_LIVES
        if post.begun_at + UPLOAD_LIVES <= self.world.now():
            return Answer(403)
        if call.headers.get("content-type") not in ("video/mp4", "video/quicktime", "video/webm") or span is None:
            return Answer(400)
        first, last, size = span
        expected_last = post.size - 1 if first // post.chunk == post.count - 1 else first + post.chunk - 1
        if size != post.size or first != post.received or last != expected_last or len(call.body) != last - first + 1:
            return Answer(416)
        post.digest.update(call.body)
        post.received = last + 1
        if post.received < post.size:
            return Answer(206, headers={"Content-Range": f"bytes 0-{last}/{size}"})
        if call.body[:1] and post.count == 1 and call.body[4:8] != b"ftyp" and not call.body.startswith(b"\x1aE"):
            post.failed = True
        self._judge(post, post.digest.content)
        post.media = (f"sha256:{post.digest.hexdigest()}",)
        self._accepted(post, fault)
        return Answer(201)

    def _photos(self, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer:
        given = self._info(call)
        if isinstance(given, Answer):
            return given
        info, source = given
        urls = source.get("photo_images")
        right = call.fields.get("media_type") == "PHOTO" and call.fields.get("post_mode") == "DIRECT_POST"
        if not right or source.get("source") != "PULL_FROM_URL" or not isinstance(urls, list) or not 1 <= len(urls) <= 35:
            return _error(400, "invalid_params", "photo_images takes 1 to 35 addresses")
        if len(str(info.get("title", ""))) > 90 or len(str(info.get("description", ""))) > 4000:
            return _error(400, "invalid_params", "title takes 90 characters, description 4000")
        if not all(str(url).startswith(self.world.verified_prefix) for url in urls):
            return _error(403, "url_ownership_unverified", "Please review our URL ownership verification rules")
        now, text = self.world.now(), str(info.get("description", ""))
        post = _Post(f"p_pub_url~{self.world.new_id()}", account.account_id, text, True, str(info["privacy_level"]), now)
        files = [self.world.pull(str(url)) for url in urls]
        right = all(f is not None and (f.startswith(b"\xff\xd8\xff") or f[8:12] == b"WEBP") for f in files)
        post.failed = not right or strikes(fault, "processing_failed")
        if right and any(is_larger(self.world.measure, f or b"", PHOTO_SIDES) for f in files):
            post.failed, post.fail_reason = True, "picture_size_check_failed"
        post.slow = strikes(fault, "slow_processing")
        post.media = tuple(f"sha256:{hashlib.sha256(f or b'').hexdigest()}" for f in files)
        post.options = {name: value for name, value in info.items() if name != "description"}
        post.options["is_aigc"] = call.fields.get("is_aigc")
        self._posts[post.id] = post
        self._accepted(post, fault)
        return _ok({"publish_id": post.id})

    def _accepted(self, post: _Post, fault: Fault | None) -> None:
        """From here on TikTok goes on by itself; what fails in processing is never public."""
        slow = post.slow or strikes(fault, "slow_processing")
        seconds = self.world.slow_processing_seconds if slow else self.world.processing_seconds
        post.ready_at = self.world.now() + timedelta(seconds=seconds)
        if post.failed or strikes(fault, "processing_failed"):
            post.failed = True
            return
        post.post_id = self.world.new_id()
        url = f"https://www.tiktok.com/@{post.owner}/{'photo' if post.is_photo else 'video'}/{post.post_id}"
        self.world.accept(Entry(self.name, post.owner, post.post_id, url, post.text, post.media, self.world.now()), post.options)

    def _status(self, call: Call, account: SandboxAccount) -> Answer:
        post = self._posts.get(str(call.fields.get("publish_id", "")))
        if post is None or post.owner != account.account_id:
            return _error(400, "invalid_publish_id", "The publish_id does not exist")
        now = self.world.now()
        seen = now - timedelta(seconds=self.world.status_lag_seconds)
        if post.ready_at is None:
            lapsed = post.begun_at + UPLOAD_LIVES <= now
            return _ok({"status": "FAILED", "fail_reason": "internal"} if lapsed else self._uploading(post, post.received))
        if post.ready_at > seen:
            processing = {"status": "PROCESSING_DOWNLOAD"} if post.is_photo else self._uploading(post, post.size)
            return _ok(processing)
        if post.failed:
            return _ok({"status": "FAILED", "fail_reason": post.fail_reason})
        ids = [] if post.privacy == "SELF_ONLY" else [int(post.post_id or 0)]
        return _ok({"status": "PUBLISH_COMPLETE", "publicaly_available_post_id": ids})

    def _list(self, call: Call, account: SandboxAccount) -> Answer:
        """Videos that are public, newest first; of each what `fields` asks for."""
        wanted = call.query.get("fields", "").split(",")
        visible = self.world.now() - timedelta(seconds=self.world.listing_lag_seconds)
        own = [post for post in self._posts.values() if post.owner == account.account_id and not post.is_photo]
        shown = [
            post for post in own if post.ready_at and post.ready_at <= visible and not post.failed and post.privacy == PRIVACY[0]
        ]
        entries = [
            {
                "id": post.post_id,
                "title": post.text,
                "video_description": post.text,
                "create_time": int(post.ready_at.timestamp() if post.ready_at else 0),
                "share_url": f"https://www.tiktok.com/@{account.username}/video/{post.post_id}",
            }
            for post in sorted(shown, key=lambda post: post.begun_at, reverse=True)
        ]
        number = min(int(call.fields.get("max_count", 10)), 20)
        videos = [{name: entry[name] for name in wanted if name in entry} for entry in entries[:number]]
        return _ok({"videos": videos, "cursor": 0, "has_more": len(entries) > number})

    def _uploading(self, post: _Post, received: int) -> dict[str, Any]:
        return {"status": "PROCESSING_UPLOAD", "uploaded_bytes": received}

    def failure(self, kind: str) -> Answer:
        match kind:
            case "unauthorized":
                return _error(401, "access_token_invalid", "The access token is invalid or not found in the request.")
            case "rate_limit":
                return _error(429, "rate_limit_exceeded", "The API rate limit was exceeded.")
            case "server_error":
                return _error(500, "internal_error", "Something is wrong. Please try again later.")
            case "reject" | "duplicate":
                return _error(403, "spam_risk", "The publish request was refused: please follow the community guidelines.")
            case _:
                return _error(404, "invalid_params", "Not found")

    def failure_at(self, step: str, kind: str) -> Answer:
        if step == "token":
            refused = self.oauth.failure(kind)
            return Answer(refused.status, {**refused.body, "log_id": "sandbox"})
        return self.failure(kind)


def _span(call: Call) -> tuple[int, int, int] | None:
    """First and last byte, and the size, of a Content-Range."""
    found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", call.headers.get("content-range", ""))
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def _fits(size: int, chunk: int, count: int) -> bool:
    if not 0 < size <= 4096 * MB or chunk <= 0 or count != size // chunk or not 1 <= count <= 1000:
        return False
    if count == 1:
        return chunk == size and size <= 64 * MB
    return 5 * MB <= chunk <= 64 * MB and size - chunk * (count - 1) <= 128 * MB


def _ok(data: dict[str, Any]) -> Answer:
    return Answer(200, {"data": data, "error": {"code": "ok", "message": "", "log_id": "sandbox"}})


def _error(status: int, code: str, message: str) -> Answer:
    return Answer(status, {"data": {}, "error": {"code": code, "message": message, "log_id": "sandbox"}})


SANDBOX = TikTok
