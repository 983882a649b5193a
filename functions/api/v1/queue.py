"""GET and PUT /v1/queue: the weekly plan whose free slots posts take with `"scheduledTime": "next-free-slot"`."""

from collections.abc import Sequence
from datetime import time
from typing import Annotated, Any

from flask import Blueprint
from pydantic import AfterValidator, BaseModel, Field

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.validation import RequestBody
from shared.core.clock import iso8601
from shared.core.wrong import shaped, wrong
from shared.documents.document import Merge
from shared.posts.errors import NoFreeSlot
from shared.posts.slots import MAX_SLOTS, Plan, Slot, Weekday, next_free, plan_of, plan_path, time_zones

# So many free slots are shown.
SHOWN = 5


# Of the zone database's own, and of the machine that it is on.
_PLACELESS = ("Factory", "localtime")


def _zone(value: str) -> str:
    if value not in time_zones() or value in _PLACELESS:
        raise wrong("invalid_enum_value", "Unknown time zone: give one of IANA's names, as Europe/Berlin or UTC")
    return value


class SlotIn(RequestBody):
    """`time` is HH:MM on the plan's clock, from 00:00 to 23:59."""

    day: Weekday
    time: Annotated[str, *shaped(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", "HH:MM in two digits each, as 09:00, from 00:00 to 23:59")]


class PlanIn(RequestBody):
    timezone: Annotated[str, Field(max_length=64), AfterValidator(_zone)]
    slots: Annotated[list[SlotIn], Field(max_length=MAX_SLOTS)]


class ShownSlot(BaseModel):
    day: Weekday
    time: str


class ShownPlan(BaseModel):
    """`nextFree` are the next free moments, the first of which a post would take now."""

    timezone: str | None
    slots: list[ShownSlot]
    nextFree: list[str]


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("queue", __name__)

    @blueprint.get("/v1/queue")
    @endpoint(ports, credential="either", gives={200: ShownPlan}, scope="posts:read")
    def show(call: Call) -> Reply:
        return Reply(200, _shown(call.user.uid, plan_of(call.user.uid, ports.documents), ports))

    @blueprint.put("/v1/queue")
    @endpoint(ports, credential="either", takes=PlanIn, gives={200: ShownPlan}, scope="posts:write")
    def replace(call: Call) -> Reply:
        given: PlanIn = call.given
        plan = Plan(given.timezone, tuple(_ordered(given.slots)))
        ports.documents.commit(Merge(plan_path(call.user.uid), {**plan.to_fields(), "updatedAt": ports.clock.now()}))
        return Reply(200, _shown(call.user.uid, plan, ports))

    return blueprint


def _ordered(slots: Sequence[SlotIn]) -> Sequence[Slot]:
    """Each once, as they were given."""
    return list(dict.fromkeys(Slot(slot.day, time.fromisoformat(slot.time)) for slot in slots))


def _shown(uid: str, plan: Plan | None, ports: Ports) -> dict[str, Any]:
    try:
        free = next_free(uid, plan, ports.documents, ports.clock.now(), number=SHOWN)
    except NoFreeSlot:
        free = ()
    kept = plan.to_fields() if plan is not None else {"timezone": None, "slots": []}
    return {**kept, "nextFree": [iso8601(instant) for instant in free]}
