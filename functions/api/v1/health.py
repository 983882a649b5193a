"""GET /health: is the API there? Asks nothing else, so it says nothing about the database."""

from flask import Blueprint

from functions.api.ports import Ports
from functions.api.request.endpoint import Call, Reply, endpoint
from shared.core.clock import iso8601


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/health")
    @endpoint(ports, credential="anybody")
    def health(call: Call) -> Reply:
        now = iso8601(ports.clock.now())
        return Reply(200, {"status": "ok", "version": ports.settings.version, "timestamp": now})

    return blueprint
