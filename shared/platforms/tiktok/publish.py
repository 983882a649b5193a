"""Publishes on TikTok. An uploaded video: the public call is the last chunk, known by its publish_id before. Photos, and a video
that TikTok pulls: it is the request that names them, and whoever loses its answer loses the publish_id. TikTok lists public videos,
but no photo posts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.core.wait import Wait
from shared.http.client import HttpRequest
from shared.platforms.context import Context
from shared.platforms.failure import PlatformFailure
from shared.platforms.hosts import Hosts
from shared.platforms.platform import (
    Absent,
    Failed,
    Finding,
    Found,
    Listed,
    Platform,
    Publication,
    Published,
    Ready,
    Unknowable,
    View,
    bearer,
    stored_of,
)
from shared.platforms.tiktok.errors import failure_of_reason, read
from shared.platforms.tiktok.hosts import API
from shared.platforms.tiktok.options import Options
from shared.platforms.tiktok.post_info import photos_body, pulled_body, uploaded_body
from shared.platforms.tiktok.rules import CAPABILITY, validate
from shared.platforms.tiktok.upload import send_all_but_last, send_last

UPLOAD_DOMAINS = ("tiktokapis.com", "tiktok.com", "byteoversea.com")
# Every 5 s for a minute, then every 20 s; what takes longer than half an hour is asked about every few minutes.
_POLLS = ((60.0, 5.0), (1800.0, 20.0), (float("inf"), 300.0))
# An upload's address is good for an hour.
UPLOAD_LIVES = timedelta(minutes=70)
_HIDDEN = "TikTok shows the post to its creator alone: this Soku's app there is not audited (SOKU_TIKTOK_PRIVACY is self_only)."
# How long after completion the post's public id is waited for: moderation may take hours, and private posts never get one.
ID_PATIENCE = timedelta(minutes=2)
# How long a video is looked for whose publish_id was lost.
LIST_PATIENCE = timedelta(minutes=30)
# As many as TikTok lists at once.
MAX_LISTED = 20


def publisher(context: Context) -> Platform:
    hosts = context.hosts
    built = _TikTok(hosts, context.tiktok_privacy == "self_only", context.tiktok_videos == "pull")
    return Platform(CAPABILITY, validate, built.prepare, built.publish, built.find, listed=built.listed)


@dataclass(frozen=True)
class _TikTok:
    """`is_unaudited`: TikTok takes posts of such an app only if nobody but the creator sees them. `pulls`: it fetches videos."""

    hosts: Hosts
    is_unaudited: bool = False
    pulls: bool = False

    def _call(self, publication: View, path: str, body: dict[str, Any], params: Mapping[str, str] | None = None) -> dict[str, Any]:
        headers = {**bearer(publication), "Content-Type": "application/json; charset=UTF-8"}
        url = f"{self.hosts.at(API)}{path}"
        return read(publication.http.send(HttpRequest("POST", url, headers=headers, params=params or {}, json=body)))

    def _begin(self, publication: Publication, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The creator may have changed what the account allows since it was asked: asked again, unless the customer chose it."""
        try:
            return self._call(publication, path, body)
        except PlatformFailure as failure:
            chosen = Options.read(publication.draft.options).privacy_level is not None
            if failure.platform_code != "privacy_level_option_mismatch" or chosen or "asked_again" in publication.handle:
                raise
            publication.save(privacy=None, asked_again=True)
            raise PlatformFailure("processing", failure.message, retry_after_seconds=1.0) from failure

    def prepare(self, publication: Publication) -> Ready | Wait:
        if "privacy" not in publication.handle:
            creator = self._call(publication, "/v2/post/publish/creator_info/query/", {})
            _validate_creator(publication, creator, any_privacy=self.is_unaudited)
            publication.save(
                privacy="SELF_ONLY" if self.is_unaudited else _privacy(publication, creator),
                hidden=self.is_unaudited and Options.read(publication.draft.options).privacy_level != "SELF_ONLY",
                username=creator.get("creator_username"),
                closed=[name for name in ("comment", "duet", "stitch") if creator.get(f"{name}_disabled")],
            )
        if publication.draft.video is None or (self.pulls and "upload" not in publication.handle):
            return Ready()
        if "upload" not in publication.handle:
            started = self._begin(publication, "/v2/post/publish/video/init/", uploaded_body(publication))
            address = self.hosts.follow(started.get("upload_url"), *UPLOAD_DOMAINS)
            size = stored_of(publication.draft.media[0]).size_bytes
            begun = publication.now().timestamp()
            publication.save(publish_id=started["publish_id"], upload=address, sent=0, size=size, begun=begun)
        send_all_but_last(publication)
        return Ready()

    def publish(self, publication: Publication) -> Published | Wait:
        if "upload" in publication.handle:
            send_last(publication)
        else:
            is_video = publication.draft.video is not None
            path = f"/v2/post/publish/{'video' if is_video else 'content'}/init/"
            started = self._begin(publication, path, pulled_body(publication) if is_video else photos_body(publication))
            if not started.get("publish_id"):
                raise PlatformFailure("outcome_unknown", "TikTok answered without a publish_id", http_status=200)
            publication.save(publish_id=started["publish_id"])
        return Wait(_POLLS[0][1], "TikTok is publishing")

    def find(self, publication: Publication) -> Finding:
        publish_id = publication.handle.get("publish_id")
        if publish_id is None and publication.draft.video is not None:
            return self._listed_video(publication)
        if publish_id is None:
            return Unknowable("TikTok tells nobody about a photo post whose publish_id was lost with its answer")
        status = self._call(publication, "/v2/post/publish/status/fetch/", {"publish_id": publish_id})
        match status.get("status"):
            case "PUBLISH_COMPLETE" | "SEND_TO_USER_INBOX":
                return _found(publication, status)
            case "FAILED":
                return Failed(failure_of_reason(str(status.get("fail_reason") or "unknown")))
            case "PROCESSING_UPLOAD" if _lacks_bytes(publication, status):
                return _unfinished(publication)
            case _:
                return Wait(_pause(publication), "TikTok is processing the post")

    def _listed_video(self, publication: Publication) -> Finding:
        """A listing that lacks it proves nothing: it holds what is public, once TikTok has looked through it."""
        shown, text = self.listed(publication), publication.draft.text.strip()
        if isinstance(shown, Unknowable):
            return shown
        ours = [one for one in shown if one.text.strip() == text and not publication.is_anothers(one.post_id)]
        if len(ours) == 1:
            return Found(ours[0].post_id, ours[0].url)
        waited = publication.now() - publication.intent_at
        if not ours and publication.handle.get("privacy") != "SELF_ONLY" and waited < LIST_PATIENCE:
            return Wait(_pause(publication), "TikTok does not list the video yet")
        return Unknowable("TikTok's answer with the publish_id was lost, and its list does not show which video it is")

    def listed(self, publication: View) -> list[Listed] | Unknowable:
        """TikTok's list holds videos, and of those what is public."""
        if publication.draft.media and all(item.kind == "image" for item in publication.draft.media):
            return Unknowable("TikTok lists videos, but no photo posts")
        params = {"fields": "id,title,video_description,create_time,share_url"}
        answer = self._call(publication, "/v2/video/list/", {"max_count": MAX_LISTED}, params)
        shown: list[dict[str, Any]] = answer.get("videos") or []
        found = [
            Listed(str(one["id"]), one.get("video_description") or one.get("title") or "", _at(one), one.get("share_url"))
            for one in shown
        ]
        return [one for one in found if one.at >= publication.search_from]


