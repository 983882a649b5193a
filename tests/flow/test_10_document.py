"""The public document, on the real stack: each of its lines and programs, with its facts, gives the answer that it tells.

Two users, as its examples name several accounts on a platform in one place, and a platform alone in another; dates are to come.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.conftest import LocalStack
from tests.flow.conftest import until

AN_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
HEADERS = ("X-Request-ID", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Tier")
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-DNS-Prefetch-Control": "off",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
}
MANY = [
    ("instagram", "ig_creator_main"), ("instagram", "ig_personal"), ("instagram", "ig_business"), ("instagram", "ig_creator"),
    ("facebook", "fb_page_42"), ("facebook", "fb_page_main"), ("tiktok", "tt_creator"), ("tiktok", "tt_main"),
    ("youtube", "yt_channel"), ("x", "many_x"), ("threads", "many_threads"), ("linkedin", "many_linkedin"),
]  # fmt: skip
ONE_EACH = [("x", "one_x"), ("threads", "one_threads"), ("tiktok", "one_tiktok"), ("youtube", "one_youtube"), ("linkedin", "one_l")]


@dataclass
class Caller:
    """Who types the document's lines, with the key and the base address of a stack."""

    stack: LocalStack
    uid: str
    key: str
    id_token: str

    def post(self, path: str, body: Any, **headers: str) -> requests.Response:
        sent = {"Content-Type": "application/json", "soku-api-key": self.key, **headers}
        answer = requests.post(f"{self.stack.apiUrl}{path}", json=body, headers=sent, timeout=300)
        assert [name for name in HEADERS if name not in answer.headers] == []
        assert {name: answer.headers[name] for name in SECURITY} == SECURITY
        return answer

    def accepted(self, content: dict[str, Any], **more: Any) -> str:
        """A post's id; its runs have succeeded, unless it is for later."""
        answer = self.post("/v1/posts", {"post": {"content": content}, **more})
        assert answer.status_code == 201, answer.text
        assert set(answer.json()) == {"postSubmissionId"}
        assert re.fullmatch(AN_ID, answer.json()["postSubmissionId"])
        assert answer.headers["Idempotency-Key"]
        return answer.json()["postSubmissionId"]

    def published(self, content: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
        """The runs, all of them succeeded."""
        submission_id = self.accepted(content, **more)
        until(lambda: self._fields(f"postSubmissions/{submission_id}").get("completedAt"), lambda: submission_id)
        submission = self._fields(f"postSubmissions/{submission_id}")
        assert submission["status"] == "dispatched"
        runs = [self._fields(f"postSubmissions/{submission_id}/runs/{target['runId']}") for target in submission["targets"]]
        assert [run["status"] for run in runs] == ["succeeded"] * len(runs), runs
        return runs

    def _fields(self, path: str) -> Any:
        [document] = self.stack.documents.get(path)
        assert document is not None, path
        return document.fields


def caller(stack: LocalStack, uid: str, accounts: list[tuple[str, str]]) -> Caller:
    user = stack.add_user(uid, accounts, credits=50)
    return Caller(stack, uid, user["apiKey"], user["idToken"])


@pytest.fixture(scope="module")
def many(stack: LocalStack) -> Caller:
    return caller(stack, "has-many", MANY)


@pytest.fixture(scope="module")
def one(stack: LocalStack) -> Caller:
    return caller(stack, "has-one-each", ONE_EACH)


def test_the_first_request(one: Caller) -> None:
    one.published({"text": "Hello from the Soku API!", "platform": ["x"]})


def test_every_form_of_a_target(many: Caller) -> None:
    many.published({"text": "a name", "platform": "x"})
    photo = {"imageUrls": ["https://example.com/photo.jpg"]}
    many.published({"text": "an object", **photo, "platform": {"platform": "instagram", "accountId": "ig_creator_main"}})
    mixed = [
        {"platform": "instagram", "accountId": "ig_creator_main"},
        {"platform": "facebook", "accountId": "fb_page_42"},
        "threads",
        "x",
    ]
    runs = many.published({"text": "both", **photo, "platform": mixed})
    assert [run["targetId"] for run in runs][:2] == ["instagram:ig_creator_main", "facebook:fb_page_42"]
    assert many.post("/v1/posts", {"post": {"content": {"text": "which?", "platform": "tiktok"}}}).json()["error"]["code"] == (
        "missing_integrations"
    )


def test_the_examples_of_posts(many: Caller, one: Caller) -> None:
    one.published({"text": "Hello from the API!", "platform": ["x", "threads"]})
    creator = [{"platform": "instagram", "accountId": "ig_creator_main"}]
    many.published({"text": "Check out this photo!", "imageUrls": ["https://example.com/photo.jpg"], "platform": creator})
    channels = [{"platform": "tiktok", "accountId": "tt_creator"}, {"platform": "youtube", "accountId": "yt_channel"}]
    many.published({"text": "New video is live!", "videoUrl": "https://example.com/video.mp4", "platform": channels})
    accounts = [("instagram", "ig_personal"), ("instagram", "ig_business"), ("facebook", "fb_page_main")]
    targets = [{"platform": platform, "accountId": account_id} for platform, account_id in accounts]
    runs = many.published({"text": "Exciting announcement!", "imageUrls": ["https://example.com/image.jpg"], "platform": targets})
    assert len(runs) == 3


def test_a_scheduled_post_waits(one: Caller) -> None:
    at = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    submission_id = one.accepted({"text": "Good morning!", "platform": ["x", "threads"]}, scheduledTime=at)
    [document] = one.stack.documents.get(f"postSubmissions/{submission_id}")
    assert document is not None
    assert (document.fields["status"], document.fields["dueAt"].strftime("%Y-%m-%dT%H:%M:%SZ")) == ("queued", at)
    for time, message in (
        ("soon", "Invalid scheduledTime format"),
        ("2020-01-01T08:00:00Z", "scheduledTime must be at least 1 minute in the future"),
    ):
        body = {"post": {"content": {"text": "too late", "platform": "x"}}, "scheduledTime": time}
        refused = one.post("/v1/posts", body)
        assert (refused.status_code, refused.json()["error"]["message"]) == (400, message)


def test_automations_follow_where_they_are_wanted(one: Caller) -> None:
    wanted = {"source": {"platform": "x"}, "action": "repurpose", "targets": ["linkedin"], "template": "{text} {url}"}
    made = requests.post(
        f"{one.stack.apiUrl}/v1/automations", json=wanted, headers={"Authorization": f"Bearer {one.id_token}"}, timeout=30
    )
    assert made.status_code == 201, made.text
    content = {"text": "New content dropping!", "videoUrl": "https://example.com/video.mp4", "platform": ["x"]}
    [run] = one.published(content, enableRepurposing=True)
    until(lambda: one.stack.ledger("one_l"))
    [post] = one.stack.ledger("one_l")
    assert post["text"] == f"New content dropping! {run['platformPostUrl']}"
    assert len(post["media"]) == 1


def test_a_key_makes_it_once(one: Caller) -> None:
    body = {"post": {"content": {"text": "This will only post once", "platform": ["x"]}}}
    key = {"Idempotency-Key": "unique-request-id-123"}
    first, again = (one.post("/v1/posts", body, **key) for _ in range(2))
    assert (first.status_code, again.json()) == (201, first.json())
    assert first.headers["Idempotency-Key"] == again.headers["Idempotency-Key"] == "unique-request-id-123"
    other = one.post("/v1/posts", {"post": {"content": {"text": "another", "platform": ["x"]}}}, **key)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_conflict")
    derived = [one.post("/v1/posts", {"post": {"content": {"text": "no key", "platform": "x"}}}) for _ in range(2)]
    assert derived[0].json() == derived[1].json()


def test_media_then_a_post(one: Caller) -> None:
    stored = one.post("/v1/media", {"url": "https://example.com/video.mp4"})
    assert (stored.status_code, set(stored.json())) == (201, {"url", "id"})
    part = requests.get(stored.json()["url"], headers={"Range": "bytes=0-99"}, timeout=30)
    assert (part.status_code, len(part.content)) == (206, 100)
    one.published({"text": "Check this out!", "videoUrl": stored.json()["url"], "platform": ["tiktok", "youtube"]})
    assert one.post("/v1/media", {"url": "https://example.com/nothing-here"}).json()["error"]["code"] == "upload_failed"


def test_transcription(one: Caller) -> None:
    media_id = one.post("/v1/media", {"url": "https://example.com/podcast.mp3"}).json()["id"]
    body = {"mediaId": media_id, "language": "en", "durationSeconds": 180}
    first, again = (one.post("/v1/ai/transcribe", body, **{"Idempotency-Key": "transcribe-podcast-ep42"}) for _ in range(2))
    assert first.status_code == 200, first.text
    told = first.json()
    assert set(told) == {"jobId", "transcript", "creditsDebited", "likelyLyrics"}
    # As the sandbox hears it, which is no Whisper.
    assert "we are discussing" in told["transcript"]
    assert (told["creditsDebited"], told["likelyLyrics"], again.json()) == (1, False, told)
    for media, status, code in (("nothing", 404, "MEDIA_NOT_FOUND"), (_image(one), 400, "UNSUPPORTED_MEDIA_TYPE")):
        refused = one.post("/v1/ai/transcribe", {"mediaId": media})
        assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)


