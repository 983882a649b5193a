"""GET /v1/requests: the customer's own log of what was asked and answered, newest first, for thirty days."""

from typing import Annotated, Any

from flask import Blueprint
from pydantic import BaseModel, Field, model_validator

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.page import PageQuery, newest_first
from shared.core.clock import iso8601
from shared.core.wrong import wrong
from shared.documents.document import Condition, Document
from shared.users.user import user_path


class RequestsQuery(PageQuery):
    """At most one of the filters: each has its index. `route` is as in POST /v1/posts, `key` an API key's id."""

    requestId: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    status: Annotated[int, Field(ge=100, le=599)] | None = None
    route: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    key: Annotated[str, Field(min_length=1, max_length=128)] | None = None

    @model_validator(mode="after")
    def at_most_one(self) -> "RequestsQuery":
        if len(self.filters()) > 1:
            raise wrong("custom", "Give at most one of requestId, status, route and key")
        return self

    def filters(self) -> list[Condition]:
        given = {"requestId": self.requestId, "status": self.status, "route": self.route, "apiKeyId": self.key}
        return [(name, "==", value) for name, value in given.items() if value is not None]


class LoggedRequest(BaseModel):
    requestId: str
    method: str
    path: str
    route: str | None
    status: int
    durationMs: int
    apiKeyId: str | None
    errorCode: str | None
    createdAt: str


class LoggedRequests(BaseModel):
    requests: list[LoggedRequest]
    nextCursor: str | None


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("requests", __name__)

    @blueprint.get("/v1/requests")
    @endpoint(ports, credential="either", asks=RequestsQuery, gives={200: LoggedRequests}, scope="posts:read")
    def index(call: Call) -> Reply:
        asked: RequestsQuery = call.asked
        page, following = newest_first(asked, f"{user_path(call.user.uid)}/apiRequests", asked.filters(), ports.documents)
        return Reply(200, {"requests": [_shown(one) for one in page], "nextCursor": following})

    return blueprint


def _shown(document: Document) -> dict[str, Any]:
    names = ("requestId", "method", "path", "route", "status", "durationMs", "apiKeyId", "errorCode")
    return {**{name: document.fields.get(name) for name in names}, "createdAt": iso8601(document.fields["createdAt"])}
