"""/v1/integrations: a user's accounts on the platforms, connected by OAuth from the web app.

POST   …/{platform}/connect                  the address to send the person to                              ID token
GET    …/{platform}/callback                 where the platform sends the person back to: on to the page, nothing is stored
POST   …/{platform}/complete                 what that page got, posted by the person signed in to it       ID token
GET    /v1/integrations                      the accounts, their health and expiry, never a token           key or ID token
POST   …/{platform}/accounts/{id}/check      ask the platform how the account is, now                       key or ID token
DELETE …/{platform}/accounts/{accountId}     forgotten here, and revoked there where that can be done       ID token
"""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from flask import Blueprint, request
from pydantic import BaseModel, Field

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.validation import Nothing, RequestBody
from shared.accounts.account import AccountKey, account_key, list_accounts
from shared.accounts.disconnect import disconnect
from shared.accounts.health import Health, check_account, condition_of, own_account, renews
from shared.accounts.oauth import begin, complete
from shared.core.clock import iso8601
from shared.core.errors import ConnectionRefused, Detail, NotFound, PlatformUnavailable, ValidationFailed
from shared.platforms.connector import Connected
from shared.posts.made_by import last_success_at
from shared.users.user import AccountStatus

# Far longer than any platform's.
MAX_CODE_LENGTH = 4096


class Completion(RequestBody):
    code: Annotated[str, Field(min_length=1, max_length=MAX_CODE_LENGTH)]
    state: Annotated[str, Field(min_length=1, max_length=256)]


class Authorization(BaseModel):
    authorizationUrl: str


class ConnectedAccount(BaseModel):
    platform: str
    accountId: str
    displayName: str | None
    username: str | None
    status: AccountStatus
    tokenExpiresAt: str | None


class NewAccount(ConnectedAccount):
    """`notes`: what its person is to know."""

    notes: list[str]


class ConnectedAccounts(BaseModel):
    accounts: list[NewAccount]


class ListedAccount(ConnectedAccount):
    """`scopes` are those that the platform says were granted, `missingScopes` the needed ones among them that were not; `renews`:
    whether the tokens are renewed without their person; `todo` is "" where there is nothing to do."""

    health: Health
    todo: str
    scopes: list[str]
    neededScopes: list[str]
    missingScopes: list[str]
    renews: bool
    connectedAt: str | None
    checkedAt: str | None
    lastSuccessAt: str | None


class ListedAccounts(BaseModel):
    accounts: list[ListedAccount]


class Disconnected(BaseModel):
    """`revoked`: whether the platform ended the tokens as well."""

    disconnected: Literal[True]
    revoked: bool


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("integrations", __name__)

    @blueprint.post("/v1/integrations/<platform>/connect")
    @endpoint(ports, credential="id_token", takes=Nothing, body_is_optional=True, gives={200: Authorization}, errors=(NotFound,))
    def connect(call: Call, platform: str) -> Reply:
        url = begin(call.user.uid, platform, ports.settings.callback_url(platform), ports.connecting)
        return Reply(200, {"authorizationUrl": url})

    @blueprint.get("/v1/integrations/<platform>/callback")
    @endpoint(ports, credential="anybody", gives={302: None}, errors=(NotFound, ValidationFailed))
    def callback(call: Call, platform: str) -> Reply:
        """What the platform says is passed on unchecked: `complete` checks it."""
        ports.connecting.connector(platform)
        page = ports.settings.connect_page
        if page is None:
            message = "SOKU_CONNECT_PAGE is not set: the operator of this Soku has to name the page that completes a connection."
            raise ValidationFailed(message, details=[Detail("settings.SOKU_CONNECT_PAGE", message, "custom")])
        given = {name: request.args[name] for name in ("code", "state", "error", "error_description") if name in request.args}
        separator = "&" if "?" in page else "?"
        return Reply(302, {}, {"Location": f"{page}{separator}{urlencode({'platform': platform, **given})}"})

    @blueprint.post("/v1/integrations/<platform>/complete")
    @endpoint(
        ports,
        credential="id_token",
        takes=Completion,
        gives={200: ConnectedAccounts},
        errors=(NotFound, ConnectionRefused),
    )
    def completed(call: Call, platform: str) -> Reply:
        given: Completion = call.given
        redirect_uri = ports.settings.callback_url(platform)
        connected = complete(
            call.user.uid, platform, given.code, given.state, redirect_uri, ports.connecting, told=call.user.webhook_types
        )
        return Reply(200, {"accounts": [_connected(platform, one) for one in connected]})

    @blueprint.get("/v1/integrations")
    @endpoint(ports, credential="key_or_person", gives={200: ListedAccounts}, scope="posts:read")
    def index(call: Call) -> Reply:
        accounts = list_accounts(call.user.uid, documents=ports.documents)
        return Reply(200, {"accounts": ports.together(*(partial(_shown, account, ports) for account in accounts))})

    @blueprint.post("/v1/integrations/<platform>/accounts/<account_id>/check")
    @endpoint(
        ports,
        credential="key_or_person",
        takes=Nothing,
        body_is_optional=True,
        gives={200: ListedAccount},
        errors=(NotFound, PlatformUnavailable),
        scope="manage",
    )
    def check(call: Call, platform: str, account_id: str) -> Reply:
        key = account_key(call.user.uid, platform, account_id)
        own_account(key, ports.documents)
        check_account(key, ports.tokens)
        return Reply(200, _shown(own_account(key, ports.documents).fields, ports))

    @blueprint.delete("/v1/integrations/<platform>/accounts/<account_id>")
    @endpoint(ports, credential="id_token", gives={200: Disconnected}, errors=(NotFound,))
    def delete(call: Call, platform: str, account_id: str) -> Reply:
        revoked = disconnect(call.user.uid, platform, account_id, ports.connecting)
        return Reply(200, {"disconnected": True, "revoked": revoked})

    return blueprint


def _connected(platform: str, one: Connected) -> dict[str, Any]:
    expires = one.credentials.expires_at
    return {
        "platform": platform,
        "accountId": one.account_id,
        "displayName": one.display_name,
        "username": one.credentials.username,
        "status": "connected",
        "tokenExpiresAt": iso8601(expires) if expires else None,
        "notes": list(one.notes),
    }


def _shown(account: Mapping[str, Any], ports: Ports) -> dict[str, Any]:
    names = ("platform", "accountId", "displayName", "username", "status")
    connector = ports.connecting.connectors.get(account["platform"])
    condition = condition_of(account, connector, ports.clock.now())
    key = AccountKey(account["uid"], account["platform"], account["accountId"])
    moments = {
        **{name: account.get(name) for name in ("connectedAt", "tokenExpiresAt", "checkedAt")},
        "lastSuccessAt": last_success_at(key, ports.documents),
    }
    return {
        **{name: account.get(name) for name in names},
        "health": condition.health,
        "todo": condition.todo,
        "scopes": account.get("scopes") or [],
        "neededScopes": list(condition.needed),
        "missingScopes": list(condition.missing),
        "renews": renews(account, connector),
        **{name: iso8601(at) if at else None for name, at in moments.items()},
    }
