"""/v1/events: what happened in the last 30 days, of what a webhook wanted: to find out what was missed."""

from flask import Blueprint

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.page import newest_first
from functions.api.v1.webhooks_schemas import EventsQuery, ShownEvent, ShownEvents
from shared.core.errors import NotFound
from shared.events.event import event_path
from shared.users.user import user_path
from shared.webhooks.message import event_view


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("events", __name__)
    documents = ports.documents

    @blueprint.get("/v1/events")
    @endpoint(ports, credential="either", asks=EventsQuery, gives={200: ShownEvents}, scope="webhooks")
    def index(call: Call) -> Reply:
        page, following = newest_first(call.asked, f"{user_path(call.user.uid)}/events", call.asked.conditions(), documents)
        return Reply(200, {"events": [event_view(one, ports.settings.base_url) for one in page], "nextCursor": following})

    @blueprint.get("/v1/events/<id:event_id>")
    @endpoint(ports, credential="either", gives={200: ShownEvent}, errors=(NotFound,), scope="webhooks")
    def show(call: Call, event_id: str) -> Reply:
        [found] = documents.get(event_path(call.user.uid, event_id))
        if found is None:
            raise NotFound("There is no event with this id, or no more")
        return Reply(200, event_view(found, ports.settings.base_url))

    return blueprint
