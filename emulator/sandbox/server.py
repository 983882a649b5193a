"""The sandbox platforms over HTTP, each of their hosts a folder, with their controls and sample files:

/api.x.com/…  /graph.facebook.com/v25.0/…              the platforms' own addresses, consent pages included
GET, DELETE /_ledger[?platform=&accountId=&kind=]      what they accepted, in order; comments and thumbnails only by kind
GET, PUT, POST, DELETE /_faults                        what shall still go wrong; PUT says it anew, POST adds to it
GET /_asked[?accountId=]                               which calls were made, how often
GET /_media/photo.jpg …                                small real files
GET /_media/large-500.mp4                              a real video that is followed by so many MiB of nothing
POST, GET, PUT, DELETE /_webhooks/{name}               a server to register as a webhook: takes, lists; ?status=500&times=3 fails
"""

import asyncio
import html
import json
import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from aiohttp import web

from emulator.sandbox import providers
from emulator.sandbox.faults import Fault
from emulator.sandbox.platform import HANG, RESET, Answer, Call, World, respond
from emulator.sandbox.platforms import AFFECTED, STEPS, build, by_host
from emulator.sandbox.webhooks import Receiver

MEDIA = Path(__file__).parent / "media"
# A client that waits longer than this for an answer has given up.
HANG_SECONDS = 90.0
# The largest single request a platform takes here.
MAX_REQUEST_BYTES = 130 << 20
MIB = 1 << 20
# Kinds of the ledger's entries that are shown when they are asked for.
BESIDE_POSTS = ("comment", "thumbnail")
_LEDGER_FILTERS = frozenset({"platform", "accountId", "kind"})


