"""What several operations are shown with, asked or answered."""

POST = {"post": {"content": {"text": "Hello from the API!", "platform": ["x", "threads"]}}}
FILE = {
    "id": "Tnz0L1t3TA1m3JZHe8hAb6",
    "url": "https://storage.example.com/media/Tnz0L1t3TA1m3JZHe8hAb6.mp4",
    "contentType": "video/mp4",
    "sizeBytes": 394725,
    "sha256": "1e067c4f3ccb36bab468d433ba6729d3519b20e4e609c2d3326ecdc70b3fb58b",
    "createdAt": "2026-11-27T12:00:00.000Z",
    "width": 1280,
    "height": 720,
    "durationSeconds": 4.0,
    "frameRate": 30.0,
    "videoCodec": "AVC",
    "audioCodec": "AAC",
    "chroma": "4:2:0",
    "frames": None,
}
IMAGE = {"url": "https://storage.example.com/media/rendered_dOFVqOEtncKr5A3y.png", "id": "rendered_dOFVqOEtncKr5A3y"}
DRAWING = {
    "templateSlug": "tweetImage",
    "config": {"title": "Big news", "author": "@mybrand", "content": "We are live."},
    "aspectRatio": "1:1",
}
JOB = {
    "id": "job_yZ8xfwkk3oo2JuwTD1xSoU",
    "type": "transcription",
    "dialect": "soku",
    "status": "processing",
    "done": False,
    "progress": {"percentage": 50, "step": "transcribing", "message": "1 of 2 parts are transcribed"},
    "input": {"mediaId": "Tnz0L1t3TA1m3JZHe8hAb6", "language": "en", "model": "whisper-1", "durationSeconds": 1800.0},
    "tags": [],
    "metadata": {},
    "error": None,
    "credits": {"debited": 30, "debitEntry": "job_yZ8xfwkk3oo2JuwTD1xSoU", "refunded": 0, "refundEntry": None},
    "lastError": None,
    "steps": [],
    "attempts": 1,
    "retryOf": None,
    "parent": None,
    "requestId": "2c897b4c-2381-48bc-bc4b-b0150e47a66c",
    "deadlineAt": "2026-11-27T14:00:00.000Z",
    "resultExpiresAt": None,
    "createdAt": "2026-11-27T12:00:00.000Z",
    "startedAt": "2026-11-27T12:00:01.000Z",
    "updatedAt": "2026-11-27T12:00:40.000Z",
    "finishedAt": None,
    "url": "https://us-central1-my-project.cloudfunctions.net/api/v1/jobs/job_yZ8xfwkk3oo2JuwTD1xSoU",
    "resultUrl": "https://us-central1-my-project.cloudfunctions.net/api/v1/jobs/job_yZ8xfwkk3oo2JuwTD1xSoU/result",
}
KEY_ID = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
ACCOUNT = {
    "platform": "x",
    "accountId": "2244994945",
    "displayName": "Ada",
    "username": "ada",
    "status": "connected",
    "tokenExpiresAt": "2026-11-27T14:00:00.000Z",
}
LISTED_ACCOUNT = {
    **ACCOUNT,
    "health": "missing_scopes",
    "todo": "Connect the account again, and grant what is missing: media.write.",
    "scopes": ["tweet.read", "tweet.write", "users.read", "offline.access"],
    "neededScopes": ["tweet.read", "tweet.write", "users.read", "media.write", "offline.access"],
    "missingScopes": ["media.write"],
    "renews": True,
    "connectedAt": "2026-11-27T12:00:00.000Z",
    "checkedAt": None,
    "lastSuccessAt": "2026-11-27T12:00:02.000Z",
}
AUTOMATION = {
    "name": "Videos to Threads",
    "source": {"platform": "tiktok"},
    "action": "repurpose",
    "targets": ["threads"],
    "template": "New on {platform}: {url}",
    "delaySeconds": 3600,
    "conditions": {"mediaKind": "video"},
}
SHOWN_AUTOMATION = {
    "id": "automation_9QmTzvA1mNQfQX2s",
    "name": "Videos to Threads",
    "enabled": True,
    "source": {"platform": "tiktok", "accountId": None},
    "action": "repurpose",
    "targets": [{"platform": "threads", "accountId": None, "targetId": None, "options": {}}],
    "template": "New on {platform}: {url}",
    "delaySeconds": 3600,
    "conditions": {"mediaKind": "video", "hashtag": None},
    "createdAt": "2026-11-27T12:00:00.000Z",
    "updatedAt": "2026-11-27T12:00:00.000Z",
}
TEMPLATES = {
    "templates": [
        {
            "slug": "quote",
            "description": "Somebody's words",
            "aspectRatios": ["1:1", "4:5", "9:16"],
            "configSchema": {"type": "object"},
            "previewUrl": "https://us-central1-project.cloudfunctions.net/api/v1/templates/quote/preview",
        }
    ]
}
CREDITS = {
    "balance": 99,
    "ledger": [
        {
            "id": "job_yZ8xfwkk3oo2JuwTD1xSoU",
            "amount": -1,
            "kind": "debit",
            "jobId": "job_yZ8xfwkk3oo2JuwTD1xSoU",
            "createdAt": "2026-11-27T12:00:00.000Z",
        }
    ],
    "nextCursor": None,
}
_POST_SUMMARY = {
    "id": "550e8400-e29b-41d4-a716-446655440000",
    "state": "published",
    "done": True,
    "version": 1,
    "counts": {"total": 1, "succeeded": 1, "failed": 0, "outcomeUnknown": 0},
    "scheduledTime": None,
    "publishWithinSeconds": 86400,
    "dueAt": "2026-11-27T12:00:00.000Z",
    "metadata": {"campaign": "launch"},
    "tags": ["launch"],
    "origin": "api",
    "createdAt": "2026-11-27T12:00:00.000Z",
    "updatedAt": "2026-11-27T12:00:02.000Z",
    "completedAt": "2026-11-27T12:00:02.000Z",
}
_TARGET = {"targetId": "x:2244994945", "runId": "x", "platform": "x", "accountId": "2244994945"}
POST_LISTED = {**_POST_SUMMARY, "targets": [_TARGET]}
POST_SHOWN = {
    **_POST_SUMMARY,
    "post": {"content": {"text": "Hello from the API!", "platform": ["x"]}},
    "targets": [
        {
            **_TARGET,
            "state": "published",
            "platformPostId": "1993981024123456789",
            "platformPostUrl": "https://x.com/ada/status/1993981024123456789",
            "error": None,
            "notes": [],
            "attempts": [],
            "nextAttemptAt": None,
            "actions": [],
            "updatedAt": "2026-11-27T12:00:02.000Z",
        }
    ],
    "warnings": [],
}
VALID_POST = {
    "valid": True,
    "scheduledTime": None,
    "warnings": [],
    "targets": [
        {
            **_TARGET,
            "text": "Hello from the API!",
            "media": [],
            "cover": None,
            "notes": [],
            "cost": {"amount": "0.015", "currency": "USD"},
            "factsAt": "2026-11-27T12:00:00.000Z",
        }
    ],
}

PLAN = {
    "timezone": "Europe/Berlin",
    "slots": [{"day": "monday", "time": "09:00"}, {"day": "thursday", "time": "17:30"}],
    "nextFree": ["2026-11-30T08:00:00.000Z", "2026-12-03T16:30:00.000Z"],
}
