"""What becomes of a video after its upload: YouTube processes it, which takes minutes, and may give it up or turn it down."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared.core.wait import Wait
from shared.http.client import NoAnswer, NotSent
from shared.platforms.failure import FailureKind, PlatformFailure
from shared.platforms.platform import Failed, Found, Publication
from shared.platforms.youtube.options import Options

# Asked often at first; what takes longer than this counts as published, with a note.
PATIENCE = timedelta(minutes=15)
_POLLS = ((60.0, 5.0), (float("inf"), 30.0))

# Google's words for videos.status.failureReason and rejectionReason, and what they mean for the post.
_REASONS: Mapping[str, FailureKind] = {
    "uploadAborted": "transient",
    "uploaderAccountClosed": "permission",
    "uploaderAccountSuspended": "permission",
    "length": "media_invalid",
    **dict.fromkeys(("codec", "conversion", "emptyFile", "invalidFile", "tooSmall"), "media_invalid"),
}
_REMEDIES = {"length": "Verify the channel at youtube.com/verify for videos of more than 15 minutes, or shorten the video."}


@dataclass(frozen=True)
class Shown:
    """A video as its channel sees it; empty where YouTube does not say."""

    upload_status: str = ""
    reason: str = ""
    privacy: str | None = None
    is_processing: bool = False

    @staticmethod
    def from_json(video: Mapping[str, Any]) -> "Shown":
        status: dict[str, Any] = video.get("status") or {}
        return Shown(
            str(status.get("uploadStatus") or ""),
            str(status.get("failureReason") or status.get("rejectionReason") or ""),
            status.get("privacyStatus"),
            (video.get("processingDetails") or {}).get("processingStatus") == "processing",
        )


def address_of(video_id: str) -> str:
    return f"https://www.youtube.com/watch?v={video_id}"


def outcome_of(publication: Publication, video_id: str, look: Callable[[], Shown]) -> Found | Failed | Wait:
    """Found once it is processed, and also where nobody could say within PATIENCE: the video is there. Raises PlatformFailure,
    NotSent and NoAnswer before that, where asking again may help."""
    since = publication.now() - publication.intent_at
    try:
        shown = look()
    except (PlatformFailure, NotSent, NoAnswer) as error:
        passes = not isinstance(error, PlatformFailure) or error.kind in ("transient", "throttled", "reauth")
        if passes and since < PATIENCE:
            raise
        return Found(video_id, address_of(video_id), ("YouTube did not say whether it could process the video: look at it there.",))
    match shown.upload_status:
        case "failed" | "rejected":
            return Failed(_failure(shown))
        case "processed":
            return Found(video_id, address_of(video_id), _privacy_note(publication, shown.privacy))
        case _ if since < PATIENCE:
            pause = next(seconds for until, seconds in _POLLS if since.total_seconds() < until)
            return Wait(pause, "YouTube is processing the video")
        case _:
            late = f"YouTube was still processing the video after {PATIENCE.seconds // 60} minutes: look at it there."
            return Found(video_id, address_of(video_id), (late, *_privacy_note(publication, shown.privacy)))


def _failure(shown: Shown) -> PlatformFailure:
    reason = shown.reason or "no reason given"
    kind = _REASONS.get(shown.reason, "media_invalid" if shown.upload_status == "failed" else "rejected")
    could = "could not process the video" if shown.upload_status == "failed" else "turned the video down"
    return PlatformFailure(
        kind, f"YouTube {could}: {reason}.", remediation=_REMEDIES.get(shown.reason), platform_code=shown.reason or None
    )


def _privacy_note(publication: Publication, privacy: str | None) -> tuple[str, ...]:
    """An account's own settings, or YouTube's, may be stricter than what was asked for."""
    wanted = Options.read(publication.draft.options).privacy
    return () if privacy in (None, wanted) else (f"YouTube made the video {privacy}, though {wanted} was asked for.",)
