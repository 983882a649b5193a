"""Publishes on YouTube. The public call is the last chunk of a resumable upload, whose session tells later whether it arrived; what
YouTube makes of the video is waited for after that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.core.wait import Wait
from shared.http.client import HttpRequest
from shared.media.media import StoredMedia
from shared.platforms.context import Context
from shared.platforms.failure import PlatformFailure
from shared.platforms.hosts import Hosts
from shared.platforms.platform import (
    Absent,
    Finding,
    FollowUp,
    Listed,
    NotListed,
    Platform,
    Publication,
    Ready,
    View,
    bearer,
    stored_of,
)
from shared.platforms.rules import Draft
from shared.platforms.youtube import session
from shared.platforms.youtube.errors import failure_of
from shared.platforms.youtube.hosts import API
from shared.platforms.youtube.options import Options
from shared.platforms.youtube.processing import Shown, address_of, outcome_of
from shared.platforms.youtube.rules import CAPABILITY, title_of, validate

SESSION_DOMAIN = "googleapis.com"
# As many of a channel's uploads as YouTube lists at once.
MAX_LISTED = 50


def publisher(context: Context) -> Platform:
    hosts = context.hosts
    built = _YouTube(hosts)
    return Platform(
        CAPABILITY, validate, built.prepare, built.publish, built.find, follow_ups=built.follow_ups, listed=built.listed
    )


SHORT_SECONDS = 180.0
SHORT_POLL_SECONDS = 20.0
FIRST_LOOK_SECONDS = 5.0


@dataclass(frozen=True)
class _YouTube:
    hosts: Hosts

    def _get(self, publication: View, path: str, params: dict[str, str]) -> dict[str, Any]:
        request = HttpRequest("GET", f"{self.hosts.at(API)}/youtube/v3/{path}", headers=bearer(publication), params=params)
        answer = publication.http.send(request)
        if answer.status != 200:
            raise failure_of(answer, publication.now())
        return answer.json()

    def _begin(self, publication: Publication) -> None:
        stored = stored_of(publication.draft.media[0])
        headers = {
            **bearer(publication),
            "Content-Type": "application/json; charset=UTF-8",
            "X-Upload-Content-Type": stored.content_type,
            "X-Upload-Content-Length": str(stored.size_bytes),
        }
        notify = str(Options.read(publication.draft.options).notify_subscribers).lower()
        params = {"uploadType": "resumable", "part": "snippet,status", "notifySubscribers": notify}
        request = HttpRequest(
            "POST",
            f"{self.hosts.at(API)}/upload/youtube/v3/videos",
            headers=headers,
            params=params,
            json=_video(publication),
        )
        answer = publication.http.send(request)
        if answer.status != 200:
            raise failure_of(answer, publication.now())
        address = self.hosts.follow(answer.headers.get("location"), SESSION_DOMAIN)
        publication.save(session=address, size=stored.size_bytes, short=_is_short(stored))

    def _look(self, publication: Publication, video_id: str) -> Shown:
        videos = self._get(publication, "videos", {"part": "status,processingDetails", "id": video_id}).get("items") or [{}]
        return Shown.from_json(videos[0])

    def _await_processing(self, publication: Publication, video_id: str) -> None:
        """Shorts take a thumbnail once they are processed. Raises PlatformFailure (processing)."""
        if self._look(publication, video_id).is_processing:
            message = "YouTube is still processing the Short, which takes its thumbnail after that."
            raise PlatformFailure("processing", message, retry_after_seconds=SHORT_POLL_SECONDS)

    def prepare(self, publication: Publication) -> Ready | Wait:
        """Everything but the last chunk; what a worker that died had sent already is asked, not remembered."""
        stored = stored_of(publication.draft.media[0])
        received = 0
        if "session" not in publication.handle:
            self._begin(publication)
        else:
            state = _probed(publication)
            if isinstance(state, session.Complete):
                publication.save(video=state.video_id)
                return Ready()
            received = state.received
        until = session.last_chunk_start(stored.size_bytes)
        while received < until:
            state = _sent(publication, stored, received, until)
            if isinstance(state, session.Complete):
                publication.save(video=state.video_id)
                return Ready()
            if state.received <= received:
                raise PlatformFailure("transient", "YouTube counts the upload's bytes otherwise", starts_over=True)
            received = state.received
            publication.keep_alive()
        if received != publication.handle.get("received", 0):
            publication.save(received=received)
        return Ready()

    def publish(self, publication: Publication) -> Wait:
        """The public call, unless the video turned out to be there."""
        if "video" not in publication.handle:
            try:
                state = session.send(publication, stored_of(publication.draft.media[0]), publication.handle.get("received", 0))
            except session.Gone:
                over = not publication.doubted
                raise PlatformFailure("transient", "YouTube's upload session has lapsed", starts_over=over) from None
            if isinstance(state, session.Incomplete):
                # Some of the last chunk is missing, and so is the video: go on from there.
                raise PlatformFailure("processing", "YouTube took only a part of the last chunk", retry_after_seconds=1.0)
            publication.save(video=state.video_id)
        return Wait(FIRST_LOOK_SECONDS, "YouTube is processing the video")

    def find(self, publication: Publication) -> Finding:
        video_id = publication.handle.get("video")
        if video_id is None:
            found = self._uploaded(publication)
            if not isinstance(found, str):
                return found
            video_id = found
            publication.save(video=video_id)
        return outcome_of(publication, video_id, lambda: self._look(publication, video_id))

    def _uploaded(self, publication: Publication) -> str | Absent | NotListed:
        """The video's id, if the session, or the channel's list, shows that there is one."""
        try:
            state = session.probe(publication)
        except session.Gone:
            return _listed(publication, self._get)
        return Absent() if isinstance(state, session.Incomplete) else state.video_id

    def listed(self, publication: View) -> list[Listed]:
        shown, _ = _uploads(publication, self._get)
        ids = [str(snippet["resourceId"]["videoId"]) for snippet in shown]
        told = zip(ids, shown, strict=True)
        return [Listed(name, snippet["title"], _moment(snippet["publishedAt"]), address_of(name)) for name, snippet in told]

    def follow_ups(self, draft: Draft) -> Sequence[FollowUp]:
        def thumbnail(publication: Publication, public: Sequence[str]) -> str:
            cover = stored_of(publication.draft.cover) if publication.draft.cover else None
            if cover is None:
                return ""
            if publication.handle.get("short"):
                self._await_processing(publication, public[0])
            content = publication.storage.read(cover.storage_path)
            headers = {**bearer(publication), "Content-Type": cover.content_type}
            request = HttpRequest(
                "POST",
                f"{self.hosts.at(API)}/upload/youtube/v3/thumbnails/set",
                headers=headers,
                params={"videoId": public[0]},
                content=content,
            )
            answer = publication.http.send(request)
            if answer.status != 200:
                raise failure_of(answer, publication.now())
            return ""

        return (FollowUp("thumbnail", thumbnail, repeatable=True, needs_cover=True),) if draft.cover is not None else ()


def _is_short(stored: StoredMedia) -> bool:
    """As YouTube has it: square or upright, and three minutes at most."""
    is_upright = bool(stored.width and stored.height) and (stored.height or 0) >= (stored.width or 0)
    return is_upright and (stored.duration_seconds or 0) <= SHORT_SECONDS


def _video(publication: Publication) -> dict[str, Any]:
    options = Options.read(publication.draft.options)
    return {
        "snippet": {
            "title": title_of(publication.draft),
            "description": publication.draft.text,
            "tags": options.tags,
            "categoryId": options.category_id,
        },
        "status": {"privacyStatus": options.privacy, "selfDeclaredMadeForKids": options.made_for_kids},
    }


def _probed(publication: Publication) -> session.Incomplete | session.Complete:
    try:
        return session.probe(publication)
    except session.Gone:
        raise PlatformFailure("transient", "YouTube's upload session has lapsed", starts_over=True) from None


def _sent(publication: Publication, stored: StoredMedia, start: int, until: int) -> session.Incomplete | session.Complete:
    try:
        return session.send(publication, stored, start, until)
    except session.Gone:
        raise PlatformFailure("transient", "YouTube's upload session has lapsed", starts_over=True) from None


def _uploads(publication: View, get: Any) -> tuple[list[dict[str, Any]], bool]:
    """The channel's newest since the first intent; True if there may be more than were looked at."""
    channels = get(publication, "channels", {"part": "contentDetails", "mine": "true"}).get("items") or []
    if not channels:
        raise PlatformFailure("permission", "YouTube shows no channel for this account")
    playlist = channels[0]["contentDetails"]["relatedPlaylists"]["uploads"]
    params = {"part": "snippet", "playlistId": playlist, "maxResults": str(MAX_LISTED)}
    listed = get(publication, "playlistItems", params)
    items, has_more = listed.get("items"), bool(listed.get("nextPageToken"))
    if not isinstance(items, list):
        raise PlatformFailure("transient", "YouTube answered the listing with something else", http_status=200)
    new = [item["snippet"] for item in items if _moment(item["snippet"]["publishedAt"]) >= publication.search_from]
    return new, has_more and len(new) == len(items)


def _listed(publication: Publication, get: Any) -> str | NotListed:
    """The session is gone after the last chunk was sent: look among the channel's newest uploads."""
    new, may_be_more = _uploads(publication, get)
    title, text = title_of(publication.draft), publication.draft.text.strip()
    alike = [snippet for snippet in new if snippet["title"] == title and snippet.get("description", "").strip() == text]
    ours = [snippet for snippet in alike if not publication.is_anothers(snippet["resourceId"]["videoId"])]
    if len(ours) == 1:
        return str(ours[0]["resourceId"]["videoId"])
    return NotListed(similar=bool(ours) or may_be_more)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
