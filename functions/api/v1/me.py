"""GET /v1/me: who is asking, with which key, and what is left to them."""

from typing import Literal

from flask import Blueprint
from pydantic import BaseModel

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from shared.api_keys.key import Scope
from shared.core.clock import iso8601
from shared.credits.credits import balance
from shared.rate_limits.tiers import ADMIN, AUTHENTICATED, PREMIUM

_TIERS = {tier.name: tier for tier in (AUTHENTICATED, PREMIUM, ADMIN)}


class Subscription(BaseModel):
    status: str | None
    currentPeriodEnd: str | None


class Limits(BaseModel):
    """Of a minute, and of storage."""

    requests: int
    burst: int
    storageBytes: int
    storageQuotaBytes: int


class Me(BaseModel):
    """`apiKeyId` and `scopes` are null for somebody signed in, and `scopes` for a key that may do everything."""

    uid: str
    apiKeyId: str | None
    scopes: list[Scope] | None
    tier: Literal["authenticated", "premium", "admin"]
    subscription: Subscription
    credits: int
    limits: Limits


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("me", __name__)

    @blueprint.get("/v1/me")
    @endpoint(ports, credential="either", gives={200: Me})
    def show(call: Call) -> Reply:
        user, key, tier = call.user, call.api_key, _TIERS[call.tier]
        ends = user.current_period_end
        body = {
            "uid": user.uid,
            "apiKeyId": call.api_key_id,
            "scopes": list(key.scopes) if key is not None and key.scopes is not None else None,
            "tier": tier.name,
            "subscription": {"status": user.subscription_status, "currentPeriodEnd": iso8601(ends) if ends else None},
            "credits": balance(user.uid, ports.documents),
            "limits": {
                "requests": tier.limit,
                "burst": tier.burst,
                "storageBytes": user.storage_bytes,
                "storageQuotaBytes": ports.settings.storage_quota_bytes,
            },
        }
        return Reply(200, body)

    return blueprint
