"""Publishes on Snapchat. ☎ is POST …/spotlights or …/stories. Spotlights are listed, so a lost answer can be settled; stories are
not, and have no id of their own.
"""

from datetime import UTC, datetime
from typing import Any

from shared.platforms.failure import PlatformFailure
from shared.platforms.hosts import SNAPCHAT_API, Hosts
from shared.platforms.http import HttpRequest
from shared.platforms.platform import (
    Finding,
    Found,
    NotListed,
    Platform,
    Publication,
    Published,
    Ready,
    Unknowable,
    bearer,
)
from shared.platforms.snapchat.errors import read
from shared.platforms.snapchat.options import Options
from shared.platforms.snapchat.rules import CAPABILITY, judge
from shared.platforms.snapchat.upload import upload

MAX_LISTED = 20


def snapchat(hosts: Hosts) -> Platform:
    def call(publication: Publication, method: str, path: str, **body: Any) -> dict[str, Any]:
        url = f"{hosts.at(SNAPCHAT_API)}/v1/public_profiles/{publication.account.platform_user_id}/{path}"
        return read(publication.http.send(HttpRequest(method, url, headers=bearer(publication), **body)))

    def prepare(publication: Publication) -> Ready:
        ready = upload(publication, hosts)
        if "kind" not in publication.handle:
            publication.save(kind=_kind(publication))
        return ready

    def publish(publication: Publication) -> Published:
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
        listed = call(publication, "GET", "spotlights", params={"limit": str(MAX_LISTED)}).get("spotlights")
        if not isinstance(listed, list):
            raise PlatformFailure("transient", "Snapchat answered the listing with something else", http_status=200)
        spotlights: list[dict[str, Any]] = [entry["spotlight"] for entry in listed]
        new = [one for one in spotlights if _created(one) >= publication.search_from]
        text = publication.draft.text
        alike = [one for one in new if (one.get("caption") or one.get("description") or "") == text]
        if text and len(alike) == 1:
            found = _spotlight(str(alike[0]["id"]))
            return Found(found.post_id, found.url)
        return NotListed(similar=bool(alike) or len(new) >= MAX_LISTED)

    return Platform(CAPABILITY, judge, prepare, publish, find)


def _kind(publication: Publication) -> str:
    """As the target wishes; else a Spotlight for a video. Saved, as later nothing about the file may have been measured yet."""
    if "kind" in publication.handle:
        return publication.handle["kind"]
    return "story" if publication.draft.is_story or publication.draft.video is None else "spotlight"


def _spotlight(spotlight_id: str) -> Published:
    return Published(spotlight_id, f"https://www.snapchat.com/spotlight/{spotlight_id}")


def _id_of(answer: dict[str, Any], name: str) -> str:
    if not answer.get(name):
        raise PlatformFailure("outcome_unknown", f"Snapchat answered without a {name}", http_status=200)
    return str(answer[name])


def _created(spotlight: dict[str, Any]) -> datetime:
    """As ISO 8601, or, which no page says, as milliseconds."""
    created = spotlight.get("created_at")
    if isinstance(created, int | float) or str(created).isdecimal():
        return datetime.fromtimestamp(float(created or 0) / 1000, UTC)
    return datetime.fromisoformat(str(created))
