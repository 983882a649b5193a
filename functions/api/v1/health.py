"""GET /health: is the API there? Asks nothing else, so it says nothing about the database."""

from typing import Literal

from flask import Blueprint
from pydantic import BaseModel

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from shared.core.clock import iso8601


class Health(BaseModel):
    status: Literal["ok"]
    version: str
    timestamp: str


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/health")
    @endpoint(ports, credential="anybody", gives={200: Health})
    def health(call: Call) -> Reply:
        now = iso8601(ports.clock.now())
        return Reply(200, {"status": "ok", "version": ports.settings.version, "timestamp": now})

    return blueprint
