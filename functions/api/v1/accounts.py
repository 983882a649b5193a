"""GET /v1/accounts/{platform}/{accountId}/capabilities: what it may do, by the rules and by what its platform says."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint
from pydantic import BaseModel

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.v1.platforms import ShownPlatform
from shared.accounts.account import account_key
from shared.accounts.health import LIVE, Health, check_account, condition_of, own_account
from shared.core.clock import iso8601
from shared.core.errors import NotFound, PlatformUnavailable
from shared.documents.document import Document
from shared.platforms.shown import shown_platform
from shared.users.user import User, user_path

# What was asked so lately is not asked again.
KEPT = timedelta(minutes=1)


class Quota(BaseModel):
    """Of the posts that the account may publish by API in 24 hours."""

    used: int
    total: int


class Capabilities(BaseModel):
    """`platform` as at GET /v1/platforms/{platform}, for this account. `facts` is what its platform says of it (TikTok: who may see
    its posts, what it has closed), `askedAt` when; `note` why it was not asked now, where it should have been."""

    accountId: str
    health: Health
    todo: str
    platform: ShownPlatform
    facts: dict[str, Any]
    quota: Quota | None
    askedAt: str | None
    note: str | None


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("accounts", __name__)

    @blueprint.get("/v1/accounts/<platform>/<account_id>/capabilities")
    @endpoint(ports, credential="either", gives={200: Capabilities}, errors=(NotFound,), scope="posts:read")
    def show(call: Call, platform: str, account_id: str) -> Reply:
        key = account_key(call.user.uid, platform, account_id)
        account, user = own_account(key, ports.documents), call.user
        if key.platform in LIVE and not _is_fresh(account, ports.clock.now()):
            with suppress(PlatformUnavailable):
                check_account(key, ports.tokens)
            found, owner = ports.documents.get(key.path, user_path(key.uid))
            account, user = found or account, User.from_document(key.uid, owner)
        facts = user.account_facts.get(key.platform, {}).get(account_id, {})
        return Reply(200, _shown(account, facts, ports))

    return blueprint


def _is_fresh(account: Document, now: datetime) -> bool:
    """Asked a moment ago, whatever came of it; or connected, which says the same."""
    asked = account.fields.get("askedAt") or account.fields["connectedAt"]
    return now - max(asked, account.fields["connectedAt"]) < KEPT


def _shown(account: Document, facts: Mapping[str, Any], ports: Ports) -> dict[str, Any]:
    platform, at = account.fields["platform"], facts.get("at")
    condition = condition_of(account.fields, ports.connecting.connectors.get(platform), ports.clock.now())
    quota = {"used": facts["quotaUsed"], "total": facts["quotaTotal"]} if "quotaUsed" in facts else None
    return {
        "accountId": account.fields["accountId"],
        "health": condition.health,
        "todo": condition.todo,
        "platform": {**shown_platform(platform, facts), "switchedOn": platform in ports.connecting.connectors},
        "facts": {name: value for name, value in facts.items() if name not in ("at", "quotaUsed", "quotaTotal")},
        "quota": quota,
        "askedAt": iso8601(at) if at is not None else None,
        "note": account.fields.get("silence"),
    }
