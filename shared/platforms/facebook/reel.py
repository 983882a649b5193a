"""A reel: start, upload, finish. The public call is finish; the video's id is known before, and is published at most once."""

from datetime import UTC, datetime

from shared.core.wait import Wait
from shared.platforms.facebook.calls import POLL_SECONDS, PROCESSING_LIMIT, Calls, failed
from shared.platforms.failure import PlatformFailure
from shared.platforms.platform import Finding, Ready

EDGE = "video_reels"


def prepare(calls: Calls) -> Ready | Wait:
    calls.start_upload(EDGE)
    return Ready()


def publish(calls: Calls) -> Wait:
    form = {"video_state": "PUBLISHED"}
    if calls.publication.draft.text:
        form["description"] = calls.publication.draft.text
    if calls.options.title is not None:
        form["title"] = calls.options.title
    query = {"upload_phase": "finish", "video_id": calls.publication.handle["video"]}
    answer = calls.post_once(EDGE, form, query)
    if answer.get("success") is not True:
        raise PlatformFailure("outcome_unknown", "Facebook did not say that it took the reel", http_status=200)
    return calls.accepted()


def find(calls: Calls) -> Finding:
    return calls.await_published(done="publishing_phase")


def uploaded(calls: Calls) -> Ready | Wait:
    """Whether Facebook has the file and has looked at it: a story's finish is refused before."""
    status = calls.status().get("status") or {}
    match status.get("video_status"):
        case "ready" | "upload_complete":
            return Ready()
        case "error" | "expired":
            calls.publication.save(video=None, upload=None)
            raise failed(status)
        case _:
            pass
    since = datetime.fromtimestamp(calls.publication.handle["uploaded_at"], UTC)
    if calls.publication.now() - since > PROCESSING_LIMIT:
        message = "Facebook did not finish processing the video within an hour."
        raise PlatformFailure("media_invalid", message, code="processing_timeout", remediation="Try a shorter or smaller file.")
    return Wait(POLL_SECONDS, "Facebook is processing the video")
