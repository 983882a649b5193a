"""Makes a user on a running stack as a person would become one: sign up, subscribe, connect accounts, create an API key."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from emulator.environment import TOKEN_KEYS, emulator_variables
from emulator.ports import PROJECT_ID, Ports, url
from emulator.process import Failed
from emulator.sandbox.accounts import SandboxAccount
from emulator.sandbox.platforms import SANDBOXES
from emulator.sandbox.tiktok import PRIVACY
from emulator.sandbox.x import has_premium
from shared.accounts.connect import connect_account
from shared.core.clock import SystemClock
from shared.core.encryption import Cipher
from shared.core.ids import random_base62
from shared.core.settings import TokenKeys
from shared.credits.credits import grant
from shared.documents.document import Document, Documents, Merge
from shared.gcp import firestore
from shared.platforms.credentials import Credentials
from shared.users.user import user_path

# The Auth emulator knows no secrets.
PASSWORD = "local-password"
PERIOD = timedelta(days=365)


@dataclass(frozen=True)
class NewUser:
    """What is not named stays as it is; a new user's subscription is active."""

    uid: str | None = None
    subscription: str | None = None
    # Granted, on top of what there is.
    credits: int | None = None
    admin: bool = False
    # (platform, account id)
    connect: tuple[tuple[str, str], ...] = field(default_factory=tuple)


# As the specification's examples call them; the others are {platform}_demo.
_DEMO_ACCOUNTS = {"instagram": "ig_creator_main", "facebook": "fb_page_main", "tiktok": "tt_creator", "youtube": "yt_channel"}
DEMO_USER = NewUser(
    uid="demo",
    credits=100,
    connect=tuple((platform, _DEMO_ACCOUNTS.get(platform, f"{platform}_demo")) for platform in SANDBOXES),
)


def connect_documents(ports: Ports, firestore_host: str | None = None) -> Documents:
    """The running stack's database: Google's client looks at the environment."""
    os.environ.update(emulator_variables(ports, firestore_host))
    return firestore.connect(PROJECT_ID)


def add_user(wanted: NewUser, ports: Ports, documents: Documents) -> dict[str, str]:
    """`{uid, apiKey, idToken, email}`. Adding a uid again changes what is named, and gives another key. Raises Failed."""
    try:
        uid, email, id_token = _sign_in(wanted.uid, ports)
        [known] = documents.get(user_path(uid))
        documents.commit(Merge(user_path(uid), _user_fields(wanted, email, known)))
        if wanted.credits is not None:
            # The demo's are granted once, however often its stack is started.
            operation = "local-demo" if wanted is DEMO_USER else f"local-{random_base62(12)}"
            grant(uid, wanted.credits, operation, documents=documents, clock=SystemClock())
        for platform, account_id in wanted.connect:
            connect_sandbox_account(uid, platform, account_id, documents)
        return {"uid": uid, "apiKey": _create_key(id_token, ports), "idToken": id_token, "email": email}
    except requests.ConnectionError:
        raise Failed("The stack does not answer: start it with `make up`, or give its --port-offset.") from None


def connect_sandbox_account(uid: str, platform: str, account_id: str, documents: Documents) -> None:
    if platform not in SANDBOXES:
        raise Failed(f"There is no sandbox for {platform!r}: choose from {', '.join(SANDBOXES)}.")
    account = SandboxAccount(platform, account_id)
    credentials, cipher = credentials_of(account), local_cipher()
    facts = facts_of(account)
    connect_account(uid, platform, account_id, credentials, facts=facts, cipher=cipher, documents=documents, clock=SystemClock())


def facts_of(account: SandboxAccount) -> Mapping[str, Any]:
    """What its platform would say of it."""
    match account.platform:
        case "x":
            return {"premium": has_premium(account)}
        case "tiktok":
            return {"nickname": account.username, "privacyLevels": list(PRIVACY)}
        case _:
            return {}


def local_cipher() -> Cipher:
    """With the keys that every local stack has."""
    return Cipher(TokenKeys.model_validate({"GOOGLE_CLOUD_PROJECT": PROJECT_ID, "SOKU_TOKEN_KEYS": TOKEN_KEYS}).token_keys)


def credentials_of(account: SandboxAccount) -> Credentials:
    """Tokens that work for ever; the refresh token is for when a fault says that they do not."""
    refresh_token = account.refresh_token if SANDBOXES[account.platform].dialect.refreshable else None
    return Credentials(account.access_token, account.user_id, account.username, refresh_token)


def _user_fields(wanted: NewUser, email: str, known: Document | None) -> dict[str, Any]:
    fields: dict[str, Any] = {"email": email} if email else {}
    if wanted.admin or known is None:
        fields["admin"] = wanted.admin
    named = wanted.subscription or ("active" if known is None or "subscription" not in known.fields else None)
    if named is not None:
        ends = datetime.now(UTC) + (PERIOD if named != "expired" else -timedelta(days=1))
        status = "active" if named == "expired" else named
        fields["subscription"] = None if named == "none" else {"status": status, "currentPeriodEnd": ends}
    return fields


def _sign_in(uid: str | None, ports: Ports) -> tuple[str, str, str]:
    """uid, address and ID token; the account is made if it does not exist. Who has signed up by other means keeps all they have."""
    base = f"{url(ports.auth)}/identitytoolkit.googleapis.com/v1"
    if uid is None:
        credentials = {"email": f"user-{random_base62(8).lower()}@example.com", "password": PASSWORD, "returnSecureToken": True}
        signed_in = _asked(f"{base}/accounts:signUp?key=local", credentials)
        return signed_in["localId"], signed_in["email"], signed_in["idToken"]
    owner = {"Authorization": "Bearer owner"}
    account = {"localId": [uid]}
    found = _asked(f"{base}/projects/{PROJECT_ID}/accounts:lookup", account, owner).get("users")
    if not found:
        made = {"localId": uid, "email": f"{uid.lower()}@example.com", "password": PASSWORD, "emailVerified": True}
        try:
            _asked(f"{base}/projects/{PROJECT_ID}/accounts", made, owner)
            found = [made]
        except Failed:
            # The emulator answers before it has read what --data kept: the account may be there by now.
            found = _asked(f"{base}/projects/{PROJECT_ID}/accounts:lookup", account, owner).get("users")
            if not found:
                raise
    # The Auth emulator takes custom tokens that nobody signed.
    custom = {"token": json.dumps({"uid": uid}), "returnSecureToken": True}
    signed_in = _asked(f"{base}/accounts:signInWithCustomToken?key=local", custom)
    return uid, found[0].get("email") or "", signed_in["idToken"]


def _asked(address: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    answer = requests.post(address, json=body, headers=headers, timeout=10)
    if answer.status_code != 200:
        raise Failed(f"The Auth emulator refused the user: {answer.text[:300]}")
    return answer.json()


def _create_key(id_token: str, ports: Ports) -> str:
    headers = {"Authorization": f"Bearer {id_token}"}
    answer = requests.post(f"{url(ports.api)}/v1/api-keys", json={"name": "local"}, headers=headers, timeout=30)
    if answer.status_code != 201:
        raise Failed(f"The API refused to create a key: {answer.status_code} {answer.text[:300]}")
    return answer.json()["apiKey"]
