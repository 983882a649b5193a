"""YouTube's Data API: resumable upload sessions whose last byte makes a video, once; channels, uploads, thumbnails."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from emulator.sandbox.accounts import SandboxAccount
from emulator.sandbox.faults import Fault, strikes
from emulator.sandbox.files import Received, unfit_video
from emulator.sandbox.oauth import AuthorizationServer, Dialect, WithOAuth
from emulator.sandbox.platform import Answer, Call, Entry, World

SESSION_LIVES = timedelta(days=7)
CHUNK_UNIT = 256 << 10
UPLOADS_A_DAY = 100
THUMBNAIL_BYTES = 50 << 20
_ROUTES = {
    ("www.googleapis.com", "GET", "/youtube/v3/channels"): "channels",
    ("www.googleapis.com", "GET", "/youtube/v3/playlistItems"): "list_videos",
    ("www.googleapis.com", "GET", "/youtube/v3/videos"): "video_details",
    ("www.googleapis.com", "POST", "/upload/youtube/v3/thumbnails/set"): "thumbnail",
    ("www.googleapis.com", "POST", "/upload/youtube/v3/videos"): "start_upload",
    ("oauth2.googleapis.com", "POST", "/token"): "token",
    ("oauth2.googleapis.com", "POST", "/revoke"): "revoke",
    ("accounts.google.com", "GET", "/o/oauth2/v2/auth"): "authorize",
}
_OAUTH = Dialect(
    "YouTube",
    timedelta(seconds=3599),
    refreshable=True,
    pkce=True,
    scopes=frozenset({"https://www.googleapis.com/auth/youtube.upload", "https://www.googleapis.com/auth/youtube.readonly"}),
    wanted={"access_type": "offline", "prompt": "consent"},
)


@dataclass
class _Session:
    id: str
    owner: str
    size: int
    content_type: str
    snippet: dict[str, Any]
    status: dict[str, Any]
    begun_at: datetime
    received: int = 0
    digest: Received = field(default_factory=Received)
    video_id: str | None = None
    made_at: datetime | None = None
    is_short: bool = False
    # From when on it is watched, and a Short takes a thumbnail; why it never is.
    processed_at: datetime | None = None
    failure: str = ""

    @property
    def options(self) -> dict[str, Any]:
        return {**{name: value for name, value in self.snippet.items() if name != "description"}, **self.status}


class YouTube(WithOAuth):
    name = "youtube"
    steps = (
        "publish", "start_upload", "upload", "probe", "list_videos", "video_details", "thumbnail", "channels", "token", "revoke",
        "authorize",
    )  # fmt: skip
    affected: ClassVar = {
        "lapsed": ("upload", "publish", "probe"),
        "slow_processing": ("publish",),
        "processing_failed": ("publish",),
    }
    dialect = _OAUTH
    hosts = ("www.googleapis.com", "oauth2.googleapis.com", "accounts.google.com")
    open_steps = frozenset({"authorize", "token", "revoke", "upload", "probe", "publish"})

    def __init__(self, world: World) -> None:
        self.world = world
        self.oauth = AuthorizationServer(world, self.name, _OAUTH)
        self._sessions: dict[str, _Session] = {}

    def route(self, call: Call) -> str | None:
        if call.method == "PUT" and call.path == "/upload/youtube/v3/videos":
            session = self._sessions.get(call.query.get("upload_id", ""))
            span = _span(call)
            if call.headers.get("content-range", "").startswith("bytes */"):
                return "probe"
            return "publish" if session and span and span[1] == session.size - 1 else "upload"
        return _ROUTES.get((call.host, call.method, call.path))

    def account_in(self, step: str, call: Call) -> SandboxAccount | None:
        session = self._sessions.get(call.query.get("upload_id", ""))
        return SandboxAccount(self.name, session.owner) if session else super().account_in(step, call)

    def open_answer(self, step: str, call: Call, fault: Fault | None) -> Answer:
        match step:
            case "probe" | "upload" | "publish":
                return self._put(step, call, fault)
            case _:
                return super().open_answer(step, call, fault)

    def answer(self, step: str, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer:
        match step:
            case "start_upload":
                return self._start(call, account)
            case "channels":
                return self._channels(account)
            case "list_videos":
                return self._list(call, account)
            case "video_details":
                return self._details(call, account)
            case _:
                return self._thumbnail(call, account)

    def _start(self, call: Call, account: SandboxAccount) -> Answer:
        if call.query.get("uploadType") != "resumable" or call.query.get("part") != "snippet,status":
            return _error(400, "invalidParameter", "uploadType=resumable and part=snippet,status are required")
        size, content_type = call.headers.get("x-upload-content-length", ""), call.headers.get("x-upload-content-type", "")
        if not size.isdecimal() or not content_type.startswith("video/"):
            return _error(400, "mediaBodyRequired", "The request does not include the video content's length and type.")
        snippet, status = call.fields.get("snippet") or {}, call.fields.get("status") or {}
        title, description = str(snippet.get("title", "")), str(snippet.get("description", ""))
        if not 1 <= len(title) <= 100 or re.search("[<>]", title):
            return _error(400, "invalidTitle", "The request metadata specifies an invalid or empty video title.")
        if len(description.encode()) > 5000 or re.search("[<>]", description):
            return _error(400, "invalidDescription", "The request metadata specifies an invalid video description.")
        tags = snippet.get("tags") or []
        if sum(len(tag) + 1 for tag in tags) > 501 or any(sign in tag for tag in tags for sign in "<>"):
            return _error(400, "invalidTags", "The request metadata specifies invalid video keywords.")
        if not str(snippet.get("categoryId", "")).isdecimal():
            return _error(400, "invalidCategoryId", "The snippet.categoryId property specifies an invalid category ID.")
        if status.get("privacyStatus") not in ("public", "unlisted", "private"):
            return _error(400, "invalidVideoMetadata", "The status.privacyStatus property is invalid.")
        since = self.world.now() - timedelta(days=1)
        made = sum(s.owner == account.account_id and s.made_at is not None and s.made_at > since for s in self._sessions.values())
        if made >= UPLOADS_A_DAY:
            return _error(400, "uploadLimitExceeded", "The user has exceeded the number of videos they may upload.")
        # As a channel's own settings may be stricter.
        shown = {"privacyStatus": "private"} if account.account_id.startswith("private") else dict(status)
        session = _Session(self.world.new_id(), account.account_id, int(size), content_type, dict(snippet), shown, self.world.now())
        self._sessions[session.id] = session
        address = f"{self.world.base_url}/www.googleapis.com/upload/youtube/v3/videos?upload_id={session.id}"
        return Answer(200, headers={"Location": address})

    def _put(self, step: str, call: Call, fault: Fault | None) -> Answer:
        session = self._sessions.get(call.query.get("upload_id", ""))
        if session is not None and strikes(fault, "lapsed"):
            session.begun_at -= SESSION_LIVES
        if session is None or session.begun_at + SESSION_LIVES <= self.world.now():
            return _error(404, "notFound", "The upload session was not found")
        if session.video_id is not None:
            return Answer(200, self._shown(session))
        if step == "probe":
            return _incomplete(session)
        span = _span(call)
        if span is None or call.headers.get("content-type") != session.content_type:
            return _error(400, "badRequest", "Content-Range and the announced Content-Type are required")
        first, last, size = span
        whole = last == session.size - 1
        if size != session.size or len(call.body) != last - first + 1 or (not whole and len(call.body) % CHUNK_UNIT):
            return _error(400, "badRequest", "The chunk is not a multiple of 256 KiB, or not of the announced size")
        if first > session.received:
            return _error(503, "backendError", "The chunk does not follow on what is there")
        content = call.body[session.received - first :]
        session.digest.update(content)
        session.received = max(session.received, last + 1)
        if session.received < session.size:
            return _incomplete(session)
        session.video_id = hashlib.sha256(session.id.encode()).hexdigest()[:11]
        session.made_at = self.world.now()
        session.is_short = self._is_short(session.digest.content)
        slow = strikes(fault, "slow_processing")
        seconds = self.world.slow_processing_seconds if slow else self.world.processing_seconds
        session.processed_at = session.made_at + timedelta(seconds=seconds)
        if strikes(fault, "processing_failed"):
            session.failure = "conversion"
        elif unfit_video(self.world.measure, session.digest.content):
            session.failure = "invalidFile"
        if session.failure:
            # Nobody ever sees it.
            return Answer(201, self._shown(session))
        url = f"https://www.youtube.com/watch?v={session.video_id}"
        text, digest = str(session.snippet.get("description", "")), f"sha256:{session.digest.hexdigest()}"
        self.world.accept(Entry(self.name, session.owner, session.video_id, url, text, (digest,), session.made_at), session.options)
        return Answer(201, self._shown(session))

    def _is_short(self, content: bytes) -> bool:
        if self.world.measure is None or not content:
            return False
        facts = self.world.measure(content)
        return 0 < (facts.width or 0) <= (facts.height or 0) and (facts.duration_seconds or 0) <= 180

    def _shown(self, session: _Session) -> dict[str, Any]:
        video = {"kind": "youtube#video", "id": session.video_id, "snippet": session.snippet}
        return {**video, "status": {**session.status, **self._upload_status(session)}}

    def _upload_status(self, session: _Session) -> dict[str, str]:
        if not self._is_processed(session):
            return {"uploadStatus": "uploaded"}
        failed = {"uploadStatus": "failed", "failureReason": session.failure}
        return failed if session.failure else {"uploadStatus": "processed"}

    def _channels(self, account: SandboxAccount) -> Answer:
        snippet = {"title": account.username, "customUrl": f"@{account.username}"}
        uploads = {"relatedPlaylists": {"uploads": f"UU{account.number}"}}
        return Answer(200, {"items": [{"id": account.user_id, "snippet": snippet, "contentDetails": uploads}]})

    def _details(self, call: Call, account: SandboxAccount) -> Answer:
        session = next((s for s in self._sessions.values() if s.video_id == call.query.get("id")), None)
        if session is None or session.owner != account.account_id or call.query.get("part") != "status,processingDetails":
            return Answer(200, {"items": []})
        ended = "failed" if session.failure else "succeeded"
        details = {"processingStatus": ended if self._is_processed(session) else "processing"}
        status = self._shown(session)["status"]
        return Answer(200, {"items": [{"id": session.video_id, "status": status, "processingDetails": details}]})

    def _is_processed(self, session: _Session) -> bool:
        return session.processed_at is not None and session.processed_at <= self.world.now()

    def _list(self, call: Call, account: SandboxAccount) -> Answer:
        if call.query.get("playlistId") != f"UU{account.number}" or int(call.query.get("maxResults", "5")) > 50:
            return _error(404, "playlistNotFound", "The playlist cannot be found.")
        visible = self.world.now() - timedelta(seconds=self.world.listing_lag_seconds)
        mine = [s for s in self._sessions.values() if s.owner == account.account_id and not s.failure]
        made = [s for s in mine if s.made_at and s.made_at <= visible]
        items = [
            {
                "snippet": {
                    "title": s.snippet.get("title"),
                    "description": s.snippet.get("description", ""),
                    "publishedAt": s.made_at.isoformat().replace("+00:00", "Z") if s.made_at else "",
                    "resourceId": {"kind": "youtube#video", "videoId": s.video_id},
                }
            }
            for s in reversed(made)
        ]
        most = int(call.query.get("maxResults", "5"))
        more = {"nextPageToken": "sandbox"} if len(items) > most else {}
        return Answer(200, {"items": items[:most], **more})

    def _thumbnail(self, call: Call, account: SandboxAccount) -> Answer:
        session = next((s for s in self._sessions.values() if s.video_id == call.query.get("videoId")), None)
        if session is None or session.video_id is None or session.owner != account.account_id:
            return _error(404, "videoNotFound", "The video cannot be found.")
        right = call.body.startswith((b"\xff\xd8\xff", b"\x89PNG")) and len(call.body) <= THUMBNAIL_BYTES
        if not right or call.headers.get("content-type") not in ("image/jpeg", "image/png"):
            return _error(400, "invalidImage", "The provided image content is invalid.")
        if session.is_short and not self._is_processed(session):
            return _error(403, "forbidden", "The thumbnail of a Short can't be set before the video is processed.")
        now, url = self.world.now(), f"https://i.ytimg.com/vi/{session.video_id}/default.jpg"
        digest = f"sha256:{hashlib.sha256(call.body).hexdigest()}"
        self.world.accept(
            Entry(self.name, session.owner, session.video_id, url, "", (digest,), now, "thumbnail"), parent=session.video_id
        )
        return Answer(200, {"items": [{"default": {"url": url}}]})

    def failure(self, kind: str) -> Answer:
        match kind:
            case "unauthorized":
                return _error(401, "authError", "Invalid Credentials")
            case "rate_limit":
                return _error(403, "rateLimitExceeded", "Too many requests")
            case "server_error":
                return _error(503, "backendError", "Backend Error")
            case "reject" | "duplicate":
                return _error(400, "invalidVideoMetadata", "The request metadata is invalid.")
            case _:
                return _error(404, "notFound", "Not Found")


def _incomplete(session: _Session) -> Answer:
    return Answer(308, headers={"Range": f"bytes=0-{session.received - 1}"} if session.received else {})


def _span(call: Call) -> tuple[int, int, int] | None:
    found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", call.headers.get("content-range", ""))
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def _error(status: int, reason: str, message: str) -> Answer:
    inner = {"domain": "youtube", "reason": reason, "message": message}
    return Answer(status, {"error": {"code": status, "message": message, "errors": [inner]}})


SANDBOX = YouTube
