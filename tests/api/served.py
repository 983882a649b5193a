"""The source that functions-framework loads: the API's own `answer`, on top of whatever world the test set."""

import threading

from flask import Flask, Request, Response
from werkzeug.wrappers import Response as Answer

from functions.api.app import create_app
from functions.api.main import answer
from functions.api.ports import Ports
from tests.api import served
from tests.api.declared import violation
from tests.fakes.world import World

world: World
# Answers that their routes do not declare.
violations: list[str] = []
_building = threading.Lock()
_built: tuple[Ports, Flask] | None = None


def api(request: Request) -> Answer:
    # The framework runs a copy of this module; the test set the world on the one that can be imported.
    return answer(request, _app_of(served.world.api_ports))


def _app_of(ports: Ports) -> Flask:
    """Built once, as the real one is, and anew when the test has other ports."""
    with served._building:
        if served._built is None or served._built[0] is not ports:
            served._built = ports, _checked(create_app(ports))
        return served._built[1]


def _checked(app: Flask) -> Flask:
    @app.after_request
    def check(response: Response) -> Response:
        found = violation(app, response)
        served.violations += [found] if found else []
        return response

    return app
