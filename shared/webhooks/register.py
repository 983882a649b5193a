"""A user's endpoints come, change and go; with each, in the same commit, what the user's documents say of the wanted events.

The user's document is written with the version that was read before the endpoints were: of two changes at one time the later one
sees the earlier.
"""

import base64
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shared.core.clock import Clock
from shared.core.encryption import Cipher
from shared.core.errors import NotFound
from shared.core.ids import random_base62
from shared.documents.change import read_modify_write
from shared.documents.document import REMOVE, Create, Delete, Document, Documents, Update, Write
from shared.events.event import EVENT_TYPES, EventType
from shared.users.user import user_path
from shared.webhooks.endpoint import BOTH_SIGN, MAX_ENDPOINTS, Endpoint, endpoint_path, endpoints_of
from shared.webhooks.errors import WebhookLimitReached

# As Standard Webhooks recommends: of 24 to 64 bytes.
SECRET_BYTES = 32


@dataclass(frozen=True)
class RegisterPorts:
    documents: Documents
    cipher: Cipher
    clock: Clock


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def register(uid: str, fields: Mapping[str, Any], ports: RegisterPorts) -> tuple[str, str]:
    """Its id and its secret, which is not shown again. Raises WebhookLimitReached."""
    endpoint_id, secret = f"wh_{random_base62(22)}", new_secret()
    path = endpoint_path(endpoint_id)

    def change(endpoints: list[Endpoint]) -> tuple[Write, list[Endpoint]]:
        if len(endpoints) >= MAX_ENDPOINTS:
            raise WebhookLimitReached(facts={"limit": MAX_ENDPOINTS})
        now = ports.clock.now()
        made = {
            **fields,
            "uid": uid,
            "enabled": True,
            **_sealed(secret, path, ports),
            "createdAt": now,
            "updatedAt": now,
        }
        return Create(path, made), [*endpoints, Endpoint.from_document(Document(path, made, now))]

    _changed(uid, change, ports)
    return endpoint_id, secret


def change_endpoint(uid: str, endpoint_id: str, changes: Mapping[str, Any], ports: RegisterPorts) -> None:
    """One that is enabled again begins anew. Raises NotFound."""

    def change(endpoints: list[Endpoint]) -> tuple[Write, list[Endpoint]]:
        before = _named(endpoints, endpoint_id)
        fields = {**changes, "updatedAt": ports.clock.now()}
        if changes.get("enabled") is False:
            fields["disabledReason"] = "Disabled by its owner."
        if changes.get("enabled") is True or "url" in changes:
            fields |= dict.fromkeys(("disabledReason", "failingSince", "failures", "waitsUntil", "lastFailure"), REMOVE)
        if "url" in changes and "enabled" not in changes and not before.is_enabled:
            fields.pop("disabledReason")
        events, enabled = tuple(changes.get("events", before.events)), changes.get("enabled", before.is_enabled)
        after = replace(before, events=events, is_enabled=enabled)
        return Update(before.path, fields, if_version=before.version), _replaced(endpoints, after)

    _changed(uid, change, ports)


def rotate_secret(uid: str, endpoint_id: str, ports: RegisterPorts) -> str:
    """The new secret; the one before signs beside it for a day. Raises NotFound."""
    secret = new_secret()

    def change(endpoints: list[Endpoint]) -> tuple[Write, list[Endpoint]]:
        before, now = _named(endpoints, endpoint_id), ports.clock.now()
        kept = {"secretBefore": dict(before.sealed_secret), "secretBeforeUntil": now + BOTH_SIGN}
        return Update(
            before.path, {**_sealed(secret, before.path, ports), **kept, "updatedAt": now}, if_version=before.version
        ), endpoints

    _changed(uid, change, ports)
    return secret


def delete_endpoint(uid: str, endpoint_id: str, ports: RegisterPorts) -> None:
    """Raises NotFound."""

    def change(endpoints: list[Endpoint]) -> tuple[Write, list[Endpoint]]:
        before = _named(endpoints, endpoint_id)
        return Delete(before.path, if_version=before.version), [one for one in endpoints if one.id != endpoint_id]

    _changed(uid, change, ports)


def summary(user: Document, endpoints: Sequence[Endpoint]) -> Update:
    """What the user's document says, were these all there are."""
    return Update(user.path, {"webhookTypes": wanted_types(endpoints) or REMOVE}, if_version=user.version)


def wanted_types(endpoints: Sequence[Endpoint]) -> list[EventType]:
    return [kind for kind in EVENT_TYPES if any(endpoint.wants(kind) for endpoint in endpoints)]


def _sealed(secret: str, path: str, ports: RegisterPorts) -> dict[str, Any]:
    """`keyId` says which key it is encrypted with, so that it can be found when that is retired."""
    sealed = ports.cipher.seal({"secret": secret}, path=path)
    return {"secret": sealed, "keyId": sealed["keyId"]}


def _replaced(endpoints: list[Endpoint], after: Endpoint) -> list[Endpoint]:
    return [after if one.id == after.id else one for one in endpoints]


def _changed(uid: str, change: Callable[[list[Endpoint]], tuple[Write, list[Endpoint]]], ports: RegisterPorts) -> None:
    def attempt() -> None:
        [user] = ports.documents.get(user_path(uid))
        if user is None:
            raise NotFound("There is no such user")
        write, endpoints = change(endpoints_of(uid, ports.documents))
        ports.documents.commit(write, summary(user, endpoints))

    read_modify_write(attempt)


def _named(endpoints: Sequence[Endpoint], endpoint_id: str) -> Endpoint:
    found = next((one for one in endpoints if one.id == endpoint_id), None)
    if found is None:
        raise NotFound("There is no webhook with this id")
    return found
