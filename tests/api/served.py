"""The source that functions-framework loads: the API's own `answer`, on top of whatever world the test set."""

from flask import Request
from werkzeug.wrappers import Response

from functions.api.app import create_app
from functions.api.main import answer
from tests.api import served
from tests.fakes.world import World

world: World


def api(request: Request) -> Response:
    # The framework runs a copy of this module; the test set the world on the one that can be imported.
    return answer(request, create_app(served.world.api_ports))
