"""Brings files to X: images in one request, videos and GIFs in segments, then asks until they are processed.

Handle, per file: `media.<n>` = {id, key, state: uploaded | ready, uploaded_at, check_after, expires}. Uploading again is harmless;
an id lives a day.
"""

from typing import Any

from shared.core.wait import Wait
from shared.http.client import HttpAnswer, HttpRequest, Part
from shared.media.media import StoredMedia
from shared.platforms.failure import PlatformFailure
from shared.platforms.options import alt_text
from shared.platforms.platform import Publication, Ready, bearer, stored_of
from shared.platforms.x.errors import failure_of
from shared.platforms.x.options import Options

# 4 MiB is the official sample's size; longer ones only where X's highest number of segments would not reach.
SEGMENT_BYTES, MAX_SEGMENTS = 4 << 20, 999
# Ids are given for 24 h; a run that waited out a rate limit must not publish with one about to lapse.
EXPIRY_MARGIN_SECONDS = 600
DEFAULT_CHECK_SECONDS = 5.0
# X is done within minutes, or never.
PROCESSING_LIMIT_SECONDS = 1800.0


def upload_all(publication: Publication, base_url: str) -> Ready | Wait:
    """Upload what is missing; Wait while X is processing any of it."""
    for number, item in enumerate(publication.draft.media):
        entry = publication.handle.get(f"media.{number}")
        if entry is None or entry["expires"] < publication.now().timestamp():
            entry = _upload(publication, base_url, stored_of(item))
            _describe(publication, base_url, entry["id"], number)
            publication.save(**{f"media.{number}": entry})
        if entry["state"] == "ready":
            continue
        if entry["check_after"] > publication.now().timestamp():
            return Wait(entry["check_after"] - publication.now().timestamp(), "X is processing the video")
        processed = _ask(publication, base_url, entry)
        publication.save(**{f"media.{number}": processed})
        if processed["state"] != "ready":
            return Wait(processed["check_after"] - publication.now().timestamp(), "X is processing the video")
    return Ready()


def _upload(publication: Publication, base_url: str, stored: StoredMedia) -> dict[str, Any]:
    if stored.content_type.startswith("image/") and stored.content_type != "image/gif":
        return _upload_image(publication, base_url, stored)
    category = "tweet_gif" if stored.content_type == "image/gif" else "tweet_video"
    begun = _call(
        publication,
        "POST",
        f"{base_url}/2/media/upload/initialize",
        json={"media_type": stored.content_type, "total_bytes": stored.size_bytes, "media_category": category},
    )
    media_id = begun["id"]
    segment_bytes = max(SEGMENT_BYTES, -(-stored.size_bytes // MAX_SEGMENTS))
    for index, start in enumerate(range(0, stored.size_bytes, segment_bytes)):
        segment = publication.storage.read(stored.storage_path, start, min(segment_bytes, stored.size_bytes - start))
        _call(
            publication,
            "POST",
            f"{base_url}/2/media/upload/{media_id}/append",
            form={"segment_index": str(index)},
            parts={"media": Part("segment", segment)},
        )
        publication.keep_alive()
    return _entry(publication, _call(publication, "POST", f"{base_url}/2/media/upload/{media_id}/finalize"))


def _upload_image(publication: Publication, base_url: str, stored: StoredMedia) -> dict[str, Any]:
    uploaded = _call(
        publication,
        "POST",
        f"{base_url}/2/media/upload",
        form={"media_category": "tweet_image"},
        parts={"media": Part("image", publication.storage.read(stored.storage_path), stored.content_type)},
    )
    return _entry(publication, uploaded)


def _describe(publication: Publication, base_url: str, media_id: str, position: int) -> None:
    words = alt_text(Options.read(publication.draft.options).alt_text, position)
    if words and publication.draft.media[position].kind == "image":
        metadata = {"id": media_id, "metadata": {"alt_text": {"text": words}}}
        _call(publication, "POST", f"{base_url}/2/media/metadata", json=metadata)


def _ask(publication: Publication, base_url: str, entry: dict[str, Any]) -> dict[str, Any]:
    params = {"command": "STATUS", "media_id": entry["id"]}
    return _entry(publication, _call(publication, "GET", f"{base_url}/2/media/upload", params=params), entry)


def _entry(publication: Publication, data: dict[str, Any], before: dict[str, Any] | None = None) -> dict[str, Any]:
    """What to keep of an upload; raises media_invalid when X could not process the file."""
    processing = data.get("processing_info") or {}
    if processing.get("state") == "failed":
        error = processing.get("error") or {}
        raise PlatformFailure(
            "media_invalid",
            f"X could not process the file: {error.get('message', 'no reason given')}",
            platform_code=str(error.get("name") or error.get("code") or "") or None,
            platform_message=error.get("message"),
        )
    now = publication.now().timestamp()
    done = not processing or processing.get("state") == "succeeded"
    uploaded_at = (before or {}).get("uploaded_at") or now
    if not done and now - uploaded_at > PROCESSING_LIMIT_SECONDS:
        message = "X did not finish processing the file within half an hour."
        raise PlatformFailure("media_invalid", message, code="processing_timeout", remediation="Try a shorter or smaller file.")
    return {
        "id": data["id"],
        "key": data.get("media_key") or (before or {}).get("key"),
        "state": "ready" if done else "uploaded",
        "uploaded_at": uploaded_at,
        "check_after": now + float(processing.get("check_after_secs") or DEFAULT_CHECK_SECONDS),
        "expires": (before or {}).get("expires") or now + data.get("expires_after_secs", 86400) - EXPIRY_MARGIN_SECONDS,
    }


def _call(publication: Publication, method: str, url: str, **body: Any) -> dict[str, Any]:
    """One request of the upload; the answer's `data`."""
    request = HttpRequest(method, url, headers=bearer(publication), **body)
    answer: HttpAnswer = publication.http.send(request)
    if not 200 <= answer.status < 300:
        raise failure_of(answer)
    return answer.json().get("data") or {}