class SandboxServer:
    """`base_url` is where it listens, `files_url` the storage whose files TikTok's app has verified as its own,
    `callback` the redirect address that is registered with every app, with `{platform}` in it."""

    def __init__(self, base_url: str, files_url: str, callback: str) -> None:
        self.world = World(
            now=lambda: datetime.now(UTC), pull=_pull, base_url=base_url, verified_prefix=files_url, registered_callback=callback
        )
        self.platforms = build(self.world)
        self._by_host = by_host(self.platforms)
        self.receiver = Receiver()

    def application(self) -> web.Application:
        app = web.Application(client_max_size=MAX_REQUEST_BYTES)
        app.router.add_get("/_ledger", self._ledger)
        app.router.add_delete("/_ledger", self._clear_ledger)
        app.router.add_get("/", self._index)
        app.router.add_get("/_asked", self._asked)
        app.router.add_get("/_faults", self._faults)
        app.router.add_put("/_faults", self._set_faults)
        app.router.add_post("/_faults", self._set_faults)
        app.router.add_delete("/_faults", self._clear_faults)
        app.router.add_get(r"/_media/large-{mib:[1-9]\d{0,3}}.mp4", self._large)
        app.router.add_static("/_media", MEDIA)
        self.receiver.add_to(app)
        app.router.add_route("*", r"/{host:[a-z0-9-]+(\.[a-z0-9-]+)+}{path:/.*}", self._platform)
        return app

    async def _platform(self, request: web.Request) -> web.StreamResponse:
        host, loop = request.match_info["host"], asyncio.get_running_loop()
        sandbox = self._by_host.get(host)
        if sandbox is not None:
            call, _ = await _call(request)
            answer = await loop.run_in_executor(None, respond, sandbox, call)
        elif (provider := providers.BY_HOST.get(host)) is not None:
            call, name = await _call(request)
            answer = await loop.run_in_executor(None, provider.respond, call, name, self.world)
        else:
            raise web.HTTPNotFound(text=f"there is no sandbox for {host}")
        if answer.silence == HANG:
            await asyncio.sleep(HANG_SECONDS)
        if answer.silence in (HANG, RESET) and request.transport is not None:
            request.transport.abort()
        return _response(answer)

    async def _large(self, request: web.Request) -> web.StreamResponse:
        """As players take it: a box of type `free` after the video's own."""
        video, mib = (MEDIA / "vertical.mp4").read_bytes(), int(request.match_info["mib"])
        free = struct.pack(">I4s", 1, b"free") + struct.pack(">Q", 16 + mib * MIB)
        answer = web.StreamResponse(headers={"Content-Type": "video/mp4", "Content-Length": str(len(video + free) + mib * MIB)})
        await answer.prepare(request)
        await answer.write(video + free)
        for _ in range(mib):
            await answer.write(bytes(MIB))
        return answer

    async def _ledger(self, request: web.Request) -> web.Response:
        wanted = dict(request.query)
        if unknown := set(wanted) - _LEDGER_FILTERS:
            told = f"/_ledger knows {', '.join(sorted(_LEDGER_FILTERS))}, and not {', '.join(sorted(unknown))}"
            return web.json_response({"error": told}, status=400)
        posts_only = wanted.get("kind") not in BESIDE_POSTS
        entries = [entry.to_json() for entry in self.world.ledger if (entry.kind not in BESIDE_POSTS) == posts_only]
        return web.json_response([e for e in entries if all(e[name] == value for name, value in wanted.items())])

    async def _clear_ledger(self, _: web.Request) -> web.Response:
        self.world.ledger.clear()
        return web.json_response({})

    async def _index(self, _: web.Request) -> web.Response:
        """For whoever opens the address in a browser."""
        hosts = sorted([*self._by_host, *providers.BY_HOST])
        rows = "".join(f"<li><code>{html.escape(host)}</code></li>" for host in hosts)
        controls = (__doc__ or "").partition("\n\n")[2]
        page = (
            "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'><title>Sandbox platforms</title>"
            "<style>body{font:16px system-ui;max-width:60em;margin:2em auto;padding:0 1em}pre{white-space:pre-wrap}</style>"
            "<h1>Sandbox platforms</h1><p>Soku publishes here instead of on the real ones. "
            "<a href='/_ledger'>What they accepted</a> · <a href='/_faults'>what shall go wrong</a> · "
            f"<a href='/_connect'>connect an account</a></p><pre>{html.escape(controls)}</pre>"
            f"<p>Hosts, each a folder:</p><ul>{rows}</ul>"
        )
        return web.Response(text=page, content_type="text/html")

    async def _asked(self, request: web.Request) -> web.Response:
        if set(request.query) - {"accountId"}:
            return web.json_response({"error": "/_asked knows accountId, and nothing else"}, status=400)
        wanted = request.query.get("accountId")
        with self.world.lock:
            counted = [
                {"platform": platform, "accountId": account, "step": step, "times": times}
                for (platform, account, step), times in self.world.asked.items()
                if wanted in (None, account)
            ]
        return web.json_response(counted)

    async def _faults(self, _: web.Request) -> web.Response:
        return web.json_response([fault.to_json() for fault in self.world.faults.due if fault.times > 0])

    async def _set_faults(self, request: web.Request) -> web.Response:
        try:
            given = await request.json()
            if not isinstance(given, list):
                raise ValueError("it is no list")
            faults = [Fault.from_json(fault, {**STEPS, **providers.STEPS}, {**AFFECTED, **providers.AFFECTED}) for fault in given]
            with self.world.lock:
                left = [fault for fault in self.world.faults.due if fault.times > 0] if request.method == "POST" else []
                self.world.faults.due = left + faults
        except (ValueError, TypeError, AttributeError) as error:
            return web.json_response({"error": f"/_faults takes a list of faults: {error}"}, status=400)
        return web.json_response({})

    async def _clear_faults(self, _: web.Request) -> web.Response:
        self.world.faults.due = []
        return web.json_response({})


async def _call(request: web.Request) -> tuple[Call, str]:
    """The call, and the name of the file in it, if there is one."""
    name = ""
    fields: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    body = b""
    if request.content_type == "multipart/form-data":
        async for part in await request.multipart():
            content = await part.read()
            if part.filename is not None:
                files[part.name], name = bytes(content), part.filename
            else:
                fields[part.name] = content.decode()
    else:
        body = await request.read()
        if request.content_type == "application/json" and body:
            try:
                parsed = json.loads(body)
            except ValueError:
                parsed = None
            fields = parsed if isinstance(parsed, dict) else {}
        elif request.content_type == "application/x-www-form-urlencoded":
            fields = dict(await request.post())
    headers = {name.lower(): value for name, value in request.headers.items()}
    path, query = request.match_info["path"], dict(request.query)
    return Call(request.method, request.match_info["host"], path, query, headers, fields, files, body), name


def _response(answer: Answer) -> web.Response:
    content_type = "text/html" if answer.html is not None else answer.content_type
    return web.Response(status=answer.status or 500, body=answer.raw, headers=dict(answer.headers), content_type=content_type)


def _pull(url: str) -> bytes | None:
    """As a platform's server would fetch: what the URL answers, if it answers 200."""
    try:
        answer = requests.get(url, timeout=20, headers={"User-Agent": "sandbox"})
    except requests.RequestException:
        return None
    return answer.content if answer.status_code == 200 else None
