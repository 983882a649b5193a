"""What makes a function talk to the local stack instead of Google and the platforms: environment variables, nothing else."""

import base64
import hashlib
import json
from collections.abc import Mapping

from emulator import connect_page
from emulator.ports import BUCKET, HOST, PROJECT_ID, UPLOADS_BUCKET, Ports, url
from emulator.sandbox import openai, replicate, solana, youtube_data
from emulator.sandbox.oauth import CLIENT_SECRET, client_id_of
from emulator.sandbox.platforms import SANDBOXES
from emulator.sandbox.webhooks import RECEIVER
from functions.targets import TARGETS

INVOKER = f"invoker@{PROJECT_ID}.iam.gserviceaccount.com"
# Encrypts the sandbox accounts' tokens. No secret: everybody's laptop has the same, so that --data survives restarts.
TOKEN_KEYS = "local:" + base64.b64encode(hashlib.sha256(b"soku local stack").digest()).decode()
WEB_APP_ORIGINS = "http://localhost:3000,http://localhost:5173,http://127.0.0.1:5173"


def sandbox_apps() -> dict[str, dict[str, object]]:
    """A developer app at each platform."""
    apps: dict[str, dict[str, object]] = {}
    for platform, sandbox in SANDBOXES.items():
        scopes = {"scopes": list(sandbox.app_scopes)} if sandbox.app_scopes else {}
        apps[platform] = {"clientId": client_id_of(platform), "clientSecret": CLIENT_SECRET, **scopes}
    return apps


def emulator_variables(ports: Ports, firestore_host: str | None = None) -> dict[str, str]:
    """What Google's own clients look at."""
    return {
        "GOOGLE_CLOUD_PROJECT": PROJECT_ID,
        "FIRESTORE_EMULATOR_HOST": firestore_host or f"{HOST}:{ports.firestore}",
        "FIREBASE_AUTH_EMULATOR_HOST": f"{HOST}:{ports.auth}",
        "STORAGE_EMULATOR_HOST": url(ports.storage),
    }


def function_variables(
    ports: Ports, firestore_host: str | None = None, *, rewrites: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Everything a function needs to start; `rewrites` lead from addresses to servers on this machine, the longest first."""
    sandbox = url(ports.sandbox)
    # Webhooks may be tried out on the receiver, as well.
    led = {"https://example.com/": f"{sandbox}/_media/", f"{sandbox}{RECEIVER}": f"{sandbox}{RECEIVER}"}
    # And what engines make is fetched like any other file.
    led |= {f"https://{replicate.FILES_HOST}/": f"{sandbox}/{replicate.FILES_HOST}/", **(rewrites or {})}
    return {
        **emulator_variables(ports, firestore_host),
        "SOKU_VERSION": "local",
        "SOKU_CLOUD_TASKS_URL": url(ports.tasks),
        "SOKU_OIDC_CERTS_URL": f"{url(ports.tasks)}/_certificates",
        "SOKU_INVOKER": INVOKER,
        "SOKU_FUNCTION_URLS": ",".join(f"{target.name}={url(ports.function(target.name))}" for target in TARGETS),
        "SOKU_CORS_ORIGINS": f"{WEB_APP_ORIGINS},{sandbox}",
        "SOKU_TOKEN_KEYS": TOKEN_KEYS,
        "SOKU_MEDIA_BUCKET": BUCKET,
        "SOKU_UPLOADS_BUCKET": UPLOADS_BUCKET,
        "SOKU_MEDIA_URL": f"{url(ports.storage)}/{BUCKET}",
        "SOKU_FETCH_REWRITES": ",".join(f"{prefix}={led[prefix]}" for prefix in sorted(led, key=len, reverse=True)),
        "SOKU_SANDBOX_URL": sandbox,
        "SOKU_OPENAI_URL": f"{sandbox}/{openai.HOST}/v1",
        "SOKU_OPENAI_KEY": openai.KEY,
        "SOKU_YOUTUBE_URL": f"{sandbox}/{youtube_data.HOSTS[0]}",
        "SOKU_YOUTUBE_KEY": youtube_data.KEY,
        "SOKU_REPLICATE_URL": f"{sandbox}/{replicate.HOSTS[0]}",
        "SOKU_REPLICATE_KEY": replicate.KEY,
        "SOKU_SOLANA_URL": f"{sandbox}/{solana.HOSTS[0]}/rpc",
        "SOKU_FFMPEG": openai.ffmpeg(),
        "SOKU_APPS": json.dumps(sandbox_apps()),
        "SOKU_API_URL": f"{url(ports.api)}/api",
        "SOKU_CONNECT_PAGE": f"{sandbox}{connect_page.PATH}",
    }
