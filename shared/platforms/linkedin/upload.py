"""Brings files to LinkedIn: images in one piece, videos in the parts that LinkedIn asks for, each answered with an ETag.

Handle: `images` = URNs in order; `video` = its URN, once all parts are finalized; `uploaded_at`, `polls`.
"""

from datetime import UTC, datetime
from typing import Any

from shared.core.wait import Wait
from shared.media.media import StoredMedia
from shared.platforms.failure import PlatformFailure
from shared.platforms.linkedin.calls import Calls
from shared.platforms.platform import Publication, Ready, stored_of

POLL_SECONDS = 5.0
# A member's token may not ask about an image; LinkedIn takes seconds for one.
IMAGE_PATIENCE_SECONDS = 20.0
PROCESSING_LIMIT_SECONDS = 3600.0


def upload_all(publication: Publication, calls: Calls) -> Ready | Wait:
    """Until LinkedIn can show everything: a post with a file that is not available yet is public, but nobody sees it."""
    if publication.draft.video is not None:
        if "video" not in publication.handle:
            urn = _upload_video(publication, calls, stored_of(publication.draft.video))
            publication.save(video=urn, uploaded_at=publication.now().timestamp())
        return _available(publication, calls, "videos", publication.handle["video"])
    images: list[str] = list(publication.handle.get("images", []))
    for item in publication.draft.media[len(images) :]:
        images.append(_upload_image(publication, calls, stored_of(item)))
        publication.save(images=images, uploaded_at=publication.now().timestamp())
    return _images_available(publication, calls, images) if images else Ready()


def _upload_image(publication: Publication, calls: Calls, stored: StoredMedia) -> str:
    begun = calls.initialize("images")
    content = publication.storage.read(stored.storage_path)
    calls.put(begun.get("uploadUrl"), content, authorised=True)
    publication.keep_alive()
    return _urn(begun, "image")


def _upload_video(publication: Publication, calls: Calls, stored: StoredMedia) -> str:
    """In one go: LinkedIn does not tell which parts it has, so a worker that dies half-way leaves nothing of use."""
    begun = calls.initialize("videos", fileSizeBytes=stored.size_bytes, uploadCaptions=False, uploadThumbnail=False)
    etags: list[str] = []
    for part in begun.get("uploadInstructions") or []:
        first, last = int(part["firstByte"]), int(part["lastByte"])
        content = publication.storage.read(stored.storage_path, first, last - first + 1)
        answer = calls.put(part.get("uploadUrl"), content, authorised=False)
        # With or without quotes is not documented; as ids of parts they are taken without.
        etags.append(answer.headers.get("etag", "").strip('"'))
        publication.keep_alive()
    video = _urn(begun, "video")
    finalize = {"video": video, "uploadToken": begun.get("uploadToken", ""), "uploadedPartIds": etags}
    calls.send("POST", "videos", params={"action": "finalizeUpload"}, json={"finalizeUploadRequest": finalize})
    return video


def _images_available(publication: Publication, calls: Calls, images: list[str]) -> Ready | Wait:
    if calls.is_organisation:
        for image in images:
            state = _available(publication, calls, "images", image)
            if isinstance(state, Wait):
                return state
        return Ready()
    waited = _since_upload(publication)
    return (
        Ready() if waited >= IMAGE_PATIENCE_SECONDS else Wait(IMAGE_PATIENCE_SECONDS - waited, "LinkedIn is processing the images")
    )


def _available(publication: Publication, calls: Calls, what: str, urn: str) -> Ready | Wait:
    answer = calls.status(what, urn)
    match answer.get("status"):
        case "AVAILABLE":
            return Ready()
        case "PROCESSING_FAILED":
            publication.save(images=None, video=None)
            reason = str(answer.get("processingFailureReason") or "no reason given")
            message = f"LinkedIn could not process the file: {reason}"
            raise PlatformFailure("media_invalid", message, platform_code="PROCESSING_FAILED", platform_message=reason)
        case _ if _since_upload(publication) > PROCESSING_LIMIT_SECONDS:
            message = "LinkedIn did not finish processing the file within an hour."
            raise PlatformFailure("media_invalid", message, code="processing_timeout", remediation="Try a shorter or smaller file.")
        case _:
            return Wait(POLL_SECONDS, "LinkedIn is processing the file")


def _since_upload(publication: Publication) -> float:
    uploaded = datetime.fromtimestamp(publication.handle["uploaded_at"], UTC)
    return (publication.now() - uploaded).total_seconds()


def _urn(begun: dict[str, Any], name: str) -> str:
    if not begun.get(name):
        raise PlatformFailure("transient", f"LinkedIn did not name the {name} it began", http_status=200)
    return str(begun[name])
