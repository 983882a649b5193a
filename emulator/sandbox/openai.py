"""OpenAI's API: POST /v1/audio/transcriptions, which really listens, by pocketsphinx (US English; its model comes with it); texts,
images and voices, which are none of a model's.

Its words are not Whisper's: it shows the path, its steps, times and costs. Faults strike it like the platforms, as
{"platform": "openai", "step": "transcribe", …}.
"""

import base64
import io
import json
import math
import re
import struct
import subprocess
import threading
import wave
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from emulator.sandbox.platform import Answer, Call, World
from emulator.sandbox.struck import struck

HOST = "api.openai.com"
NAME = "openai"
STEPS_BY_PATH = {
    "/v1/audio/transcriptions": "transcribe",
    "/v1/chat/completions": "write",
    "/v1/images/generations": "draw",
    "/v1/audio/speech": "speak",
}
STEPS = tuple(STEPS_BY_PATH.values())
HOSTS = (HOST,)
MEDIA = Path(__file__).parent / "media"
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
    step = STEPS_BY_PATH.get(call.path) if call.method == "POST" else None
    if step is None:
        return _error(404, "invalid_request_error", None, f"Invalid URL ({call.method} {call.path})")
    if call.headers.get("authorization") != f"Bearer {KEY}":
        return _error(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided.")
    work: Callable[[], Answer] = {
        "transcribe": lambda: _transcribed(call, name),
        "write": lambda: _written(call),
        "draw": lambda: _drawn(call),
        "speak": lambda: _spoken(call),
    }[step]
    return struck(world, NAME, step, work, _refusal)


def _refusal(status: int) -> Answer:
    match status:
        case 429:
            return _error(429, "requests", "rate_limit_exceeded", "Rate limit reached.", {"retry-after": "1"})
        case 401:
            return _error(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided.")
        case 400:
            return _error(400, "invalid_request_error", None, "Your request was rejected by our safety system.")
        case _:
            return _error(500, "server_error", None, "The server had an error while processing your request.")


def _written(call: Call) -> Answer:
    """What models would: JSON of what the instructions ask for, of the words that were given."""
    messages = call.fields.get("messages")
    if call.fields.get("model") is None or not isinstance(messages, list) or len(messages) < 2:
        return _error(400, "invalid_request_error", None, "Missing required parameter: 'messages'.")
    instructions, text = str(messages[0].get("content")), str(messages[-1].get("content"))
    if call.fields.get("response_format") == {"type": "json_object"} and "JSON" not in instructions:
        return _error(400, "invalid_request_error", None, "'messages' must contain the word 'json' in some form.")
    language = re.search(r"ISO 639-1 code (\w\w)", instructions)
    if language is not None:
        answer: dict[str, Any] = {"text": f"[{language[1]}] {text}"}
    else:
        sentences = [part.strip() for part in re.split(r"[.!?\n]+", text) if part.strip()] or ["Nothing is said"]
        steps = [{"title": f"Step {number}", "description": one} for number, one in enumerate(sentences[:10], 1)]
        answer = {"steps": steps, "script": ". ".join(sentences)}
    message = {"role": "assistant", "content": json.dumps(answer)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return Answer(
        200,
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 0,
            "model": call.fields["model"],
            "choices": [choice],
            "usage": usage,
        },
    )


def _drawn(call: Call) -> Answer:
    """The sample picture, whatever is wanted."""
    if not call.fields.get("prompt") or call.fields.get("size") not in ("1024x1024", "1536x1024", "1024x1536"):
        return _error(400, "invalid_request_error", None, "Invalid value for 'size' or 'prompt'.")
    picture = base64.b64encode((MEDIA / "photo.png").read_bytes()).decode()
    return Answer(200, {"created": 0, "data": [{"b64_json": picture}]})


def _spoken(call: Call) -> Answer:
    """A tone, as long as the words would take."""
    text = str(call.fields.get("input") or "")
    if not text or len(text) > 4096 or call.fields.get("response_format") != "wav" or not call.fields.get("voice"):
        return _error(400, "invalid_request_error", None, "Invalid 'input', 'voice' or 'response_format'.")
    return Answer(200, content=tone(min(10.0, 0.5 + len(text) / 15)), content_type="audio/wav")


def tone(seconds: float) -> bytes:
    """WAV, mono, 16 bits."""
    frames = b"".join(struct.pack("<h", int(8000 * math.sin(2 * math.pi * 440 * n / _RATE))) for n in range(int(seconds * _RATE)))
    kept = io.BytesIO()
    with wave.open(kept, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(frames)
    return kept.getvalue()


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
            # One word in ten seconds is noise that sounded like it.
            if heard is not None and len(heard.hypstr.split()) > 1:
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
