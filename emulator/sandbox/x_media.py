"""X's media upload: images in one request, videos and GIFs in segments, then processing that takes its time."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from emulator.sandbox.accounts import SandboxAccount
from emulator.sandbox.faults import Fault, strikes
from emulator.sandbox.files import Received, Takes, unfit_video
from emulator.sandbox.platform import Answer, Call, World
from emulator.sandbox.x_answers import invalid, ok

IMAGE_BYTES, VIDEO_BYTES, GIF_BYTES = 5 << 20, 8 << 30, 15 << 20
SEGMENT_BYTES = 5 << 20
TAKES, PREMIUM_TAKES = Takes((0.0, 60.0), (0.5, 1200.0)), Takes((0.0, 60.0), (0.5, 7500.0))
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF")


@dataclass
class Media:
    id: str
    owner: str
    category: str
    total_bytes: int
    digest: Received = field(default_factory=Received)
    received: int = 0
    next_segment: int = 0
    finalized: bool = False
    ready_at: datetime | None = None
    failed: bool = False

    @property
    def key(self) -> str:
        return f"{13 if self.category == 'tweet_video' else 3}_{self.id}"


def has_premium(account: SandboxAccount) -> bool:
    """Accounts whose names begin with premium."""
    return account.account_id.startswith("premium")


class Uploads:
    def __init__(self, world: World) -> None:
        self._world = world
        self._uploads: dict[str, Media] = {}

    def answer(self, step: str, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer:
        match step:
            case "initialize":
                return self._initialize(call, account)
            case "append":
                return self._append(call, account)
            case "finalize":
                return self._finalize(call, account, fault)
            case "upload":
                return self._upload(call, account)
            case "metadata":
                return self._metadata(call, account)
            case _:
                return self._status(call, account)

    def _initialize(self, call: Call, account: SandboxAccount) -> Answer:
        category, total = call.fields.get("media_category"), call.fields.get("total_bytes")
        limits = {"tweet_video": VIDEO_BYTES, "tweet_gif": GIF_BYTES, "tweet_image": IMAGE_BYTES}
        if category not in limits or not isinstance(total, int) or not call.fields.get("media_type"):
            return invalid("media_type, total_bytes and media_category are required")
        if not 0 < total <= limits[category]:
            return invalid(f"File size exceeds {limits[category]} bytes: media is too large.")
        media = Media(self._world.new_id(), account.account_id, category, total)
        self._uploads[media.id] = media
        return ok({"id": media.id, "media_key": media.key, "expires_after_secs": 86400})

    def _append(self, call: Call, account: SandboxAccount) -> Answer:
        media = self.own(call.path.split("/")[4], account)
        segment, index = call.files.get("media"), call.fields.get("segment_index")
        if media is None or segment is None or index is None or media.finalized:
            return invalid("media and segment_index are required, of an upload that is not finalized")
        if int(index) != media.next_segment or len(segment) > SEGMENT_BYTES:
            return invalid(f"Segments do not add up to provided total media size: expected segment {media.next_segment}")
        media.digest.update(segment)
        media.received += len(segment)
        media.next_segment += 1
        return ok({"expires_at": int(self._world.now().timestamp()) + 86400})

    def _finalize(self, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer:
        media = self.own(call.path.split("/")[4], account)
        if media is None or media.received != media.total_bytes:
            return invalid("Segments do not add up to provided total media size.")
        media.finalized = True
        if media.category != "tweet_image":
            slow = strikes(fault, "slow_processing")
            seconds = self._world.slow_processing_seconds if slow else self._world.processing_seconds
            media.ready_at = self._world.now() + timedelta(seconds=seconds)
            takes = PREMIUM_TAKES if has_premium(account) else TAKES
            unfit = media.category == "tweet_video" and unfit_video(self._world.measure, media.digest.content, takes)
            media.failed = bool(unfit) or strikes(fault, "processing_failed")
        return ok(self._shown(media))

    def _upload(self, call: Call, account: SandboxAccount) -> Answer:
        content = call.files.get("media")
        if content is None or call.fields.get("media_category") != "tweet_image":
            return invalid("media and media_category=tweet_image are required")
        if not any(content.startswith(signature) for signature in _SIGNATURES):
            return invalid("The media type is unrecognized: media is invalid.")
        if len(content) > IMAGE_BYTES:
            return invalid(f"File size exceeds {IMAGE_BYTES} bytes: media is too large.")
        media = Media(self._world.new_id(), account.account_id, "tweet_image", len(content), finalized=True)
        media.digest.update(content)
        self._uploads[media.id] = media
        return ok(self._shown(media))

    def _metadata(self, call: Call, account: SandboxAccount) -> Answer:
        media = self.own(str(call.fields.get("id", "")), account)
        words = ((call.fields.get("metadata") or {}).get("alt_text") or {}).get("text")
        if media is None or not isinstance(words, str) or not 0 < len(words) <= 1000:
            return invalid("id and metadata.alt_text.text (up to 1000 characters) are required")
        return ok({"id": media.id, "associated_metadata": {"alt_text": {"text": words}}})

    def _status(self, call: Call, account: SandboxAccount) -> Answer:
        media = self.own(call.query.get("media_id", ""), account)
        if media is None or call.query.get("command") != "STATUS":
            return invalid("command=STATUS and a media_id of yours are required")
        return ok(self._shown(media))

    def own(self, media_id: str, account: SandboxAccount) -> Media | None:
        media = self._uploads.get(media_id)
        return media if media and media.owner == account.account_id else None

    def _shown(self, media: Media) -> dict[str, Any]:
        shown: dict[str, Any] = {"id": media.id, "media_key": media.key, "size": media.total_bytes, "expires_after_secs": 86400}
        if media.ready_at is None:
            return shown
        left = (media.ready_at - self._world.now()).total_seconds()
        if left > 0:
            return {
                **shown,
                "processing_info": {"state": "in_progress", "check_after_secs": max(1, round(left)), "progress_percent": 50},
            }
        if media.failed:
            error = {"code": 1, "name": "InvalidMedia", "message": "Unsupported video format"}
            return {**shown, "processing_info": {"state": "failed", "progress_percent": 100, "error": error}}
        return {**shown, "processing_info": {"state": "succeeded", "progress_percent": 100}}
