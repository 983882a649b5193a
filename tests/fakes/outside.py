"""Storage, the web and the platforms, in memory."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from emulator.sandbox import openai, providers, replicate
from emulator.sandbox.platform import Answer, Call, Sandbox, respond
from emulator.sandbox.platform import World as SandboxWorld
from emulator.sandbox.platforms import by_host
from shared.http.client import HttpAnswer, HttpRequest, NoAnswer
from shared.jobs.provider import ProviderBusy, ProviderRefused, RequestRefused
from shared.media.fetch import FetchFailed, FetchRefused
from shared.media.measure import Measured, ProcessMeasurer, Read
from shared.media.storage import ObjectMissing
from shared.transcription.transcribe import Words
from shared.webhooks.delivery import Attempted
from shared.webhooks.send import ANSWER_WITHIN_SECONDS, judged
from tests.fakes.clock import StandingClock

STORAGE_URL = "https://storage.test"
SANDBOX_URL = "https://sandbox.test"


class MemoryStorage:
    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.kept_until: dict[str, datetime] = {}

    def write(self, path: str, content_type: str, chunks: Iterator[bytes], *, keep_until: datetime | None) -> None:
        self.objects[path] = b"".join(chunks)
        if keep_until is not None:
            self.kept_until[path] = keep_until

    def keep(self, path: str, until: datetime) -> None:
        if path not in self.objects:
            raise ObjectMissing(path)
        # A later time is never taken back.
        self.kept_until[path] = max(until, self.kept_until.get(path, until))

    def delete(self, path: str) -> None:
        self.objects.pop(path, None)

    def read(self, path: str, start: int = 0, length: int | None = None) -> bytes:
        if path not in self.objects:
            raise ObjectMissing(path)
        return self.objects[path][start : None if length is None else start + length]

    def url(self, path: str) -> str:
        return f"{STORAGE_URL}/{path}"

    def pull(self, url: str) -> bytes | None:
        """As a platform's server would fetch it."""
        return self.objects.get(url.removeprefix(f"{STORAGE_URL}/"))


def open_session(path: str, content_type: str, size_bytes: int, origin: str | None) -> str:
    return f"https://upload.test/{path}?size={size_bytes}&type={content_type}&origin={origin}"


@dataclass(frozen=True)
class Received:
    at: datetime
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        return json.loads(self.body)


class Receivers:
    """Users' servers: what each of them got, and how it answers, 200 unless said otherwise: a status, or None for no answer."""

    def __init__(self, clock: StandingClock) -> None:
        self.clock = clock
        self.got: list[Received] = []
        self.answers: dict[str, list[int | None]] = {}
        self.always: dict[str, int | None] = {}

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Attempted:
        at = self.clock.now()
        self.got.append(Received(at, url, headers, body))
        planned = self.answers.get(url)
        status = planned.pop(0) if planned else self.always.get(url, 200)
        if status is None:
            self.clock.advance(ANSWER_WITHIN_SECONDS)
            return Attempted(at, False, None, "", "It did not answer within 10 seconds.", 10_000, is_down=True)
        error, is_down = judged(status)
        return Attempted(at, error is None, status, "said", error, 5, is_down, status == 410)


class MemoryFetcher:
    """`pages` maps URLs to bytes, or to the exception that fetching them raises."""

    def __init__(self, pages: Mapping[str, bytes | FetchFailed | FetchRefused]) -> None:
        self.pages = dict(pages)
        self.fetched: list[str] = []
        self.piece_bytes = 1 << 16

    def fetch(self, url: str) -> Iterator[bytes]:
        self.fetched.append(url)
        page = self.pages.get(url, FetchRefused("the address answered 404"))
        if url.startswith(f"https://{replicate.FILES_HOST}/"):
            page = replicate.file(urlsplit(url).path).raw
        if not isinstance(page, bytes):
            raise page
        for start in range(0, len(page), self.piece_bytes):
            yield page[start : start + self.piece_bytes]


