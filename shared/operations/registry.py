"""Every operation. Dialects name them in their own words (functions/api/dialects); prices may be the operator's own."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from shared.jobs.handler import Handler
from shared.operations.operation import Done, Operation, Steps, alone, output_of, run_step

_MINUTES = timedelta(minutes=1)


def _with_file(*after: str) -> Callable[[Mapping[str, Any]], tuple[str, ...]]:
    """A film that is named by its address has to be had first."""
    return lambda given: (*(("file",) if "videoUrl" in given else ()), *after)


def _translated(given: Mapping[str, Any]) -> tuple[str, ...]:
    return ("translation",) if given.get("text") else _with_file("transcript", "translation")(given)


def _spoken(given: Mapping[str, Any]) -> tuple[str, ...]:
    return ("voiceover",) if given.get("text") else _with_file("transcript", "voiceover")(given)


def _chained(given: Mapping[str, Any]) -> tuple[str, ...]:
    wanted = (name for name in ("script", "voiceover", "translation", "export") if name in given["wants"])
    return _with_file("transcript", *wanted)(given)


def _found(*names: str) -> Callable[[Done], Mapping[str, Any]]:
    return lambda done: {name: done[name] for name in names if name in done}


def _analysis(done: Done) -> Mapping[str, Any]:
    return {**done["script"], "transcript": done["transcript"]["transcript"]}


def _media(kind: str) -> Callable[[Done], Mapping[str, Any]]:
    return lambda done: {kind: done["fetched"]}


def _generated(given: Mapping[str, Any]) -> tuple[str, ...]:
    return ("generate", "fetched")


def _all(*operations: Operation) -> Mapping[str, Operation]:
    return {operation.type: operation for operation in operations}


_QUARTER = timedelta(minutes=15)

OPERATIONS: Mapping[str, Operation] = _all(
    Operation("thumbnail_background", 4, 30, 10 * _MINUTES, alone("background"), output_of("background")),
    Operation("trends", 2, 5, 10 * _MINUTES, alone("trends"), output_of("trends"), once_at_a_time=True),
    Operation("competitor", 3, 10, 10 * _MINUTES, alone("competitor"), output_of("competitor"), once_at_a_time=True),
    Operation("analysis", 5, 60, 60 * _MINUTES, _with_file("transcript", "script"), _analysis, once_at_a_time=True),
    Operation("export", 2, 60, 60 * _MINUTES, _with_file("export"), output_of("export"), once_at_a_time=True),
    Operation("translation", 2, 30, 60 * _MINUTES, _translated, output_of("translation"), once_at_a_time=True),
    Operation("voiceover", 3, 30, 60 * _MINUTES, _spoken, output_of("voiceover")),
    Operation("process", 10, 180, 120 * _MINUTES, _chained, _found("transcript", "script", "voiceover", "translation", "export")),
    Operation("video_generation", 20, 90, 30 * _MINUTES, _generated, _media("video")),
    Operation("music_generation", 10, 45, 30 * _MINUTES, _generated, _media("audio")),
    Operation("image_generation", 4, 20, 30 * _MINUTES, _generated, _media("image")),
    Operation("batch", 0, 120, 60 * _MINUTES, alone("batch"), output_of("batch")),
    Operation(
        "token_holders", 1, 5, 10 * _MINUTES, alone("holders"), output_of("holders"), once_at_a_time=True, result_lives=_QUARTER
    ),
    Operation(
        "token_similarity", 2, 15, 10 * _MINUTES, alone("similarity"), output_of("similarity"), once_at_a_time=True,
        result_lives=_QUARTER,
    ),
    Operation("wallet", 1, 5, 10 * _MINUTES, alone("wallet"), output_of("wallet"), once_at_a_time=True, result_lives=_QUARTER),
)  # fmt: skip
# What a batch may be of.
GENERATIONS: Mapping[str, str] = {"video": "video_generation", "music": "music_generation", "image": "image_generation"}


def handlers(steps: Steps) -> Mapping[str, Handler]:
    """Of a function that does these steps."""
    return {kind: partial(run_step, here=steps, operation=operation) for kind, operation in OPERATIONS.items()}
