"""OpenAI's audio API: POST /v1/audio/transcriptions, which really listens, by pocketsphinx (US English; its model comes with it).

Its words are not Whisper's: it shows the path, its steps, times and costs. Faults strike it like the platforms, as
{"platform": "openai", "step": "transcribe", …}.
"""

import re
import subprocess
import threading
from functools import cache
from typing import Any

from emulator.sandbox.faults import AFTER
from emulator.sandbox.platform import HANG, RESET, Answer, Call, World

HOST = "api.openai.com"
NAME, STEPS = "openai", ("transcribe",)
KEY = "sk-sandbox"
MAX_BYTES = 26_214_400
MODELS = ("whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe")
_ENDINGS = ("flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm")
_FIELDS = {"model", "language", "prompt", "response_format", "temperature", "timestamp_granularities[]"}
_RATE = 16000
# One decoder, used by one request after the other.
_lock = threading.Lock()


def respond(call: Call, name: str, world: World) -> Answer:
    """`name` is the file's. Called on a thread of its own: listening takes about a fifth of the time that the file lasts."""
    if (call.method, call.path) != ("POST", "/v1/audio/transcriptions"):
        return _error(404, "invalid_request_error", None, f"Invalid URL ({call.method} {call.path})")
    if call.headers.get("authorization") != f"Bearer {KEY}":
        return _error(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided.")
    with world.lock:
        world.asked[NAME, "", "transcribe"] += 1
        fault = world.faults.take(NAME, None, "transcribe")
    match fault.kind if fault else None:
        case "rate_limit":
            return _error(429, "requests", "rate_limit_exceeded", "Rate limit reached.", {"retry-after": "1"})
        case "unauthorized":
            return _error(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided.")
        case "reject":
            return _error(400, "invalid_request_error", None, "Invalid file format.")
        case "server_error_before":
            return _error(500, "server_error", None, "The server had an error while processing your request.")
        case "reset_before":
            return Answer(0, silence=RESET)
        case _:
            answered = _transcribed(call, name)
    if fault is not None and fault.kind in AFTER and answered.status == 200:
        with world.lock:
            world.faults.strike(NAME, None, "transcribe", fault)
        if fault.kind == "server_error_after":
            return _error(500, "server_error", None, "The server had an error while processing your request.")
        return Answer(0, silence=HANG if fault.kind == "hang_after" else RESET)
    return answered


def _transcribed(call: Call, name: str) -> Answer:
    content, model = call.files.get("file"), call.fields.get("model")
    if unknown := set(call.fields) - _FIELDS:
        return _error(400, "invalid_request_error", None, f"Unknown parameter: {sorted(unknown)}")
    if content is None or name.rpartition(".")[2] not in _ENDINGS:
        return _error(400, "invalid_request_error", None, f"Invalid file format. Supported formats: {list(_ENDINGS)}")
    if len(content) > MAX_BYTES:
        return _error(
            413, "server_error", None, f"413: Maximum content size limit ({MAX_BYTES}) exceeded ({len(content)} bytes read)"
        )
    if model not in MODELS:
        return _error(404, "invalid_request_error", "model_not_found", f"The model '{model}' does not exist.")
    if (language := call.fields.get("language")) is not None and not re.fullmatch(r"[a-z]{2}", str(language)):
        return _error(400, "invalid_request_error", None, f"Invalid language '{language}'. Language parameter must be ISO-639-1.")
    wanted = call.fields.get("response_format", "json")
    if wanted not in ("json", "verbose_json") or (wanted == "verbose_json" and model != "whisper-1"):
        return _error(400, "invalid_request_error", None, f"response_format '{wanted}' is not compatible with model '{model}'.")
    sound = _pcm(content)
    if not sound:
        return _error(400, "invalid_request_error", None, "The audio file could not be decoded or its format is not supported.")
    segments = _heard(sound)
    text = " ".join(segment["text"] for segment in segments)
    if wanted == "json":
        return Answer(200, {"text": text})
    seconds = len(sound) / 2 / _RATE
    return Answer(200, {"task": "transcribe", "language": "english", "duration": seconds, "text": text, "segments": segments})


def _pcm(content: bytes) -> bytes:
    """Mono, 16 bits, 16 kHz; empty if it is no sound."""
    command = [ffmpeg(), "-nostdin", "-v", "error", "-i", "pipe:0", "-ac", "1", "-ar", str(_RATE), "-f", "s16le", "pipe:1"]
    return subprocess.run(command, input=content, capture_output=True, check=False, timeout=120).stdout


def _heard(sound: bytes) -> list[dict[str, Any]]:
    """In pieces of ten seconds."""
    each = 10 * _RATE * 2
    segments: list[dict[str, Any]] = []
    with _lock:
        decoder = _decoder()
        for number, start in enumerate(range(0, len(sound), each)):
            decoder.start_utt()
            decoder.process_raw(sound[start : start + each], full_utt=True)
            decoder.end_utt()
            heard = decoder.hyp()
            if heard is not None and heard.hypstr:
                at = start / 2 / _RATE
                until = min(start + each, len(sound)) / 2 / _RATE
                segments.append({"id": number, "start": at, "end": until, "text": heard.hypstr})
    return segments


@cache
def _decoder() -> Any:
    from pocketsphinx import Decoder

    return Decoder(samprate=_RATE, loglevel="FATAL")


@cache
def ffmpeg() -> str:
    """The machine's, else the one of the development set."""
    import shutil

    from imageio_ffmpeg import get_ffmpeg_exe

    return shutil.which("ffmpeg") or get_ffmpeg_exe()


def _error(status: int, kind: str, code: str | None, message: str, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, {"error": {"message": message, "type": kind, "param": None, "code": code}}, headers=headers or {})
