"""Publishes on Snapchat. The public call is POST …/spotlights or …/stories. Spotlights are listed, so a lost answer can be settled;
stories are not, and have no id of their own.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from shared.http.client import HttpRequest
from shared.platforms.context import Context
from shared.platforms.failure import PlatformFailure
from shared.platforms.platform import (
    Failed,
    Finding,
    Found,
    Listed,
    NotListed,
    Platform,
    Publication,
    Published,
    Ready,
    Unknowable,
    View,
    bearer,
)
from shared.platforms.snapchat.errors import read
from shared.platforms.snapchat.hosts import API
from shared.platforms.snapchat.options import Options
from shared.platforms.snapchat.rules import CAPABILITY, validate
from shared.platforms.snapchat.upload import upload

MAX_LISTED = 20
_POLL_SECONDS = (5.0, 10.0, 15.0, 30.0, 30.0, 60.0, 120.0, 300.0, 300.0, 300.0, 300.0, 300.0)

_Call = Callable[..., dict[str, Any]]


def publisher(context: Context) -> Platform:
    hosts = context.hosts

    def call(publication: View, method: str, path: str, **body: Any) -> dict[str, Any]:
        url = f"{hosts.at(API)}/v1/public_profiles/{publication.account.platform_user_id}/{path}"
        return read(publication.http.send(HttpRequest(method, url, headers=bearer(publication), **body)))

    def prepare(publication: Publication) -> Ready:
        ready = upload(publication, hosts)
        if "kind" not in publication.handle:
            publication.save(kind=_kind(publication))
        return ready

    def publish(publication: Publication) -> Published:
        try:
            return post(publication)
        except PlatformFailure as failure:
            if failure.kind != "processing":
                raise
            raise _wait_longer(publication, failure) from failure

    def post(publication: Publication) -> Published:
        media = {"media_id": publication.handle["media"]}
        if _kind(publication) == "story":
            answer = call(publication, "POST", "stories", json=media)
            return Published(_id_of(answer, "request_id"), f"https://www.snapchat.com/@{publication.account.username}")
        words = {"description": publication.draft.text} if publication.draft.text else {}
        locale = Options.read(publication.draft.options).locale
        answer = call(publication, "POST", "spotlights", json={**media, "locale": locale, "skip_save_to_profile": False, **words})
        return _spotlight(_id_of(answer, "spotlight_id"))

    def find(publication: Publication) -> Finding:
        if _kind(publication) == "story":
            return Unknowable("Snapchat lists no stories")
        return _among(_newest(call, publication), publication)

    return Platform(CAPABILITY, validate, prepare, publish, find, listed=partial(_listed, call))


def _newest(call: _Call, publication: View) -> list[dict[str, Any]]:
    """The profile's Spotlights."""
    shown = call(publication, "GET", "spotlights", params={"limit": str(MAX_LISTED)}).get("spotlights")
    if not isinstance(shown, list):
        raise PlatformFailure("transient", "Snapchat answered the listing with something else", http_status=200)
    return [entry["spotlight"] for entry in shown]


def _listed(call: _Call, publication: View) -> list[Listed] | Unknowable:
    if _kind(publication) == "story":
        return Unknowable("Snapchat lists no stories")
    found = [one for one in _newest(call, publication) if _created(one) >= publication.search_from]
    return [Listed(str(one["id"]), _caption(one), _created(one), _spotlight(str(one["id"])).url) for one in found]


def _kind(publication: View) -> str:
    """As the target wishes; else a Spotlight for a video. Saved, as later nothing about the file may have been measured yet."""
    if "kind" in publication.handle:
        return publication.handle["kind"]
    return "story" if publication.draft.is_story or publication.draft.video is None else "spotlight"


def _wait_longer(publication: Publication, failure: PlatformFailure) -> PlatformFailure:
    """When to ask again, until it took too long: that it is still processing a file Snapchat says only when asked to publish it."""
    polls = publication.handle.get("polls", 0)
    if polls >= len(_POLL_SECONDS):
        message = "Snapchat did not finish processing the file within half an hour."
        return PlatformFailure("media_invalid", message, code="processing_timeout", remediation="Try a shorter or smaller file.")
    publication.save(polls=polls + 1)
    return failure.replace(retry_after_seconds=_POLL_SECONDS[polls])


def _among(spotlights: list[dict[str, Any]], publication: Publication) -> Finding:
    """Ours among the profile's newest Spotlights, by caption and time; one without a caption may be it."""
    new = [one for one in spotlights if _created(one) >= publication.search_from]
    text = publication.draft.text
    alike = [one for one in new if _caption(one) in (text, "") and not publication.is_anothers(str(one["id"]))]
    ours = [one for one in alike if text and _caption(one) == text]
    if len(ours) != 1:
        return NotListed(similar=bool(alike) or len(new) >= MAX_LISTED)
    if ours[0].get("status") == "REJECTED":
        return Failed(PlatformFailure("rejected", "Snapchat's review rejected the Spotlight.", platform_code="REJECTED"))
    found = _spotlight(str(ours[0]["id"]))
    return Found(found.post_id, found.url)


def _caption(spotlight: dict[str, Any]) -> str:
    return spotlight.get("caption") or spotlight.get("description") or ""


def _spotlight(spotlight_id: str) -> Published:
    return Published(spotlight_id, f"https://www.snapchat.com/spotlight/{spotlight_id}")


def _id_of(answer: dict[str, Any], name: str) -> str:
    if not answer.get(name):
        raise PlatformFailure("outcome_unknown", f"Snapchat answered without a {name}", http_status=200)
    return str(answer[name])


def _created(spotlight: dict[str, Any]) -> datetime:
    """As ISO 8601, or, which no page says, as seconds or milliseconds."""
    created = spotlight.get("created_at")
    if isinstance(created, int | float) or str(created).isdecimal():
        moment = float(created or 0)
        return datetime.fromtimestamp(moment / 1000 if moment > 1e11 else moment, UTC)
    return datetime.fromisoformat(str(created))