def _image(one: Caller) -> str:
    return one.post("/v1/media", {"url": "https://example.com/my-image.jpg"}).json()["id"]


def test_no_credits_no_transcript(stack: LocalStack) -> None:
    user = stack.add_user("has-none", [])
    poor = Caller(stack, "has-none", user["apiKey"], user["idToken"])
    media_id = poor.post("/v1/media", {"url": "https://example.com/podcast.mp3"}).json()["id"]
    refused = poor.post("/v1/ai/transcribe", {"mediaId": media_id})
    assert (refused.status_code, refused.json()["error"]["code"]) == (402, "insufficient_credits")


def test_a_template_then_a_post(one: Caller) -> None:
    config = {"title": "Big Announcement", "author": "@mybrand", "content": "We just launched our new product!"}
    body = {"templateSlug": "tweetImage", "config": config}
    drawn, alias = one.post("/v1/templates", body), one.post("/v1/media/render-og", body)
    assert (drawn.status_code, set(drawn.json()), alias.json()) == (200, {"url", "id"}, drawn.json())
    assert drawn.json()["id"].startswith("rendered_")
    assert requests.get(drawn.json()["url"], timeout=30).content.startswith(b"\x89PNG")
    one.published({"text": "Big news!", "imageUrls": [drawn.json()["url"]], "platform": ["x", "threads", "linkedin"]})


