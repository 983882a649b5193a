"""Facebook's videos: pulled whole, or started, uploaded and finished as reels and stories; each processed for a while."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from emulator.sandbox.accounts import SandboxAccount
from emulator.sandbox.faults import Fault, strikes
from emulator.sandbox.files import ANY, Takes
from emulator.sandbox.graph import error, processing_seconds, pulled
from emulator.sandbox.platform import Answer, Call, Entry, World

VIDEO_BYTES = 1 << 30
# By the edge that a video is sent to.
TAKES = {"video_reels": Takes((24.0, 60.0), (3.0, 90.0)), "video_stories": Takes(seconds=(3.0, 60.0))}


@dataclass
class Photo:
    id: str
    owner: str
    digest: str
    used: bool = False


@dataclass(frozen=True)
class Story:
    id: str
    media_id: str
    owner: str
    at: datetime


@dataclass
class Video:
    id: str
    owner: str
    edge: str
    digest: str = ""
    text: str = ""
    title: str = ""
    ready_at: datetime | None = None
    published_at: datetime | None = None
    failed: bool = False
    slow: bool = False


class Videos:
    def __init__(self, world: World) -> None:
        self._world = world
        self._videos: dict[str, Video] = {}

    def pull(self, given: dict[str, Any], account: SandboxAccount, fault: Fault | None) -> Answer:
        digest = pulled(self._world, str(given.get("file_url", "")), (), VIDEO_BYTES)
        if digest is None:
            return error(389, 1363024, "Unable to fetch video file from URL.")
        video = self._new("videos", account, fault)
        video.digest, video.text, video.title = digest, str(given.get("description", "")), str(given.get("title", ""))
        video.ready_at = self._processed(fault)
        if not video.failed:
            self._publish(video, account)
        return Answer(200, {"id": video.id})

    def start(self, edge: str, account: SandboxAccount, fault: Fault | None) -> Answer:
        video = self._new(edge, account, fault)
        address = f"{self._world.base_url}/rupload.facebook.com/video-upload/v25.0/{video.id}"
        return Answer(200, {"video_id": video.id, "upload_url": address})

    def upload(self, call: Call, account: SandboxAccount) -> Answer:
        video = self._own(call.path.rpartition("/")[2], account)
        if not call.headers.get("authorization", "").startswith("OAuth "):
            return error(190, 0, "The upload needs Authorization: OAuth")
        takes = TAKES.get(video.edge, ANY) if video is not None else ANY
        digest = pulled(self._world, call.headers.get("file_url", ""), (), VIDEO_BYTES, takes)
        if video is None or digest is None:
            return Answer(400, {"debug_info": {"retriable": False, "type": "ProcessingFailedError", "message": "no such video"}})
        video.digest = digest
        seconds = self._world.slow_processing_seconds if video.slow else self._world.processing_seconds
        video.ready_at = self._world.now() + timedelta(seconds=seconds)
        return Answer(200, {"success": True})

    def finish(self, given: dict[str, Any], account: SandboxAccount, fault: Fault | None) -> Answer:
        video = self._own(str(given.get("video_id", "")), account)
        if video is None or not video.digest or video.edge != "video_reels":
            return error(100, 1363130, "The video has not been uploaded")
        if given.get("video_state") != "PUBLISHED":
            return error(100, 0, "Param video_state must be PUBLISHED here")
        video.text = video.text or str(given.get("description", ""))
        if not video.failed:
            self._publish(video, account)
        return Answer(200, {"success": True})

    def story(self, given: dict[str, Any], account: SandboxAccount) -> Video | Answer:
        video = self._own(str(given.get("video_id", "")), account)
        now = self._world.now()
        if video is None or video.edge != "video_stories" or video.ready_at is None or video.ready_at > now or video.failed:
            return error(6000, 1363130, "The video is not ready to be published")
        if video.published_at is not None:
            return error(100, 1366051, "This video was already posted")
        video.published_at = now
        return video

    def status(self, node: str, account: SandboxAccount) -> Answer:
        video = self._own(node, account)
        if video is None:
            return error(100, 33, f"Unsupported get request. Object with ID '{node}' does not exist")
        now = self._world.now()
        processed = video.ready_at is not None and video.ready_at <= now
        seen = now - timedelta(seconds=self._world.status_lag_seconds)
        public = processed and video.published_at is not None and video.published_at <= seen
        overall = "error" if processed and video.failed else "ready" if processed else "processing"
        phase = "complete" if public else "not_started"
        processing: dict[str, Any] = {"status": "complete" if processed else "in_progress"}
        if processed and video.failed:
            processing = {"status": "error", "errors": [{"code": 1363128, "message": "The video's format is not supported"}]}
        shown = {
            "status": {
                "video_status": overall,
                "uploading_phase": {"status": "complete" if video.digest else "not_started"},
                "processing_phase": processing,
                "publishing_phase": {"status": phase, **({"publish_status": "published"} if public else {})},
            },
            "id": video.id,
        }
        return Answer(200, {**shown, "permalink_url": f"/reel/{video.id}/"} if public else shown)

    def listed(self, account: SandboxAccount, visible: datetime) -> list[dict[str, Any]]:
        return [
            {
                "id": video.id,
                "description": video.text,
                "created_time": video.published_at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
                "permalink_url": f"/reel/{video.id}/",
            }
            for video in self._videos.values()
            if video.owner == account.account_id and video.published_at is not None and video.published_at <= visible
        ]

    def _new(self, edge: str, account: SandboxAccount, fault: Fault | None) -> Video:
        video = Video(self._world.new_id(), account.account_id, edge)
        video.failed = strikes(fault, "processing_failed")
        video.slow = strikes(fault, "slow_processing")
        self._videos[video.id] = video
        return video

    def _processed(self, fault: Fault | None) -> datetime:
        return self._world.now() + timedelta(seconds=processing_seconds(self._world, fault, is_video=True))

    def _publish(self, video: Video, account: SandboxAccount) -> None:
        """Once, however often it is asked for."""
        if video.published_at is not None:
            return
        video.published_at = self._world.now()
        url = f"https://www.facebook.com/reel/{video.id}/"
        entry = Entry("facebook", account.account_id, video.id, url, video.text, (video.digest,), video.published_at)
        self._world.accept(entry, {"title": video.title, "edge": video.edge})

    def _own(self, video_id: str, account: SandboxAccount) -> Video | None:
        video = self._videos.get(video_id)
        return video if video and video.owner == account.account_id else None
