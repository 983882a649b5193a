"""Each dialect's words for the same things: how a job is started, asked for, and what its answers mean."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

MINT, WALLET = "So11111111111111111111111111111111111111112", "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"
SOUND = "https://example.com/podcast.mp3"
FILM = "https://example.com/vertical.mp4"


@dataclass(frozen=True)
class Start:
    """A way to begin a job: what goes wrong on `fault` (platform, step) when it shall, `keys` of the result."""

    method: str
    path: str
    body: Any
    fault: tuple[str, str]
    keys: frozenset[str]
    charged: int


@dataclass(frozen=True)
class Words:
    """`header` makes the credential; `id_of` reads a start's answer; `job` is where it is polled; the rest reads polls' answers."""

    name: str
    header: Callable[[str], Mapping[str, str]]
    starts: Mapping[str, Start]
    bad_body: tuple[str, str, Any]
    job: str
    id_of: Callable[[Any], str]
    status: Callable[[Any], str]
    progress: Callable[[Any], int]
    error: Callable[[Any], str | None]
    # Of an answer that refuses.
    refusal: Callable[[Any], str]
    waiting: frozenset[str]
    done: str
    failed: str
    cancelled: str
    # The codes of: no credential, not found, a bad body, too few credits.
    codes: tuple[str, str, str, str]


def _plain(keys: str) -> frozenset[str]:
    return frozenset(keys.split())


SOKE = Words(
    name="soke",
    header=lambda key: {"X-Soke-Key": key},
    starts={
        "competitor": Start(
            "POST",
            "/soke/api/v1/competitor/analyze",
            {"channelUrl": "https://youtube.com/@competitor", "platform": "youtube"},
            ("youtube_data", "channels"),
            _plain("platform channel analysed uploadsPerWeek medianViews bestTitles recentVideos"),
            3,
        ),
        "trends": Start(
            "GET",
            "/soke/api/v1/trends/scan?region=DE&limit=3",
            None,
            ("youtube_data", "videos"),
            _plain("platform region videos"),
            2,
        ),
        "background": Start(
            "POST", "/soke/api/v1/thumbnail/generate-background", {"prompt": "Hills"}, ("openai", "draw"), _plain("prompt image"), 4
        ),
    },
    bad_body=("POST", "/soke/api/v1/competitor/analyze", {"channelUrl": "https://example.com/x"}),
    job="/soke/api/v1/jobs/{}",
    id_of=lambda told: told["data"]["jobId"],
    status=lambda told: told["data"]["status"],
    progress=lambda told: told["data"].get("progress", 100),
    error=lambda told: told["data"].get("error", {}).get("message"),
    refusal=lambda told: told["error"]["code"],
    waiting=frozenset({"queued", "processing"}),
    done="completed",
    failed="failed",
    cancelled="failed",
    codes=("UNAUTHORIZED", "NOT_FOUND", "VALIDATION_ERROR", "INSUFFICIENT_CREDITS"),
)
VIDOCU = Words(
    name="vidocu",
    header=lambda key: {"Authorization": f"Bearer {key}"},
    starts={
        "analysis": Start(
            "POST", "/vidocu/v1/analyze", {"videoUrl": FILM}, ("openai", "write"), _plain("steps script transcript"), 5
        ),
        "translation": Start(
            "POST", "/vidocu/v1/translate", {"text": "Hello", "language": "de"}, ("openai", "write"), _plain("language text"), 2
        ),
        "voiceover": Start("POST", "/vidocu/v1/voiceover", {"text": "Hello"}, ("openai", "speak"), _plain("voice audio"), 3),
    },
    bad_body=("POST", "/vidocu/v1/analyze", {}),
    job="/vidocu/v1/jobs/{}",
    id_of=lambda told: told["jobId"],
    status=lambda told: told["status"],
    progress=lambda told: (told["progress"] or {}).get("percentage", 0),
    error=lambda told: told["error"],
    refusal=lambda told: told["error"]["code"],
    waiting=frozenset({"pending", "processing"}),
    done="completed",
    failed="failed",
    cancelled="failed",
    codes=("authentication_error", "not_found", "validation_error", "limit_exceeded"),
)
NOVAKIT = Words(
    name="novakit",
    header=lambda key: {"Authorization": f"Bearer {key}"},
    starts={
        "video": Start(
            "POST",
            "/novakit/api/v1/videos/generations?async=true",
            {"prompt": "A sunset over mountains", "duration_seconds": 5},
            ("replicate", "create"),
            _plain("video"),
            20,
        ),
        "image": Start(
            "POST",
            "/novakit/api/v1/images/generations?async=true",
            {"prompt": "A bird"},
            ("replicate", "create"),
            _plain("image"),
            4,
        ),
        "music": Start(
            "POST",
            "/novakit/api/v1/music/generations?async=true",
            {"prompt": "A tune"},
            ("replicate", "create"),
            _plain("audio"),
            10,
        ),
    },
    bad_body=("POST", "/novakit/api/v1/videos/generations", {"prompt": ""}),
    job="/novakit/api/v1/jobs/{}",
    id_of=lambda told: told["id"],
    status=lambda told: told["status"],
    progress=lambda told: told["progress"],
    error=lambda told: told["errorMessage"],
    refusal=lambda told: told["error"]["code"],
    waiting=frozenset({"pending", "processing"}),
    done="completed",
    failed="failed",
    cancelled="cancelled",
    codes=("unauthorized", "not_found", "validation_error", "insufficient_credits"),
)
SOVA = Words(
    name="sova",
    header=lambda key: {"X-Api-Key": key},
    starts={
        "holders": Start(
            "POST", f"/sova/api/v1/intel/token/{MINT}/holders", {"topN": 5}, ("solana", "getTokenSupply"), _plain("profiles"), 1
        ),
        "similarity": Start(
            "POST",
            f"/sova/api/v1/intel/token/{MINT}/similarity",
            {"topN": 3},
            ("solana", "getTokenSupply"),
            _plain("profiles pairs"),
            2,
        ),
    },
    bad_body=("POST", "/sova/api/v1/intel/token/short/holders", {"topN": 5}),
    job="/sova/api/v1/jobs/{}",
    id_of=lambda told: told["jobId"],
    status=lambda told: told["status"],
    progress=lambda told: told["progress"],
    error=lambda told: None,
    refusal=lambda told: told["error"],
    waiting=frozenset({"waiting", "delayed", "active"}),
    done="completed",
    failed="failed",
    cancelled="failed",
    codes=("unauthorized", "not_found", "validation_error", "insufficient_credits"),
)
DIALECTS = (SOKE, VIDOCU, NOVAKIT, SOVA)
