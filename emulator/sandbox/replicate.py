"""Replicate: predictions that take their time, and the files that they make, on a host of their own."""

import itertools
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from emulator.sandbox.faults import strikes
from emulator.sandbox.openai import tone
from emulator.sandbox.platform import Answer, Call, World
from emulator.sandbox.struck import struck

NAME, STEPS = "replicate", ("create", "poll", "cancel")
FILES_HOST = "replicate.delivery"
HOSTS = ("api.replicate.com", FILES_HOST)
AFFECTED = {"slow_processing": ("create",), "processing_failed": ("create",)}
KEY = "r8_sandbox"
MEDIA = Path(__file__).parent / "media"
_CREATE = re.compile(r"/v1/models/[\w-]+/[\w.-]+/predictions")
_ONE = re.compile(r"/v1/predictions/(?P<id>\w+)(?P<cancel>/cancel)?")
_FILES = {"video": ("vertical.mp4", "video/mp4"), "image": ("photo.png", "image/png")}
_predictions: dict[str, dict[str, Any]] = {}
_ids = itertools.count(1)


def respond(call: Call, name: str, world: World) -> Answer:
    if call.host == FILES_HOST:
        return file(call.path)
    if call.headers.get("authorization") != f"Bearer {KEY}":
        return _refusal(401)
    if call.method == "POST" and _CREATE.fullmatch(call.path):
        with world.lock:
            due = next((f for f in world.faults.due if f.platform == NAME and f.step == "create" and f.times > 0), None)
            if strikes(due, "slow_processing") or strikes(due, "processing_failed"):
                assert due is not None
                due.times -= 1
                world.asked[NAME, "", "create"] += 1
                return _created(call, world, due.kind)
        return struck(world, NAME, "create", lambda: _created(call, world, ""), _refusal)
    found = _ONE.fullmatch(call.path)
    if found is None or (known := _predictions.get(found["id"])) is None:
        return Answer(404, {"detail": "The requested resource could not be found.", "status": 404})
    if found["cancel"]:
        return struck(world, NAME, "cancel", lambda: _cancelled(known, world), _refusal)
    return struck(world, NAME, "poll", lambda: Answer(200, _shown(known, world)), _refusal)


def _created(call: Call, world: World, fate: str) -> Answer:
    given = call.fields.get("input")
    if not isinstance(given, dict) or not given.get("prompt"):
        return Answer(422, {"detail": "- input.prompt: prompt is required\n", "status": 422})
    number = next(_ids)
    kind = "video" if "aspect_ratio" in given and "duration" in given else "audio" if "duration" in given else "image"
    seconds = world.slow_processing_seconds if fate == "slow_processing" else 3 * world.processing_seconds
    prediction = {
        "id": f"p{number:08}",
        "kind": kind,
        "until": world.now() + timedelta(seconds=seconds),
        "fate": fate,
        "model": call.path,
    }
    _predictions[prediction["id"]] = prediction
    return Answer(201, _shown(prediction, world))


def _shown(prediction: dict[str, Any], world: World) -> dict[str, Any]:
    status = (
        "processing"
        if world.now() < prediction["until"]
        else "failed"
        if prediction["fate"] == "processing_failed"
        else "succeeded"
    )
    status = "canceled" if prediction.get("cancelled") else status
    ending = {"video": "mp4", "audio": "wav", "image": "png"}[prediction["kind"]]
    url = f"https://{FILES_HOST}/{prediction['id']}/out.{ending}"
    return {
        "id": prediction["id"],
        "status": status,
        "output": ([url] if prediction["kind"] == "image" else url) if status == "succeeded" else None,
        "error": "NSFW content detected" if status == "failed" else None,
        "logs": "  50%|#####     |" if status == "processing" else "100%|##########|",
        "urls": {"get": f"https://api.replicate.com/v1/predictions/{prediction['id']}"},
    }


def _cancelled(prediction: dict[str, Any], world: World) -> Answer:
    if world.now() < prediction["until"]:
        prediction["cancelled"] = True
    return Answer(200, _shown(prediction, world))


def file(path: str) -> Answer:
    prediction = _predictions.get(path.strip("/").partition("/")[0])
    if prediction is None:
        return Answer(404, {"detail": "Not found"})
    if prediction["kind"] == "audio":
        return Answer(200, content=tone(1.0), content_type="audio/wav")
    name, content_type = _FILES[prediction["kind"]]
    return Answer(200, content=(MEDIA / name).read_bytes(), content_type=content_type)


def _refusal(status: int) -> Answer:
    said = {429: "Request was throttled.", 401: "Unauthenticated", 400: "Input was rejected."}
    return Answer(status, {"detail": said.get(status, "Internal server error"), "status": status})
