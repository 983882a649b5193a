"""What the description says of each route beyond its declaration: its name in an SDK, a sentence, how it behaves when repeated, an
example. Read by document.py alone; a test holds it to the routes that there are."""

from collections.abc import Mapping

from functions.api.openapi.examples import (
    ACCOUNT,
    AUTOMATION,
    CREDITS,
    DRAWING,
    FILE,
    IMAGE,
    KEY_ID,
    LISTED_ACCOUNT,
    SHOWN_AUTOMATION,
    TEMPLATES,
)  # fmt: skip
from functions.api.openapi.operation import Operation
from functions.api.openapi.operations_dialects import DIALECTS
from functions.api.openapi.operations_jobs import JOBS
from functions.api.openapi.operations_posts import POSTS
from functions.api.openapi.operations_webhooks import WEBHOOKS

# By Flask's name of the route.
OPERATIONS: Mapping[str, Operation] = {
    **POSTS,
    **JOBS,
    **WEBHOOKS,
    **DIALECTS,
    "automations.create": Operation(
        "createAutomation",
        "Make a new post of every one that is published on a source",
        "own_key",
        asked=AUTOMATION,
        answered=SHOWN_AUTOMATION,
    ),
    "automations.index": Operation(
        "listAutomations", "All automations, oldest first", "safe", answered={"automations": [SHOWN_AUTOMATION]}
    ),
    "automations.show": Operation("getAutomation", "One automation", "safe", answered=SHOWN_AUTOMATION),
    "automations.change": Operation(
        "updateAutomation",
        "Change an automation; each member that is named is replaced whole",
        "state",
        asked={"enabled": False},
        answered={**SHOWN_AUTOMATION, "enabled": False},
    ),
    "automations.delete": Operation(
        "deleteAutomation", "Delete an automation; the posts that it has made stay", "no", answered={"deleted": True}
    ),
    "media.create": Operation(
        "createMedia",
        "Store a file from its address",
        "key",
        waits=True,
        asked={"url": "https://example.com/video.mp4"},
        answered={"url": FILE["url"], "id": FILE["id"]},
    ),
    "media_uploads.create": Operation(
        "createUpload",
        "Begin a direct upload: an address that takes the file",
        "own_key",
        asked={"contentType": "video/mp4", "sizeBytes": 394725, "sha256": FILE["sha256"]},
        answered={
            "id": "upload_4tE0qaYy1J9WcVYlYzfpVt",
            "uploadUrl": "https://storage.googleapis.com/upload/storage/v1/b/uploads/o?uploadType=resumable&upload_id=AHmsT4",
            "expiresAt": "2026-11-28T12:00:00.000Z",
        },
    ),
    "media_uploads.complete": Operation(
        "completeUpload",
        "Judge what a direct upload has brought, and keep it",
        "state",
        waits=True,
        answered={"url": FILE["url"], "id": FILE["id"]},
    ),
    "media.index": Operation("listMedia", "All stored files, newest first", "safe", answered={"media": [FILE], "nextCursor": None}),
    "media.show": Operation("getMedia", "One stored file, as measured", "safe", answered=FILE),
    "media.delete": Operation("deleteMedia", "Delete a file that no unfinished post names", "state", answered={"deleted": True}),
    "transcriptions.create": Operation(
        "createTranscript",
        "The words of a stored sound or film",
        "key",
        waits=True,
        credits="1 a minute that has begun",
        asked={"mediaId": "Tnz0L1t3TA1m3JZHe8hAb6", "language": "en"},
        answered={
            "jobId": "job_yZ8xfwkk3oo2JuwTD1xSoU",
            "transcript": "Welcome to my podcast.",
            "creditsDebited": 1,
            "likelyLyrics": False,
        },
    ),
    "templates.create": Operation("renderTemplate", "Draw an image of words", "key", waits=True, asked=DRAWING, answered=IMAGE),
    "templates.create_alias": Operation(
        "renderOgImage", "The same as renderTemplate, at its other address", "key", waits=True, asked=DRAWING, answered=IMAGE
    ),
    "templates.index": Operation(
        "listTemplates",
        "The templates, with the schema of each config",
        "safe",
        answered=TEMPLATES,
    ),
    "templates.preview": Operation("getTemplatePreview", "How a template looks, as PNG", "safe", content_type="image/png"),
    "credits.show": Operation(
        "getCredits",
        "The balance, and every change of it, newest first",
        "safe",
        answered=CREDITS,
    ),
    "me.show": Operation(
        "getMe",
        "Who is asking, and what is left to them",
        "safe",
        answered={
            "uid": "ada",
            "apiKeyId": KEY_ID,
            "scopes": None,
            "tier": "premium",
            "subscription": {"status": "active", "currentPeriodEnd": "2027-01-01T00:00:00.000Z"},
            "credits": 99,
            "limits": {"requests": 100, "burst": 100, "storageBytes": 394725, "storageQuotaBytes": 21474836480},
        },
    ),
    "requests.index": Operation(
        "listRequests",
        "Your own requests of the last thirty days, newest first",
        "safe",
        answered={
            "requests": [
                {
                    "requestId": "2c897b4c-2381-48bc-bc4b-b0150e47a66c",
                    "method": "POST",
                    "path": "/v1/posts",
                    "route": "POST /v1/posts",
                    "status": 201,
                    "durationMs": 48,
                    "apiKeyId": KEY_ID,
                    "errorCode": None,
                    "createdAt": "2026-11-27T12:00:00.000Z",
                }
            ],
            "nextCursor": None,
        },
    ),
    "api_keys.create": Operation(
        "createApiKey",
        "Make an API key, which is shown this once",
        "no",
        asked={"name": "My server"},
        answered={"apiKey": "sk_live_Xa0…"},
    ),
    "api_keys.index": Operation(
        "listApiKeys",
        "Your API keys, newest first",
        "safe",
        answered={
            "keys": [
                {
                    "id": KEY_ID,
                    "name": "My server",
                    "createdAt": "2026-11-27T12:00:00.000Z",
                    "revokedAt": None,
                    "tokenPreview": "sk_live_********c3d4",
                }
            ]
        },
    ),
    "api_keys.revoke": Operation("revokeApiKey", "End a key, at once", "state", answered={"revoked": True}),
    "api_keys.rotate": Operation(
        "rotateApiKey",
        "A new key in the place of one, which works on for the overlap",
        "no",
        asked={"overlapSeconds": 3600},
        answered={"apiKey": "sk_live_Xa0…"},
    ),
    "integrations.connect": Operation(
        "connectAccount",
        "Where to send a person who connects an account",
        "no",
        asked={},
        answered={"authorizationUrl": "https://x.com/i/oauth2/authorize?response_type=code"},
    ),
    "integrations.callback": Operation("returnFromPlatform", "Where platforms send people back to, and on to the web app", "safe"),
    "integrations.completed": Operation(
        "completeConnection",
        "Store the account that a person has consented to",
        "no",
        asked={"code": "the-code", "state": "the-state"},
        answered={"accounts": [{**ACCOUNT, "notes": []}]},
    ),
    "integrations.index": Operation(
        "listAccounts",
        "The connected accounts, and how they are",
        "safe",
        answered={"accounts": [LISTED_ACCOUNT]},
    ),
    "integrations.check": Operation(
        "checkAccount", "Ask the platform how an account is, now", "state", asked={}, answered=LISTED_ACCOUNT
    ),
    "accounts.show": Operation("getCapabilities", "What an account may do", "safe"),
    "integrations.delete": Operation(
        "disconnectAccount", "Forget an account, here and there", "state", answered={"disconnected": True, "revoked": True}
    ),
    "health.health": Operation(
        "getHealth",
        "Is the API there?",
        "safe",
        answered={"status": "ok", "version": "1.0.0", "timestamp": "2026-11-27T12:00:00.000Z"},
    ),
    "health.ready": Operation(
        "getReadiness",
        "Do database, queue and storage answer it?",
        "safe",
        answered={
            "status": "ready",
            "checks": {"database": "ok", "queue": "ok", "storage": "ok"},
            "timestamp": "2026-11-27T12:00:00.000Z",
        },
    ),
    "openapi.document": Operation("getOpenApi", "This description", "safe", content_type="application/json"),
    "openapi.page": Operation("getReference", "This description, to read and to try", "safe", content_type="text/html"),
    "openapi.asset": Operation("getReferenceAsset", "What that page loads", "safe", content_type="text/javascript"),
}
