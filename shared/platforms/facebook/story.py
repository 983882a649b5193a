"""A story: one photo or one video. The public call is photo_stories, or video_stories finish; both name what was uploaded before.

The listing by /{page}/stories is from memory, not from a page of Meta's that was at hand.
"""

from shared.core.wait import Wait
from shared.platforms.facebook import reel
from shared.platforms.facebook.calls import Calls
from shared.platforms.failure import PlatformFailure
from shared.platforms.platform import Finding, Found, NotListed, Published, Ready


def prepare(calls: Calls) -> Ready | Wait:
    if calls.publication.draft.video is None:
        calls.upload_photos()
        return Ready()
    calls.start_upload("video_stories")
    return reel.uploaded(calls)


def publish(calls: Calls) -> Published:
    if calls.publication.draft.video is None:
        [photo] = calls.publication.handle["photos"]
        answer = calls.post_once("photo_stories", {"photo_id": photo})
    else:
        query = {"upload_phase": "finish", "video_id": calls.publication.handle["video"]}
        answer = calls.post_once("video_stories", {}, query)
    if answer.get("success") is not True:
        raise PlatformFailure("outcome_unknown", "Facebook did not say that it took the story", http_status=200)
    post_id = calls.graph.id_of(answer, "post_id")
    return Published(post_id, _address(post_id))


def find(calls: Calls) -> Finding:
    handle = calls.publication.handle
    media = handle["video"] if "video" in handle else handle["photos"][0]
    stories, more = calls.newest("stories", "post_id,media_id,creation_time", "creation_time")
    for story in stories:
        if str(story.get("media_id")) == media:
            return Found(str(story["post_id"]), _address(str(story["post_id"])))
    return NotListed(similar=more)


def _address(post_id: str) -> str:
    return f"https://www.facebook.com/{post_id}"
