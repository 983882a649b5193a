"""The API, trapped."""

from functools import cache

from flask import Flask, Request
from werkzeug.wrappers import Response

from emulator.killing.traps import Traps, trapped_ports
from functions.api import live, main
from functions.api.app import create_app

_traps = Traps("api")


@cache
def _app() -> Flask:
    return create_app(trapped_ports(live.ports(), _traps, live.SETTINGS.project_id))


def api(request: Request) -> Response:
    _traps.begin_request()
    return main.answer(request, _app())