def test_the_complete_workflow(many: Caller) -> None:
    video = many.post("/v1/media", {"url": "https://example.com/my-video.mp4"}).json()
    key = {"Idempotency-Key": f"workflow-{int(datetime.now(UTC).timestamp())}"}
    transcript = many.post("/v1/ai/transcribe", {"mediaId": video["id"], "language": "en"}, **key).json()["transcript"]
    config = {"title": "New Video!", "subtitle": f"{transcript[:50]}..."}
    thumbnail = many.post("/v1/templates", {"templateSlug": "videoThumbnail", "config": config}).json()
    targets = [("tiktok", "tt_main"), ("youtube", "yt_channel"), ("instagram", "ig_creator")]
    content = {
        "text": f"{transcript[:100]}...",
        "videoUrl": video["url"],
        "imageUrls": [thumbnail["url"]],
        "platform": [{"platform": platform, "accountId": account_id} for platform, account_id in targets],
    }
    assert len(many.published(content)) == 3


def test_api_keys(one: Caller) -> None:
    signed_in, address = {"Authorization": f"Bearer {one.id_token}"}, f"{one.stack.apiUrl}/v1/api-keys"
    made = requests.post(address, json={"name": "My Production Key"}, headers=signed_in, timeout=30)
    assert (made.status_code, set(made.json())) == (201, {"apiKey"})
    key = made.json()["apiKey"]
    assert key.startswith("sk_live_")
    listed = requests.get(address, headers=signed_in, timeout=30).json()["keys"]
    [mine] = [known for known in listed if known["tokenPreview"] == f"sk_live_********{key[-4:]}"]
    assert (mine["name"], mine["revokedAt"]) == ("My Production Key", None)
    assert {"id", "name", "createdAt", "revokedAt", "tokenPreview"} <= set(mine)
    revoked = requests.delete(f"{address}/{mine['id']}", headers=signed_in, timeout=30)
    assert (revoked.status_code, revoked.json()) == (200, {"revoked": True})
    post = {"post": {"content": {"text": "revoked", "platform": "x"}}}
    for headers, message in (
        ({"soku-api-key": key}, "API key revoked"),
        ({"soku-api-key": "sk_live_wrong"}, "Invalid API key"),
        ({}, "Missing or invalid soku-api-key"),
    ):
        refused = requests.post(f"{one.stack.apiUrl}/v1/posts", json=post, headers=headers, timeout=30)
        error = refused.json()["error"]
        assert (refused.status_code, error["code"], error["message"]) == (401, "unauthorized", message)
        assert {"type", "code", "message", "timestamp", "requestId"} <= set(error)


def test_health_and_errors(one: Caller) -> None:
    health = requests.get(f"{one.stack.apiUrl}/health", timeout=30).json()
    assert (health["status"], set(health)) == ("ok", {"status", "version", "timestamp"})
    missing = one.post("/v1/posts", {"post": {"content": {"text": "nowhere"}}}, **{"X-Request-ID": "my-debug-123"})
    error = missing.json()["error"]
    assert (error["code"], error["message"], error["requestId"]) == (
        "validation_error",
        "Request validation failed",
        "my-debug-123",
    )
    expected = {"field": "body.post.content.platform", "message": "Required", "code": "invalid_type"}
    assert [{name: one[name] for name in expected} for one in error["details"]] == [expected]
    bad_url = one.post("/v1/media", {"url": "not-a-url"}).json()["error"]["details"][0]
    wanted = {"field": "body.url", "message": "Invalid URL format", "code": "invalid_string", "received": "not-a-url"}
    assert {name: bad_url[name] for name in wanted} == wanted


def test_requests_are_logged(one: Caller) -> None:
    answer = one.post("/v1/posts", {"post": {"content": {"text": "logged", "platform": "x"}}})
    request_id = answer.headers["X-Request-ID"]
    listed = requests.get(
        f"{one.stack.apiUrl}/v1/requests", params={"requestId": request_id}, headers={"soku-api-key": one.key}, timeout=30
    ).json()["requests"]
    assert [(entry["method"], entry["path"], entry["status"]) for entry in listed] == [("POST", "/v1/posts", 201)]
