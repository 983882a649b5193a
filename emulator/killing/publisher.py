"""The publisher, trapped."""

from dataclasses import replace
from functools import cache

from flask import Request

from emulator.killing.traps import Traps, trapped_ports
from functions.publisher import main, wiring
from shared.tasks.receive import Answer

_traps = Traps("publisher")


@cache
def _ports() -> wiring.Ports:
    ports = wiring.ports()
    return replace(ports, publishing=trapped_ports(ports.publishing, _traps, wiring.SETTINGS.project_id))


def publisher(request: Request) -> Answer:
    _traps.begin_request(request)
    return main.answer(request, _ports())
