"""The YouTube Data API as far as a key may read it: popular videos, channels, what they uploaded. Made up, and always the same."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.sandbox.platform import Answer, Call, World
from emulator.sandbox.struck import struck

NAME, STEPS = "youtube_data", ("videos", "channels", "playlistItems")
HOSTS = ("youtube.googleapis.com",)
KEY = "AIza-sandbox"
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_UPLOADS = 12


def respond(call: Call, name: str, world: World) -> Answer:
    step = call.path.removeprefix("/youtube/v3/")
    if call.method != "GET" or step not in STEPS:
        return _error(404, "notFound", "Not found")
    if call.query.get("key") != KEY:
        return _error(400, "badRequest", "API key not valid. Please pass a valid API key.")
    if not call.query.get("part"):
        return _error(400, "missingRequiredParameter", "No filter selected.")
    work = {"videos": _videos, "channels": _channels, "playlistItems": _items}[step]
    return struck(world, NAME, step, lambda: work(call), _refusal)


def _videos(call: Call) -> Answer:
    if call.query.get("chart") == "mostPopular":
        if call.query.get("regionCode") == "ZZ":
            return _error(400, "invalidRegionCode", "The region code is invalid.")
        most = int(call.query.get("maxResults", "5"))
        return Answer(200, {"items": [_video(f"popular-{call.query.get('regionCode')}-{number}") for number in range(most)]})
    ids = [one for one in call.query.get("id", "").split(",") if one]
    return Answer(200, {"items": [_video(one) for one in ids]})


def _channels(call: Call) -> Answer:
    named = call.query.get("id") or call.query.get("forHandle") or call.query.get("forUsername") or ""
    if not named or "nobody" in named:
        return Answer(200, {"items": []})
    channel = "UC" + hashlib.sha256(named.encode()).hexdigest()[:22]
    related = {"relatedPlaylists": {"uploads": channel.replace("UC", "UU", 1)}}
    statistics = {"subscriberCount": "12300", "videoCount": str(_UPLOADS), "viewCount": "456000"}
    return Answer(
        200, {"items": [{"id": channel, "snippet": {"title": named}, "statistics": statistics, "contentDetails": related}]}
    )


def _items(call: Call) -> Answer:
    playlist = call.query.get("playlistId", "")
    if not playlist.startswith("UU"):
        return _error(404, "playlistNotFound", "The playlist cannot be found.")
    return Answer(200, {"items": [{"contentDetails": {"videoId": f"{playlist[2:8]}-{number}"}} for number in range(_UPLOADS)]})


def _video(video_id: str) -> dict[str, Any]:
    number = int(hashlib.sha256(video_id.encode()).hexdigest()[:8], 16)
    at = _BEGAN + timedelta(days=number % 300)
    snippet = {
        "title": f"Video {video_id}",
        "channelTitle": "A channel",
        "publishedAt": at.isoformat().replace("+00:00", "Z"),
    }
    return {"id": video_id, "snippet": snippet, "statistics": {"viewCount": str(number % 100_000), "likeCount": str(number % 1000)}}


def _refusal(status: int) -> Answer:
    reasons = {429: "rateLimitExceeded", 401: "authError", 400: "badRequest"}
    return _error(status, reasons.get(status, "backendError"), reasons.get(status, "Backend Error"))


def _error(status: int, reason: str, message: str) -> Answer:
    return Answer(status, {"error": {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}})
