"""Make, change and delete automations. At most MAX_AUTOMATIONS per user, counted in the user's document."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.automations.automation import MAX_AUTOMATIONS, Automation, automations_path
from shared.core.clock import Clock
from shared.core.errors import AutomationLimitReached, NotFound
from shared.core.ids import random_base62
from shared.documents.change import read_modify_write
from shared.documents.document import Create, Delete, Document, Documents, Query, Update, Write
from shared.idempotency.once import Guard, no_guard
from shared.users.user import user_path


def create_automation(
    uid: str, fields: Mapping[str, Any], *, documents: Documents, clock: Clock, guard: Guard = no_guard
) -> Automation:
    """`fields` are the document's, without its times. Raises AutomationLimitReached, and what the guard does."""
    automation_id = f"automation_{random_base62(16)}"

    def attempt() -> Automation:
        [user] = documents.get(user_path(uid))
        count, now = _counted(uid, user, documents), clock.now()
        if count >= MAX_AUTOMATIONS:
            raise AutomationLimitReached(f"You have {count} automations, of {MAX_AUTOMATIONS} at most: delete or change one")
        made = {**fields, "createdAt": now, "updatedAt": now}
        path = f"{automations_path(uid)}/{automation_id}"
        version = documents.commit(Create(path, made), _with_count(uid, user, count + 1), *guard(automation_id, now))
        return Automation.from_document(Document(path, made, version))

    return read_modify_write(attempt)


def list_automations(uid: str, *, documents: Documents) -> Sequence[Automation]:
    """Oldest first."""
    found = documents.query(Query(automations_path(uid), limit=MAX_AUTOMATIONS))
    return sorted((Automation.from_document(document) for document in found), key=lambda one: (one.created_at, one.id))


def read_automation(uid: str, automation_id: str, *, documents: Documents) -> Document:
    """Raises NotFound."""
    [document] = documents.get(f"{automations_path(uid)}/{automation_id}")
    if document is None:
        raise NotFound("There is no automation with this id")
    return document


def change_automation(before: Document, fields: Mapping[str, Any], *, documents: Documents, clock: Clock) -> Automation:
    """`fields` are what is replaced. Raises Conflict if it has changed since `before`."""
    changed = {**fields, "updatedAt": clock.now()}
    version = documents.commit(Update(before.path, changed, if_version=before.version))
    return Automation.from_document(Document(before.path, {**before.fields, **changed}, version))


def delete_automation(uid: str, automation_id: str, *, documents: Documents) -> None:
    """What it has made already stays. Raises NotFound."""

    def attempt() -> None:
        document = read_automation(uid, automation_id, documents=documents)
        [user] = documents.get(user_path(uid))
        count = _counted(uid, user, documents)
        documents.commit(Delete(document.path, if_version=document.version), _with_count(uid, user, max(0, count - 1)))

    read_modify_write(attempt)


def _counted(uid: str, user: Document | None, documents: Documents) -> int:
    counted = user.fields.get("automationCount") if user is not None else None
    return counted if counted is not None else len(documents.query(Query(automations_path(uid), limit=MAX_AUTOMATIONS)))


def _with_count(uid: str, user: Document | None, count: int) -> Write:
    """Loses to whoever changes the user at the same time."""
    if user is None:
        return Create(user_path(uid), {"automationCount": count})
    return Update(user.path, {"automationCount": count}, if_version=user.version)
