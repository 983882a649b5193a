"""The API's real ports and the app on top of them, built once, on the first request."""

import time
from functools import cache
from typing import TYPE_CHECKING

from flask import Flask

from functions.api.app import create_app
from functions.api.ports import ApiSettings, Ports
from functions.api.request.limits import Limiter
from shared.accounts.oauth import ConnectPorts
from shared.core.encryption import Cipher
from shared.core.once import once
from shared.core.settings import read_settings
from shared.core.together import together
from shared.documents.document import Documents
from shared.gcp import firestore
from shared.gcp.cloud_tasks import CloudTasksQueue
from shared.gcp.firebase_auth import FirebaseAuth
from shared.http.client import RequestsHttp
from shared.platforms.registry import connectors, publishers

if TYPE_CHECKING:
    from shared.gcp.cloud_storage import CloudStorage

SETTINGS = read_settings(ApiSettings)


@once
def ports() -> Ports:
    documents = firestore.connect(SETTINGS.project_id)
    clock, tasks, apps = documents.clock, CloudTasksQueue(SETTINGS), connectors(SETTINGS)
    return Ports(
        documents=documents,
        tasks=tasks,
        id_tokens=FirebaseAuth(SETTINGS.project_id),
        clock=clock,
        settings=SETTINGS,
        connecting=ConnectPorts(documents, Cipher(SETTINGS.token_keys), RequestsHttp(), clock, apps),
        platforms=publishers(SETTINGS),
        limiter=Limiter.of(SETTINGS, documents, clock),
        together=together,
        sleep=time.sleep,
        open_session=_open_session,
        checks={"database": lambda: _check_database(documents), "queue": tasks.check, "storage": _check_storage},
    )


def _check_database(documents: Documents) -> None:
    documents.get("ready/probe")


def _check_storage() -> None:
    _bucket(SETTINGS.bucket).check()


def _open_session(path: str, content_type: str, size_bytes: int, origin: str | None) -> str:
    return _bucket(SETTINGS.uploads_bucket).open_session(path, content_type, size_bytes, origin)


@cache
def _bucket(name: str) -> "CloudStorage":
    # Imported here: few requests need it.
    from shared.gcp.cloud_storage import CloudStorage

    return CloudStorage(SETTINGS, name)


@once
def app() -> Flask:
    return create_app(ports())
