"""A video that is no reel. The public call is POST /{page}/videos; Facebook then pulls and processes it, which may yet fail.

The listing by /{page}/videos is from memory, not from a page of Meta's that was at hand.
"""

from datetime import timedelta

from shared.core.wait import Wait
from shared.platforms.facebook.calls import POLL_SECONDS, PROCESSING_LIMIT, Calls
from shared.platforms.meta.graph import url_of
from shared.platforms.platform import Finding, Found, NotListed, Ready, stored_of

# A video may be listed only once it is processed, which takes some minutes, and a long one its own length several times over.
LISTED_WITHIN_SECONDS, LENGTHS = 600.0, 10
# How long after the public call a video that is ready is waited for to have an address.
ADDRESS_PATIENCE = timedelta(minutes=2)


def prepare(calls: Calls) -> Ready:
    seconds = stored_of(calls.publication.draft.media[0]).duration_seconds
    longest = PROCESSING_LIMIT.total_seconds()
    lag = longest if seconds is None else min(longest, LISTED_WITHIN_SECONDS + LENGTHS * seconds)
    # A video that is there already is of a try that Facebook gave up.
    calls.publication.save(video=None, lag=lag)
    return Ready()


def publish(calls: Calls) -> Wait:
    form = {"file_url": url_of(calls.publication.draft.media[0]), "published": "true"}
    if calls.publication.draft.text:
        form["description"] = calls.publication.draft.text
    if calls.options.title is not None:
        form["title"] = calls.options.title
    answer = calls.graph.post(f"{calls.graph.user}/videos", form)
    calls.publication.save(video=calls.graph.id_of(answer))
    return calls.accepted()


def find(calls: Calls) -> Finding:
    if "video" not in calls.publication.handle:
        videos, more = calls.newest("videos", "id,description,created_time,permalink_url", "created_time")
        text = calls.publication.draft.text.strip()
        alike = [
            video
            for video in videos
            if (video.get("description") or "").strip() == text and not calls.publication.is_anothers(video["id"])
        ]
        if len(alike) != 1 or not text:
            return NotListed(
                similar=more or bool(alike), lag_seconds=calls.publication.handle.get("lag", PROCESSING_LIMIT.total_seconds())
            )
        calls.publication.save(video=alike[0]["id"])
    finding = calls.await_published(done="processing_phase")
    waited = calls.publication.now() - calls.publication.intent_at
    if isinstance(finding, Found) and finding.url is None and waited < ADDRESS_PATIENCE:
        return Wait(POLL_SECONDS, "Facebook has processed the video and not told its address yet")
    return finding
