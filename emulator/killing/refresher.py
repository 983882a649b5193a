"""The refresher, trapped."""

from dataclasses import replace
from functools import cache

from flask import Request

from emulator.killing.traps import Traps, trapped_ports
from functions.refresher import main, wiring
from shared.tasks.receive import Answer

_traps = Traps("refresher")


@cache
def _ports() -> wiring.Ports:
    ports = wiring.ports()
    return replace(ports, tokens=trapped_ports(ports.tokens, _traps, wiring.SETTINGS.project_id))


def refresher(request: Request) -> Answer:
    _traps.begin_request(request)
    return main.answer(request, _ports())
