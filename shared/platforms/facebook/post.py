"""A post with text, a link or photos. The public call is POST /{page}/feed, which takes no idempotency key."""

from typing import Any

from shared.platforms.facebook.calls import Calls, address_of
from shared.platforms.platform import Finding, Found, NotListed, Published, Ready

_FIELDS = "id,message,created_time,permalink_url,attachments{target{id},subattachments{target{id}}}"


def prepare(calls: Calls) -> Ready:
    calls.upload_photos()
    return Ready()


def publish(calls: Calls) -> Published:
    form: dict[str, str] = {"published": "true"}
    if calls.publication.draft.text:
        form["message"] = calls.publication.draft.text
    if calls.options.link is not None:
        form["link"] = calls.options.link
    for position, photo in enumerate(calls.publication.handle.get("photos", [])):
        form[f"attached_media[{position}]"] = f'{{"media_fbid":"{photo}"}}'
    answer = calls.graph.post(f"{calls.graph.user}/feed", form, {"fields": "id,permalink_url"})
    return Published(calls.graph.id_of(answer), address_of(answer))


def find(calls: Calls) -> Finding:
    posts, more = calls.newest("published_posts", _FIELDS, "created_time")
    photos = set(calls.publication.handle.get("photos", []))
    alike = [post for post in posts if (post.get("message") or "").strip() == calls.publication.draft.text.strip()]
    for post in reversed(alike):
        # Without photos of ours, what is attached is the preview of a link. No other run has our photos.
        is_ours = _photos(post) == photos if photos else not calls.publication.is_anothers(post["id"])
        if is_ours:
            return Found(post["id"], address_of(post))
    # A post of the same text that shows only some of our photos, or none, may be ours.
    return NotListed(similar=more or any(photos and _photos(post) <= photos for post in alike))


def _photos(post: dict[str, Any]) -> set[str]:
    attachments: list[dict[str, Any]] = (post.get("attachments") or {}).get("data") or []
    inner = [sub for one in attachments for sub in (one.get("subattachments") or {}).get("data") or []]
    return {str(one["target"]["id"]) for one in inner or attachments if "id" in (one.get("target") or {})}
