"""The local web app's page for connecting accounts: GET /_connect, next to the platforms that it leads to."""

from pathlib import Path

from aiohttp import web

from shared.core.platforms import PLATFORMS

PATH = "/_connect"
_HERE = Path(__file__).parent


def add_connect_page(app: web.Application, *, api_url: str, auth_url: str) -> None:
    """`api_url` is Soku's, without /v1; `auth_url` the Auth emulator's."""
    settings = {"apiUrl": api_url, "authUrl": auth_url, "platforms": dict(PLATFORMS)}

    async def page(_: web.Request) -> web.FileResponse:
        return web.FileResponse(_HERE / "index.html")

    async def script(_: web.Request) -> web.FileResponse:
        return web.FileResponse(_HERE / "connect.js")

    async def told(_: web.Request) -> web.Response:
        return web.json_response(settings)

    app.router.add_get(PATH, page)
    app.router.add_get(f"{PATH}/connect.js", script)
    app.router.add_get(f"{PATH}/settings.json", told)
