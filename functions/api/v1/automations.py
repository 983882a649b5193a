"""/v1/automations: what is to follow from every post that was published with `enableRepurposing`.

POST   /v1/automations         make one
GET    /v1/automations         all of them, oldest first
GET    /v1/automations/{id}    one
PATCH  /v1/automations/{id}    change what is named; `enabled` switches it on and off
DELETE /v1/automations/{id}    delete one; the posts that it has made stay
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.once import once
from functions.api.request.validation import validated
from functions.api.v1.automations_schemas import (
    AutomationChanges,
    DeletedAutomation,
    NewAutomation,
    ShownAutomation,
    ShownAutomations,
    as_given,
    fields_of,
)
from shared.automations.automation import Automation
from shared.automations.change import (
    change_automation,
    create_automation,
    delete_automation,
    list_automations,
    read_automation,
)
from shared.core.clock import iso8601
from shared.core.errors import AutomationLimitReached, Detail, IdempotencyConflict, NotFound
from shared.core.platforms import PLATFORMS
from shared.documents.change import read_modify_write
from shared.idempotency.once import Guard
from shared.posts.errors import MissingIntegrations
from shared.posts.targets import resolve_targets
from shared.users.user import User


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("automations", __name__)
    documents, clock = ports.documents, ports.clock

    @blueprint.post("/v1/automations")
    @endpoint(
        ports,
        credential="subscriber",
        takes=NewAutomation,
        gives={201: ShownAutomation},
        errors=(MissingIntegrations, AutomationLimitReached, IdempotencyConflict, NotFound),
    )
    def create(call: Call) -> Reply:
        def work(guard: Guard) -> Reply:
            _require_accounts(call.given, call.user)
            made = create_automation(call.user.uid, fields_of(call.given), documents=documents, clock=clock, guard=guard)
            return Reply(201, _shown(made))

        def show(made_id: str) -> Reply:
            return Reply(201, _shown(_read(call, made_id, ports)))

        return once(call, "POST /v1/automations", work, show, ports)

    @blueprint.get("/v1/automations")
    @endpoint(ports, credential="subscriber", gives={200: ShownAutomations})
    def index(call: Call) -> Reply:
        found = list_automations(call.user.uid, documents=documents)
        return Reply(200, {"automations": [_shown(automation) for automation in found]})

    @blueprint.get("/v1/automations/<id:automation_id>")
    @endpoint(ports, credential="subscriber", gives={200: ShownAutomation}, errors=(NotFound,))
    def show(call: Call, automation_id: str) -> Reply:
        return Reply(200, _shown(_read(call, automation_id, ports)))

    @blueprint.patch("/v1/automations/<id:automation_id>")
    @endpoint(
        ports,
        credential="subscriber",
        takes=AutomationChanges,
        gives={200: ShownAutomation},
        errors=(NotFound, MissingIntegrations),
    )
    def change(call: Call, automation_id: str) -> Reply:
        def attempt() -> Automation:
            before = read_automation(call.user.uid, automation_id, documents=documents)
            if call.body == {"enabled": False}:
                # Whatever has become of its accounts since.
                return change_automation(before, {"enabled": False}, documents=documents, clock=clock)
            whole = validated(NewAutomation, {**as_given(Automation.from_document(before)), **call.body})
            if whole.enabled and not {"source", "targets", "enabled"}.isdisjoint(call.body):
                _require_accounts(whole, call.user)
            return change_automation(before, fields_of(whole), documents=documents, clock=clock)

        return Reply(200, _shown(read_modify_write(attempt)))

    @blueprint.delete("/v1/automations/<id:automation_id>")
    @endpoint(ports, credential="subscriber", gives={200: DeletedAutomation}, errors=(NotFound,))
    def delete(call: Call, automation_id: str) -> Reply:
        delete_automation(call.user.uid, automation_id, documents=documents)
        return Reply(200, {"deleted": True})

    return blueprint


def _read(call: Call, automation_id: str, ports: Ports) -> Automation:
    return Automation.from_document(read_automation(call.user.uid, automation_id, documents=ports.documents))


def _require_accounts(given: NewAutomation, user: User) -> None:
    """Raises MissingIntegrations and ValidationFailed, as a post to these targets would, and for a source that is not connected."""
    resolve_targets(given.targets, user)
    accounts, account_id = user.accounts.get(given.source.platform, {}), given.source.accountId
    label = PLATFORMS[given.source.platform]
    if account_id is not None and account_id not in accounts:
        message = f"The {label} account {account_id!r} is not connected."
        raise MissingIntegrations(
            details=[Detail("body.source.accountId", message, "custom", account_id, choices=sorted(accounts))]
        )


def _shown(automation: Automation) -> Mapping[str, Any]:
    times = {"createdAt": iso8601(automation.created_at), "updatedAt": iso8601(automation.updated_at)}
    return {"id": automation.id, **as_given(automation), **times}
