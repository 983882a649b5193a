"""Any of the functions, trapped: the source that the stack starts in place of the function's own. SOKU_KILL_TARGET says which."""

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

from flask import Flask, Request

from emulator.killing.traps import Traps, subject_of_task, trapped_ports
from functions.api.app import create_app
from functions.task import answer
from shared.core.once import once

_name = os.environ["SOKU_KILL_TARGET"]
_main = import_module(f"functions.{_name}.main")
_wiring = import_module(f"functions.{_name}.wiring")
_traps = Traps(_name)


@once
def _ports() -> Any:
    return trapped_ports(_wiring.ports(), _traps, _wiring.SETTINGS.project_id)


@once
def _app() -> Flask:
    return create_app(_ports())


def _api(request: Request) -> Any:
    _traps.begin_request(request.headers.get("Idempotency-Key"))
    return _main.answer(request, _app())


def _task(request: Request) -> Any:
    _traps.begin_request(subject_of_task(request))
    return answer(request, _main.handle, _ports())


_function: Callable[[Request], Any] = _api if _name == "api" else _task
globals()[_name] = _function
