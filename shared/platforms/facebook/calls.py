"""What every kind of Facebook post is made with, and the calls that several kinds make."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.core.wait import Wait
from shared.http.client import HttpRequest
from shared.platforms.facebook.options import Options
from shared.platforms.failure import PlatformFailure
from shared.platforms.hosts import Hosts
from shared.platforms.meta.graph import Graph, url_of
from shared.platforms.options import alt_text
from shared.platforms.platform import Absent, Failed, Finding, Found, Listed, Publication, stored_of

RUPLOAD_DOMAIN = "facebook.com"
POLL_SECONDS = 10.0
# A video whose processing takes longer is given up; nothing is public then.
PROCESSING_LIMIT = timedelta(minutes=60)
MAX_PAGES = 10
# How long after the call a video that is ready may still be called unpublished: nobody asked for it, or its status lags.
UNTOUCHED_LIMIT = timedelta(minutes=2)

# edge → what its entries call their id, their text and the moment when they were made
_LISTED = {
    "published_posts": ("id", "message", "created_time"),
    "videos": ("id", "description", "created_time"),
    "stories": ("post_id", "", "creation_time"),
}


@dataclass(frozen=True)
class Calls:
    publication: Publication
    graph: Graph
    hosts: Hosts
    options: Options

    def upload_photos(self) -> list[str]:
        """The photos' ids, uploaded without being published; each is saved as soon as it is there."""
        photos: list[str] = list(self.publication.handle.get("photos", []))
        for position, item in list(enumerate(self.publication.draft.media))[len(photos) :]:
            words = alt_text(self.options.alt_text, position)
            described = {"alt_text_custom": words} if words else {}
            answer = self.graph.post(f"{self.graph.user}/photos", {"url": url_of(item), "published": "false", **described})
            photos.append(self.graph.id_of(answer))
            self.publication.save(photos=photos)
        return photos

    def start_upload(self, edge: str) -> None:
        """A video's id and where its file goes, saved; then the file, which Meta pulls from our storage."""
        if "video" not in self.publication.handle:
            started = self.graph.post(f"{self.graph.user}/{edge}", {}, {"upload_phase": "start"})
            address = self.hosts.follow(started.get("upload_url"), RUPLOAD_DOMAIN)
            self.publication.save(video=self.graph.id_of(started, "video_id"), upload=address)
        if self.publication.handle.get("upload"):
            token = self.publication.account.access_token
            headers = {"Authorization": f"OAuth {token}", "file_url": stored_of(self.publication.draft.media[0]).url}
            answer = self.graph.read(
                self.publication.http.send(HttpRequest("POST", self.publication.handle["upload"], headers=headers))
            )
            if answer.get("success") is not True:
                raise PlatformFailure("transient", "Facebook did not say that it took the video", http_status=200)
            self.publication.save(upload=None, uploaded_at=self.publication.now().timestamp())

    def post_once(self, edge: str, form: dict[str, str], query: dict[str, str] | None = None) -> dict[str, Any]:
        """The public call, of something that can be published once: if a call without an answer worked, the next one is refused."""
        try:
            return self.graph.post(f"{self.graph.user}/{edge}", form, query)
        except PlatformFailure as failure:
            if self.publication.doubted and failure.kind in ("rejected", "media_invalid"):
                raise failure.replace(of_a_copy=True) from failure
            raise

    def status(self) -> dict[str, Any]:
        """The video's status, and its address once it has one."""
        return self.graph.get(self.publication.handle["video"], fields="status,permalink_url")

    def await_published(self, *, done: str) -> Finding:
        """What a video that was sent on its way has come to; `done` names the phase that makes it public."""
        answer = self.status()
        status = answer.get("status") or {}
        if status.get("video_status") in ("error", "expired"):
            return Failed(failed(status))
        phase = (status.get("publishing_phase") or {}).get("status")
        if phase == "complete" if done == "publishing_phase" else status.get("video_status") == "ready":
            return Found(self.publication.handle["video"], address_of(answer))
        since = self.publication.now() - self.publication.intent_at
        is_idle = phase == "not_started" and status.get("video_status") != "processing"
        if done == "publishing_phase" and is_idle and since > UNTOUCHED_LIMIT:
            # Finishing the same video again cannot make a second one.
            return Absent()
        return Wait(POLL_SECONDS, "Facebook is processing the video")

    def accepted(self) -> Wait:
        return Wait(POLL_SECONDS / 2, "Facebook is publishing")

    def newest(self, edge: str, fields: str, created_field: str) -> tuple[list[dict[str, Any]], bool]:
        """What the page published on this edge since the first intent; True if there may be more than was looked at."""
        return newest(self.graph, edge, fields, created_field)


def newest(graph: Graph, edge: str, fields: str, created_field: str) -> tuple[list[dict[str, Any]], bool]:
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    for _ in range(MAX_PAGES):
        answer = graph.get(f"{graph.user}/{edge}", fields=fields, limit="100", **after)
        data = answer.get("data")
        if not isinstance(data, list):
            raise PlatformFailure("transient", "Facebook answered the listing with something else", http_status=200)
        new = [entry for entry in data if _moment(entry[created_field]) >= graph.publication.search_from]
        found += new
        cursor = ((answer.get("paging") or {}).get("cursors") or {}).get("after")
        if len(new) < len(data) or not data or not (answer.get("paging") or {}).get("next") or not cursor:
            return found, False
        after = {"after": cursor}
    return found, True


def listed(graph: Graph, edge: str) -> list[Listed]:
    """As a person looks through them."""
    post_id, text, created = _LISTED[edge]
    fields = ",".join(name for name in (post_id, text, created, "permalink_url" if text else "") if name)
    entries, _ = newest(graph, edge, fields, created)
    return [Listed(str(one[post_id]), str(one.get(text) or ""), _moment(one[created]), address_of(one)) for one in entries]


def _moment(created: object) -> datetime:
    if str(created).isdecimal():
        return datetime.fromtimestamp(int(str(created)), UTC)
    return datetime.strptime(str(created), "%Y-%m-%dT%H:%M:%S%z")


def failed(status: dict[str, Any]) -> PlatformFailure:
    """What the first phase that failed says."""
    for phase in ("uploading_phase", "processing_phase", "publishing_phase"):
        reported: dict[str, Any] = status.get(phase) or {}
        errors = reported.get("errors") or ([reported["error"]] if isinstance(reported.get("error"), dict) else [])
        if reported.get("status") == "error" or errors:
            first = errors[0] if errors else {}
            message = str(first.get("message") or f"{phase.replace('_', ' ')} failed")
            return PlatformFailure(
                "media_invalid",
                f"Facebook could not process the video: {message}",
                platform_code=str(first["code"]) if "code" in first else None,
                platform_message=message,
            )
    return PlatformFailure("media_invalid", f"Facebook could not process the video ({status.get('video_status')})")


def address_of(answer: dict[str, Any]) -> str | None:
    """Of a post; videos name theirs without the host."""
    address = answer.get("permalink_url")
    return f"https://www.facebook.com{address}" if isinstance(address, str) and address.startswith("/") else address
