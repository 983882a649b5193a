"""Target `api`: called by customers and the web app, over HTTP.

Writes submissions, idempotency records, API keys and request logs; enqueues on `orchestrate`. Every failure is an answer in JSON.
"""

from flask import Flask, Request
from gunicorn import util
from werkzeug.wrappers import Response

from functions import connections
from functions.api import wiring
from functions.api.app import SECURITY_HEADERS
from functions.api.request.broken_http import answer_in_json
from shared.core.clock import SystemClock
from shared.core.log import start_logging

start_logging()
connections.keep()
answer_in_json(util, SECURITY_HEADERS, SystemClock().now)


def api(request: Request) -> Response:
    return answer(request, wiring.app())


def answer(request: Request, app: Flask) -> Response:
    """The request, handed to the app as it came. A deployed function's name is cut off its address; where nothing did, we do."""
    environ = request.environ
    if environ["PATH_INFO"] == "/api" or environ["PATH_INFO"].startswith("/api/"):
        environ = {**environ, "SCRIPT_NAME": "/api", "PATH_INFO": environ["PATH_INFO"][4:] or "/"}
    return Response.from_app(app, environ)
