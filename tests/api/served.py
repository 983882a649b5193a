"""The source that functions-framework loads: the API's own `answer`, on top of whatever world the test set."""

import threading

from flask import Request, Response
from werkzeug.wrappers import Response as Answer

from functions.api.app import create_app
from functions.api.main import answer
from tests.api import served
from tests.api.declared import violation
from tests.fakes.world import World

world: World
# Answers that their routes do not declare.
violations: list[str] = []
_building = threading.Lock()


def api(request: Request) -> Answer:
    # The framework runs a copy of this module; the test set the world on the one that can be imported.
    # An app of its own for each request, as the test may have changed the world; one after the other, as for the real one.
    with served._building:
        app = create_app(served.world.api_ports)

    @app.after_request
    def check(response: Response) -> Response:
        found = violation(app, response)
        served.violations += [found] if found else []
        return response

    return answer(request, app)
