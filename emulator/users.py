"""Makes a user on a running stack as a person would become one: sign up, subscribe, connect accounts, create an API key."""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from emulator.environment import TOKEN_KEYS, emulator_variables
from emulator.ports import PROJECT_ID, Ports, url
from emulator.process import Failed
from emulator.sandbox.accounts import SandboxAccount
from emulator.sandbox.platforms import SANDBOXES
from shared.accounts.connect import connect_account
from shared.core.clock import SystemClock
from shared.core.encryption import Cipher
from shared.core.ids import random_base62
from shared.core.settings import TokenKeys
from shared.documents.document import Documents, Merge
from shared.gcp import firestore
from shared.platforms.credentials import Credentials
from shared.users.user import user_path

# The Auth emulator knows no secrets.
PASSWORD = "local-password"
PERIOD = timedelta(days=365)


@dataclass(frozen=True)
class NewUser:
    uid: str | None = None
    subscription: str = "active"
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
    """`{uid, apiKey, idToken}`. Adding a uid again changes the user and gives another key. Raises Failed."""
    try:
        uid, email, id_token = _sign_up(wanted.uid, ports)
        documents.commit(Merge(user_path(uid), _user_fields(wanted, email)))
        if wanted.credits is not None:
            documents.commit(Merge(f"{user_path(uid)}/credits/current", {"uid": uid, "balance": wanted.credits}))
        for platform, account_id in wanted.connect:
            connect_sandbox_account(uid, platform, account_id, documents)
        return {"uid": uid, "apiKey": _create_key(id_token, ports), "idToken": id_token}
    except requests.ConnectionError:
        raise Failed("The stack does not answer: start it with `make up`, or give its --port-offset.") from None


def connect_sandbox_account(uid: str, platform: str, account_id: str, documents: Documents) -> None:
    if platform not in SANDBOXES:
        raise Failed(f"There is no sandbox for {platform!r}: choose from {', '.join(SANDBOXES)}.")
    account = SandboxAccount(platform, account_id)
    credentials, cipher = credentials_of(account), local_cipher()
    connect_account(uid, platform, account_id, credentials, cipher=cipher, documents=documents, clock=SystemClock())


def local_cipher() -> Cipher:
    """With the keys that every local stack has."""
    return Cipher(TokenKeys.model_validate({"GOOGLE_CLOUD_PROJECT": PROJECT_ID, "SOKU_TOKEN_KEYS": TOKEN_KEYS}).token_keys)


def credentials_of(account: SandboxAccount) -> Credentials:
    """Tokens that work for ever; the refresh token is for when a fault says that they do not."""
    refresh_token = account.refresh_token if SANDBOXES[account.platform].dialect.refreshable else None
    return Credentials(account.access_token, account.user_id, account.username, refresh_token)


def _user_fields(wanted: NewUser, email: str) -> dict[str, Any]:
    ends = datetime.now(UTC) + (PERIOD if wanted.subscription != "expired" else -timedelta(days=1))
    status = "active" if wanted.subscription == "expired" else wanted.subscription
    subscription = None if wanted.subscription == "none" else {"status": status, "currentPeriodEnd": ends}
    return {"email": email, "admin": wanted.admin, "subscription": subscription}


def _sign_up(uid: str | None, ports: Ports) -> tuple[str, str, str]:
    """uid, address and ID token; the account is made if it does not exist."""
    base = f"{url(ports.auth)}/identitytoolkit.googleapis.com/v1"
    email = f"{(uid or 'user-' + random_base62(8)).lower()}@example.com"
    credentials = {"email": email, "password": PASSWORD, "returnSecureToken": True}
    if uid is not None:
        made = {**credentials, "localId": uid, "emailVerified": True}
        owner = {"Authorization": "Bearer owner"}
        requests.post(f"{base}/projects/{PROJECT_ID}/accounts", json=made, headers=owner, timeout=10)
        answer = requests.post(f"{base}/accounts:signInWithPassword?key=local", json=credentials, timeout=10)
    else:
        answer = requests.post(f"{base}/accounts:signUp?key=local", json=credentials, timeout=10)
    if answer.status_code != 200:
        raise Failed(f"The Auth emulator refused the user: {answer.text[:300]}")
    signed_in = answer.json()
    return signed_in["localId"], email, signed_in["idToken"]


def _create_key(id_token: str, ports: Ports) -> str:
    headers = {"Authorization": f"Bearer {id_token}"}
    answer = requests.post(f"{url(ports.api)}/v1/api-keys", json={"name": "local"}, headers=headers, timeout=30)
    if answer.status_code != 201:
        raise Failed(f"The API refused to create a key: {answer.status_code} {answer.text[:300]}")
    return answer.json()["apiKey"]
