"""The YouTube Data API, as far as anybody may read it with a key: what is popular, and what a channel has uploaded.

https://developers.google.com/youtube/v3/docs
"""

from datetime import datetime
from statistics import median
from typing import Any, cast

from shared.http.client import HttpRequest
from shared.jobs.handler import Outcome, Succeeded, Work
from shared.jobs.provider import ProviderRefused, RequestRefused
from shared.operations.ports import ProviderPorts
from shared.operations.web import ask

# Of a channel's uploads, the newest.
LOOKED_AT, BEST = 50, 5


def trends(work: Work, ports: ProviderPorts) -> Outcome:
    given = work.job.input
    params = {
        "part": "snippet,statistics",
        "chart": "mostPopular",
        "regionCode": given["region"],
        "maxResults": str(given["limit"]),
        **({"videoCategoryId": given["category"]} if given.get("category") else {}),
    }
    videos = _items(_asked(ports, "videos", params))
    return Succeeded({"platform": "youtube", "region": given["region"], "videos": [_video(one) for one in videos]})


def competitor(work: Work, ports: ProviderPorts) -> Outcome:
    """Its uploads, how often it publishes, and what was seen most."""
    channels = _items(_asked(ports, "channels", {"part": "snippet,statistics,contentDetails", **work.job.input["channel"]}))
    if not channels:
        raise RequestRefused("there is no such channel")
    channel = channels[0]
    uploads = str(channel["contentDetails"]["relatedPlaylists"]["uploads"])
    entries = _items(
        _asked(ports, "playlistItems", {"part": "contentDetails", "playlistId": uploads, "maxResults": str(LOOKED_AT)})
    )
    ids = [str(entry["contentDetails"]["videoId"]) for entry in entries]
    found = _items(_asked(ports, "videos", {"part": "snippet,statistics", "id": ",".join(ids)})) if ids else []
    videos = [_video(one) for one in found]
    views = [video["views"] for video in videos]
    return Succeeded(
        {
            "platform": "youtube",
            "channel": {
                "id": channel["id"],
                "title": channel["snippet"]["title"],
                "subscribers": _number(channel.get("statistics", {}).get("subscriberCount")),
                "videos": _number(channel.get("statistics", {}).get("videoCount")),
            },
            "analysed": len(videos),
            "uploadsPerWeek": _per_week([video["publishedAt"] for video in videos]),
            "medianViews": int(median(views)) if views else 0,
            "bestTitles": [video["title"] for video in sorted(videos, key=lambda one: -one["views"])[:BEST]],
            "recentVideos": videos[:10],
        }
    )


def _asked(ports: ProviderPorts, what: str, params: dict[str, str]) -> dict[str, Any]:
    if not ports.youtube_key:
        raise ProviderRefused("SOKU_YOUTUBE_KEY is not set")
    request = HttpRequest("GET", f"{ports.youtube_url}/youtube/v3/{what}", params={**params, "key": ports.youtube_key})
    return ask(ports.http, request, "YouTube")


def _items(answer: dict[str, Any]) -> list[dict[str, Any]]:
    items = answer.get("items")
    return cast("list[dict[str, Any]]", items) if isinstance(items, list) else []


def _video(item: dict[str, Any]) -> dict[str, Any]:
    snippet, statistics = item["snippet"], item.get("statistics") or {}
    return {
        "id": item["id"],
        "url": f"https://www.youtube.com/watch?v={item['id']}",
        "title": snippet["title"],
        "channelTitle": snippet.get("channelTitle", ""),
        "publishedAt": snippet["publishedAt"],
        "views": _number(statistics.get("viewCount")),
        "likes": _number(statistics.get("likeCount")),
        "comments": _number(statistics.get("commentCount")),
    }


def _number(value: Any) -> int:
    """Counts come as text, or not at all where their owner hides them."""
    return int(value) if str(value or "").isdecimal() else 0


def _per_week(times: list[str]) -> float:
    moments = sorted(datetime.fromisoformat(time) for time in times)
    if len(moments) < 2:
        return float(len(moments))
    weeks = max((moments[-1] - moments[0]).total_seconds() / (7 * 86_400), 1 / 7)
    return round((len(moments) - 1) / weeks, 2)
