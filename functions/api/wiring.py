"""The API's real ports and the app on top of them, built once, on the first request."""

from functools import cache

from flask import Flask

from functions.api.app import create_app
from functions.api.ports import ApiSettings, Ports
from shared.accounts.oauth import ConnectPorts
from shared.core.encryption import Cipher
from shared.core.settings import read_settings
from shared.gcp import firestore
from shared.gcp.cloud_tasks import CloudTasksQueue
from shared.gcp.firebase_auth import FirebaseAuth
from shared.http.client import RequestsHttp
from shared.platforms.registry import connectors

SETTINGS = read_settings(ApiSettings)


@cache
def ports() -> Ports:
    documents = firestore.connect(SETTINGS.project_id)
    clock = documents.clock
    return Ports(
        documents=documents,
        tasks=CloudTasksQueue(SETTINGS),
        id_tokens=FirebaseAuth(SETTINGS.project_id),
        clock=clock,
        settings=SETTINGS,
        connecting=ConnectPorts(documents, Cipher(SETTINGS.token_keys), RequestsHttp(), clock, connectors(SETTINGS)),
    )


@cache
def app() -> Flask:
    return create_app(ports())
