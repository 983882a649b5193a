"""The sweeper, trapped."""

from functools import cache

from flask import Request

from emulator.killing.traps import Traps, trapped_ports
from functions.sweeper import main, wiring
from shared.tasks.receive import Answer

_traps = Traps("sweeper")


@cache
def _ports() -> wiring.Ports:
    return trapped_ports(wiring.ports(), _traps, wiring.SETTINGS.project_id)


def sweeper(request: Request) -> Answer:
    _traps.begin_request()
    return main.answer(request, _ports())