def _at(video: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(float(video["create_time"]), UTC)


def _validate_creator(publication: Publication, creator: dict[str, Any], *, any_privacy: bool) -> None:
    """What only TikTok knows about this creator, who must be asked before every post."""
    options = Options.read(publication.draft.options)
    allowed: list[str] = creator.get("privacy_level_options") or []
    if not any_privacy and options.privacy_level is not None and options.privacy_level not in allowed:
        message = f"This TikTok account cannot post as {options.privacy_level}; it can as {', '.join(allowed) or 'nothing'}."
        raise PlatformFailure("rejected", message, rule="tiktok.privacy_level")
    stored = stored_of(publication.draft.video) if publication.draft.video else None
    longest = creator.get("max_video_post_duration_sec")
    if stored and stored.duration_seconds and longest and stored.duration_seconds > float(longest):
        message = f"This TikTok account may post videos of at most {longest} s; this one lasts {stored.duration_seconds:g} s."
        raise PlatformFailure("media_invalid", message, rule="tiktok.video_duration")


def _privacy(publication: Publication, creator: dict[str, Any]) -> str:
    options = Options.read(publication.draft.options)
    allowed: list[str] = creator.get("privacy_level_options") or []
    fitting = [level for level in allowed if not (options.branded_content and level == "SELF_ONLY")] or allowed
    chosen = options.privacy_level or ("PUBLIC_TO_EVERYONE" if "PUBLIC_TO_EVERYONE" in allowed or not allowed else fitting[0])
    if options.branded_content and chosen == "SELF_ONLY":
        message = "This TikTok account posts for itself alone, and branded content has to be shown to others."
        raise PlatformFailure("rejected", message, rule="tiktok.branded_content_private")
    return chosen


def _found(publication: Publication, status: dict[str, Any]) -> Finding:
    """TikTok spells the field so, but not everywhere, and it may be a list or not; it is empty until moderation has passed."""
    ids = status.get("publicaly_available_post_id") or status.get("publicly_available_post_id") or []
    post_id = str(ids[0] if isinstance(ids, list) else ids) if ids else None
    username = publication.handle.get("username") or publication.account.username
    profile = f"https://www.tiktok.com/@{username}"
    notes = (_HIDDEN,) if publication.handle.get("hidden") else ()
    if post_id is not None:
        return Found(post_id, f"{profile}/{'photo' if publication.draft.video is None else 'video'}/{post_id}", notes)
    completed = publication.handle.get("completed_at")
    if completed is None:
        publication.save(completed_at=publication.now().timestamp())
    is_private = publication.handle.get("privacy") == "SELF_ONLY"
    waited = publication.now() - datetime.fromtimestamp(completed, UTC) if completed else timedelta(0)
    if is_private or waited >= ID_PATIENCE:
        return Found(publication.handle["publish_id"], profile, notes)
    return Wait(_pause(publication), "TikTok has published the post and not named it yet")


def _lacks_bytes(publication: Publication, status: dict[str, Any]) -> bool:
    """The last chunk has not arrived: nothing will be posted before it does."""
    received, size = status.get("uploaded_bytes"), publication.handle.get("size")
    return isinstance(received, int) and isinstance(size, int) and received < size


def _unfinished(publication: Publication) -> Finding:
    """The last chunk may be sent again as long as TikTok takes it; later the whole begins anew."""
    begun = datetime.fromtimestamp(publication.handle["begun"], UTC)
    if publication.now() - begun < UPLOAD_LIVES:
        return Absent()
    message = "TikTok's upload lapsed before its last chunk arrived."
    return Failed(PlatformFailure("transient", message))


def _pause(publication: Publication) -> float:
    since = (publication.now() - publication.intent_at).total_seconds()
    return next(seconds for until, seconds in _POLLS if since < until)
