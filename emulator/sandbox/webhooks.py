"""A server like a user's own, to try webhooks out on: it takes whatever it is sent, and shows it. Or fails, if it is told to."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

RECEIVER = "/_webhooks/"
# Of one name, the newest.
MAX_KEPT = 200
MAX_BYTES = 1 << 20
_TELLS = frozenset({"status", "times", "seconds"})


class Receiver:
    """POST /_webhooks/{name} is what is registered; GET lists what came, with headers; DELETE forgets it.

    PUT /_webhooks/{name}?status=500&times=3 (or seconds=15, to be slow) is how it answers the next times. Registered with such a
    query, an address answers so the first times.
    """

    def __init__(self) -> None:
        self.received: dict[str, list[dict[str, Any]]] = {}
        self._failing: dict[str, dict[str, int]] = {}
        self._registered: set[tuple[str, str]] = set()

    def add_to(self, app: web.Application) -> None:
        path = RECEIVER + "{name:[A-Za-z0-9_-]{1,64}}"
        app.router.add_post(path, self._take)
        app.router.add_get(path, self._show)
        app.router.add_put(path, self._fail)
        app.router.add_delete(path, self._forget)

    async def _take(self, request: web.Request) -> web.Response:
        name, body = request.match_info["name"], await request.read()
        if request.query and not body:
            return await self._fail(request)
        if request.query and (name, request.query_string) not in self._registered:
            self._registered.add((name, request.query_string))
            refused = await self._fail(request)
            if refused.status != 200:
                return refused
        failing = self._failing.get(name)
        status = 200
        if failing is not None:
            failing["times"] -= 1
            if failing["times"] <= 0:
                del self._failing[name]
            await asyncio.sleep(failing["seconds"])
            status = failing["status"]
        entry = {
            "at": datetime.now(UTC).isoformat(),
            "headers": {key.lower(): value for key, value in request.headers.items()},
            "body": body[:MAX_BYTES].decode("utf-8", "replace"),
            "answered": status,
        }
        self.received[name] = [*self.received.get(name, []), entry][-MAX_KEPT:]
        headers = {"Location": "/elsewhere"} if 300 <= status < 400 else {}
        return web.Response(status=status, text="ok" if status < 300 else "no", headers=headers)

    async def _show(self, request: web.Request) -> web.Response:
        if request.query:
            return await self._fail(request)
        return web.json_response(self.received.get(request.match_info["name"], []))

    async def _fail(self, request: web.Request) -> web.Response:
        try:
            if unknown := set(request.query) - _TELLS:
                raise ValueError(f"it knows {', '.join(sorted(_TELLS))}, and not {', '.join(sorted(unknown))}")
            told = {"status": 200, "times": 1, "seconds": 0, **{key: int(value) for key, value in request.query.items()}}
            if not (100 <= told["status"] < 600 and told["times"] >= 1 and 0 <= told["seconds"] <= 60):
                raise ValueError("status is one of HTTP, times from 1 on, seconds at most 60")
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        self._failing[request.match_info["name"]] = told
        return web.json_response(told)

    async def _forget(self, request: web.Request) -> web.Response:
        self.received.pop(request.match_info["name"], None)
        self._failing.pop(request.match_info["name"], None)
        return web.json_response({})
