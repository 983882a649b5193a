"""The orchestrator, trapped."""

from functools import cache

from flask import Request

from emulator.killing.traps import Traps, trapped_ports
from functions.orchestrator import main, wiring
from shared.tasks.receive import Answer

_traps = Traps("orchestrator")


@cache
def _ports() -> wiring.Ports:
    return trapped_ports(wiring.ports(), _traps, wiring.SETTINGS.project_id)


def orchestrator(request: Request) -> Answer:
    _traps.begin_request(request)
    return main.answer(request, _ports())
