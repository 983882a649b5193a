"""The API's description and the page that shows it.

GET /v1/openapi.json      the document, as `make openapi` made it
GET /docs                 a page to read it and to try it
GET /docs/{asset}         what that page loads, by a name that changes with its content
"""

import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from shared.core.errors import NotFound

HERE = Path(__file__).parents[1] / "openapi"
# The page's own rule: it loads nothing but what we serve, and asks nobody but us.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_YEAR = "public, max-age=31536000, immutable"


@cache
def _read(name: str) -> bytes:
    return (HERE / name).read_bytes()


@cache
def _assets() -> dict[str, tuple[bytes, dict[str, str]]]:
    """By a name that holds a digest of what is in it."""
    javascript = {"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": _YEAR}
    files = {"scalar": ("scalar.js.gz", {**javascript, "Content-Encoding": "gzip"}), "start": ("start.js", javascript)}
    return {
        f"{name}-{hashlib.sha256(_read(file)).hexdigest()[:16]}.js": (_read(file), headers)
        for name, (file, headers) in files.items()
    }


@cache
def _page() -> bytes:
    scripts = "".join(f'<script src="docs/{name}"></script>' for name in _assets())
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>Soku API</title></head><body><div id=app></div>{scripts}</body></html>"
    ).encode()


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("openapi", __name__)

    @blueprint.get("/v1/openapi.json")
    @endpoint(ports, credential="anybody", gives={200: None})
    def document(call: Call) -> Reply:
        headers = {"Content-Type": "application/json", "Cache-Control": "public, max-age=300"}
        return Reply(200, _read("openapi.json"), headers)

    @blueprint.get("/docs")
    @endpoint(ports, credential="anybody", gives={200: None})
    def page(call: Call) -> Reply:
        headers = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache", "Content-Security-Policy": POLICY}
        return Reply(200, _page(), headers)

    @blueprint.get("/docs/<asset>")
    @endpoint(ports, credential="anybody", gives={200: None}, errors=(NotFound,))
    def asset(call: Call, asset: str) -> Reply:
        found = _assets().get(asset)
        if found is None:
            raise NotFound
        return Reply(200, found[0], found[1])

    return blueprint
