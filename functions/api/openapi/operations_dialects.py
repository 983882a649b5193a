"""What the description says of the four dialects' routes (operations.py has the others)."""

from collections.abc import Mapping
from typing import Any

from functions.api.openapi.operation import Operation

_SOKE: dict[str, Any] = {
    "success": True,
    "data": {"jobId": "job_yZ8xfwkk3oo2JuwTD1xSoU", "status": "queued", "estimatedCompletionSeconds": 10},
    "meta": {"platform": "youtube", "request_id": "2c897b4c-2381-48bc-bc4b-b0150e47a66c", "processing_time_ms": 41},
}
_VIDOCU: dict[str, Any] = {"jobId": "analysis_1795780800000_4tE0qaYy1J9W", "type": "analysis", "status": "pending"}
_NOVAKIT: dict[str, Any] = {"id": "job_yZ8xfwkk3oo2JuwTD1xSoU", "status": "pending", "estimatedCredits": 20}
_SOVA: dict[str, Any] = {"jobId": "job_yZ8xfwkk3oo2JuwTD1xSoU", "requestId": "req_yZ8xfwkk3oo2JuwTD1xSoU"}
_FILM = {"videoUrl": "https://example.com/my-video.mp4"}


def _start(name: str, summary: str, asked: Any, answered: Any, credits: str, **more: Any) -> Operation:
    return Operation(name, summary, "own_key", goes_on=True, credits=credits, asked=asked, answered=answered, **more)


DIALECTS: Mapping[str, Operation] = {
    "soke.transcription": _start(
        "sokeTranscription", "Soke: have an upload transcribed", {"mediaId": "Tnz0L1t3TA1m3JZHe8hAb6"}, _SOKE, "1 a minute"
    ),
    "soke.thumbnail": _start("sokeThumbnail", "Soke: draw a thumbnail", {"title": "Ship it"}, _SOKE, "0"),
    "soke.background": _start("sokeThumbnailBackground", "Soke: have a background made", {"prompt": "Hills at dawn"}, _SOKE, "4"),
    "soke.trends": Operation(
        "sokeTrends", "Soke: what is popular on YouTube", "own_key", goes_on=True, credits="2", answered=_SOKE
    ),
    "soke.competitor": _start(
        "sokeCompetitor",
        "Soke: what a channel publishes, how often, and what is seen most",
        {"channelUrl": "https://youtube.com/@competitor", "platform": "youtube"},
        _SOKE,
        "3",
    ),
    "soke.job": Operation("sokeJob", "Soke: how far a job is", "safe", answered=_SOKE),
    "soke.thumbnail_job": Operation("sokeThumbnailJob", "Soke: the same, of a thumbnail", "safe", answered=_SOKE),
    "vidocu.analysis": _start("vidocuAnalyze", "Vidocu: steps and script of a film", _FILM, _VIDOCU, "5"),
    "vidocu.export": _start(
        "vidocuExport", "Vidocu: a film re-encoded or trimmed", {**_FILM, "preset": "9:16 1080p"}, _VIDOCU, "2"
    ),
    "vidocu.translation": _start(
        "vidocuTranslate", "Vidocu: a text, or what is said, in another language", {"text": "Hello", "language": "de"}, _VIDOCU, "2"
    ),
    "vidocu.voiceover": _start("vidocuVoiceover", "Vidocu: a text spoken", {"text": "Hello", "voice": "alloy"}, _VIDOCU, "3"),
    "vidocu.process": _start(
        "vidocuProcess", "Vidocu: several of these in one", {**_FILM, "wants": ["script", "export"]}, _VIDOCU, "10"
    ),
    "vidocu.job": Operation("vidocuJob", "Vidocu: how far a job is", "safe", answered=_VIDOCU),
    "novakit.video_generation": _start(
        "novakitVideo", "NovaKit: a video of words", {"prompt": "A sunset over mountains", "duration_seconds": 5}, _NOVAKIT, "20"
    ),
    "novakit.music_generation": _start("novakitMusic", "NovaKit: music of words", {"prompt": "A waltz"}, _NOVAKIT, "10"),
    "novakit.image_generation": _start("novakitImage", "NovaKit: an image of words", {"prompt": "A bird"}, _NOVAKIT, "4"),
    "novakit.batch": _start(
        "novakitBatch",
        "NovaKit: several generations as one job",
        {"type": "image", "requests": [{"prompt": "A bird"}, {"prompt": "A bee"}]},
        _NOVAKIT,
        "those of each",
    ),
    "novakit.job": Operation("novakitJob", "NovaKit: how far a job is", "safe", answered={**_NOVAKIT, "progress": 0}),
    "novakit.index": Operation("novakitJobs", "NovaKit: the newest jobs", "safe", answered={"jobs": []}),
    "novakit.cancel": Operation("novakitCancel", "NovaKit: cancel a job", "state", answered={"success": True}),
    "sova.holders": _start("sovaHolders", "Sova: who holds a token", {"topN": 20}, _SOVA, "1"),
    "sova.similarity": _start("sovaSimilarity", "Sova: whose holdings are alike", {"topN": 20}, _SOVA, "2"),
    "sova.job": Operation("sovaJob", "Sova: how far a job is, for anybody", "safe", answered={"status": "active", "progress": 65}),
    "sova.result": Operation("sovaResult", "Sova: a result, for fifteen minutes", "safe", answered={"profiles": []}),
    "sova.wallet": Operation(
        "sovaWallet", "Sova: what a wallet has", "no", waits=False, credits="1", answered={"address": "7xKX…", "sol": 1.5}
    ),
    "sova.wallet_hud": Operation(
        "sovaWalletHud", "Sova: the same, in short", "no", credits="1", answered={"address": "7xKX…", "sol": 1.5}
    ),
}