class RememberingMeasurer:
    """The real one, asked once for the same bytes: worlds are many, and their files few."""

    def measure(self, read: Read, size_bytes: int, content_type: str, hold: Callable[[], None] = lambda: None) -> Measured:
        return _measured(read(0, size_bytes), content_type)


@cache
def _measured(content: bytes, content_type: str) -> Measured:
    return ProcessMeasurer().measure(lambda offset, length: content[offset : offset + length], len(content), content_type)


class KnownMeasurer:
    """For files that are none: what such a film, or such a picture, would measure."""

    def measure(self, read: Read, size_bytes: int, content_type: str, hold: Callable[[], None] = lambda: None) -> Measured:
        return FILM if content_type == "video/mp4" else PICTURE


PICTURE, FILM = Measured(1080, 1080), Measured(1080, 1920, 20.0, 30.0, "AVC", "AAC", "4:2:0")


class SpeakingTranscriber:
    """Says the same of every file, or raises what is due."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int]] = []
        self.due: list[Exception] = []
        self.said = Words("Welcome to my podcast.")

    def words(self, content: bytes, name: str, content_type: str, language: str | None, model: str) -> Words:
        self.heard.append((name, len(content)))
        if self.due:
            raise self.due.pop(0)
        return self.said


class SandboxStudio:
    """OpenAI's models, as the sandbox plays them, without its client."""

    def __init__(self, world: SandboxWorld) -> None:
        self._world = world

    def written(self, instructions: str, text: str) -> dict[str, Any]:
        messages = [{"role": "system", "content": instructions}, {"role": "user", "content": text}]
        fields = {"model": "m", "messages": messages, "response_format": {"type": "json_object"}}
        return json.loads(json.loads(self._asked("/v1/chat/completions", fields))["choices"][0]["message"]["content"])

    def image(self, prompt: str, size: str) -> bytes:
        told = json.loads(self._asked("/v1/images/generations", {"model": "m", "prompt": prompt, "size": size}))
        return base64.b64decode(told["data"][0]["b64_json"])

    def speech(self, text: str, voice: str) -> bytes:
        return self._asked("/v1/audio/speech", {"model": "m", "input": text, "voice": voice, "response_format": "wav"})

    def _asked(self, path: str, fields: dict[str, Any]) -> bytes:
        call = Call("POST", openai.HOST, path, headers={"authorization": f"Bearer {openai.KEY}"}, fields=fields)
        answer = openai.respond(call, "", self._world)
        if answer.silence or answer.status >= 500 or answer.status == 429:
            raise ProviderBusy("the provider is busy")
        if answer.status == 400:
            raise RequestRefused("refused")
        if answer.status >= 300:
            raise ProviderRefused("no key")
        return answer.raw


class SandboxHttp:
    """Requests to the platforms' hosts, answered by their sandboxes in this process."""

    def __init__(self, platforms: Mapping[str, Sandbox], world: SandboxWorld | None = None) -> None:
        self._by_host, self._world = by_host(platforms), world
        self.sent: list[HttpRequest] = []

    def send(self, request: HttpRequest) -> HttpAnswer:
        self.sent.append(request)
        call = call_of(request)
        provider = providers.BY_HOST.get(call.host)
        answer: Answer = provider.respond(call, "", self._world) if provider else respond(self._by_host[call.host], call)
        if answer.silence is not None:
            raise NoAnswer(answer.silence)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return HttpAnswer(answer.status, headers, answer.raw)


def call_of(request: HttpRequest) -> Call:
    """As the request would arrive at a server."""
    parts = urlsplit(request.url)
    host, _, path = parts.path.lstrip("/").partition("/")
    headers = {name.lower(): value for name, value in request.headers.items()}
    if request.json is not None:
        headers.setdefault("content-type", "application/json")
    elif request.parts is not None:
        headers["content-type"] = "multipart/form-data"
    fields = request.json if request.json is not None else (request.form or {})
    files = {name: part.content for name, part in (request.parts or {}).items()}
    query = {**dict(parse_qsl(parts.query)), **request.params}
    return Call(request.method, host, f"/{path}", query, headers, dict(fields), files, request.content or b"")
