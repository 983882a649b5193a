"""The API, trapped."""

from dataclasses import replace
from functools import cache

from flask import Flask, Request
from werkzeug.wrappers import Response

from emulator.killing.traps import Traps, trapped_ports
from functions.api import main, wiring
from functions.api.app import create_app

_traps = Traps("api")


@cache
def _app() -> Flask:
    ports = trapped_ports(wiring.ports(), _traps, wiring.SETTINGS.project_id)
    return create_app(replace(ports, connecting=trapped_ports(ports.connecting, _traps, wiring.SETTINGS.project_id)))


def api(request: Request) -> Response:
    _traps.begin_request()
    return main.answer(request, _app())
