"""The sandboxes refuse what the platforms refuse, in the platforms' own words: a stand-in that takes everything proves nothing."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emulator.sandbox.accounts import SandboxAccount
from emulator.sandbox.faults import Fault
from emulator.sandbox.files import Takes, is_larger, measured, unfit_video
from emulator.sandbox.kept import NAME, load, save
from emulator.sandbox.platform import Answer, Call, respond
from emulator.sandbox.platforms import AFFECTED, STEPS
from shared.core.platforms import PLATFORMS
from tests.fakes.outside import STORAGE_URL
from tests.fakes.world import MEDIA, World
from tests.platforms import PHOTO, VERTICAL, cases_of

JPEG, PNG, MP4 = b"\xff\xd8\xff" + bytes(100), b"\x89PNG" + bytes(100), b"\0\0\0\x18ftypisom" + bytes(99_988)
FILES = {"a.jpg": JPEG, "a.png": PNG, "a.mp4": MP4, "a.txt": b"text", "big.jpg": JPEG + bytes(11 << 20)}
URL = {name: f"{STORAGE_URL}/media/{name}" for name in FILES}
JSON = {"content-type": "application/json; charset=UTF-8"}


class Client:
    """Someone with an app and an account at one platform."""

    def __init__(self, platform: str) -> None:
        self.world = World()
        # Its films are none.
        self.world.sandbox.measure = None
        self.world.storage.objects.update({f"media/{name}": content for name, content in FILES.items()})
        self.sandbox = self.world.platforms[platform]
        self.account = SandboxAccount(platform, "main")

    def send(self, method: str, address: str, headers: dict[str, str] | None = None, **call: Any) -> Answer:
        host, _, path = address.partition("/")
        authorised = {"authorization": f"Bearer {self.account.access_token}", **(headers or {})}
        return respond(self.sandbox, Call(method, host, f"/{path}", headers=authorised, **call))


def refused(answer: Answer, status: int, code: object) -> None:
    assert answer.status == status, answer.body
    assert code in set(_values(answer.body)), answer.body


def _values(body: Any) -> Iterator[Any]:
    if isinstance(body, dict | list):
        for inner in body.values() if isinstance(body, dict) else body:
            yield from _values(inner)
    else:
        yield body


# TikTok

INFO = {"title": "t", "privacy_level": "SELF_ONLY", "brand_content_toggle": False, "brand_organic_toggle": False}
UPLOAD = {"source": "FILE_UPLOAD", "video_size": 25_000_000, "chunk_size": 10_000_000, "total_chunk_count": 2}
TIKTOK = "open.tiktokapis.com/v2/post/publish"


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"source_info": UPLOAD}, 400, "invalid_params"),
        (
            {"post_info": {**INFO, "privacy_level": "FOLLOWER_OF_CREATOR"}, "source_info": UPLOAD},
            403,
            "privacy_level_option_mismatch",
        ),
        ({"post_info": {"title": "t", "privacy_level": "SELF_ONLY"}, "source_info": UPLOAD}, 400, "invalid_params"),
        ({"post_info": {**INFO, "brand_content_toggle": True}, "source_info": UPLOAD}, 403, "privacy_level_option_mismatch"),
        ({"post_info": {**INFO, "title": "x" * 2201}, "source_info": UPLOAD}, 400, "invalid_params"),
        ({"post_info": INFO, "source_info": {**UPLOAD, "total_chunk_count": 3}}, 400, "invalid_params"),
        ({"post_info": INFO, "source_info": {**UPLOAD, "chunk_size": 4_000_000, "total_chunk_count": 6}}, 400, "invalid_params"),
        ({"post_info": INFO, "source_info": {**UPLOAD, "source": "PULL_FROM_URL"}}, 403, "url_ownership_unverified"),
    ],
)
def test_tiktok_refuses_a_wrong_init(fields: dict[str, Any], status: int, code: str) -> None:
    refused(Client("tiktok").send("POST", f"{TIKTOK}/video/init/", JSON, fields=fields), status, code)


def test_tiktok_wants_json_with_its_content_type() -> None:
    refused(Client("tiktok").send("POST", f"{TIKTOK}/video/init/"), 400, "invalid_params")


def test_tiktok_takes_six_inits_a_minute() -> None:
    client = Client("tiktok")
    begin = {"post_info": INFO, "source_info": UPLOAD}
    answers = [client.send("POST", f"{TIKTOK}/video/init/", JSON, fields=begin).status for _ in range(7)]
    assert answers == [200] * 6 + [429]


@pytest.mark.parametrize(
    ("content_range", "length", "status"),
    [
        ("bytes 10000000-24999999/25000000", 15_000_000, 416),
        ("bytes 0-4999999/25000000", 5_000_000, 416),
        ("bytes 0-9999999/26000000", 10_000_000, 416),
        ("bytes 0-9999999/25000000", 9_999_999, 416),
        ("0-9999999", 10_000_000, 400),
        ("bytes 0-9999999/25000000", 10_000_000, 206),
    ],
)
def test_tiktok_takes_chunks_in_order_and_of_their_size(content_range: str, length: int, status: int) -> None:
    client = Client("tiktok")
    begun = client.send("POST", f"{TIKTOK}/video/init/", JSON, fields={"post_info": INFO, "source_info": UPLOAD})
    headers = {"content-type": "video/mp4", "content-range": content_range}
    query = {"upload_id": begun.body["data"]["publish_id"]}
    answer = client.send("PUT", "open-upload.tiktokapis.com/video/", headers, query=query, body=bytes(length))
    assert answer.status == status


@pytest.mark.parametrize(
    ("urls", "status", "code"),
    [
        (["https://elsewhere.test/a.jpg"], 403, "url_ownership_unverified"),
        ([URL["a.jpg"]] * 36, 400, "invalid_params"),
        ([], 400, "invalid_params"),
    ],
)
def test_tiktok_pulls_photos_from_a_verified_domain_only(urls: list[str], status: int, code: str) -> None:
    source = {"source": "PULL_FROM_URL", "photo_images": urls, "photo_cover_index": 0}
    fields = {"media_type": "PHOTO", "post_mode": "DIRECT_POST", "post_info": INFO, "source_info": source}
    refused(Client("tiktok").send("POST", f"{TIKTOK}/content/init/", JSON, fields=fields), status, code)


def test_tiktok_pulls_videos_from_a_verified_domain_only() -> None:
    source = {"source": "PULL_FROM_URL", "video_url": "https://elsewhere.test/a.mp4"}
    answer = Client("tiktok").send("POST", f"{TIKTOK}/video/init/", JSON, fields={"post_info": INFO, "source_info": source})
    refused(answer, 403, "url_ownership_unverified")


# YouTube

YOUTUBE = "www.googleapis.com/upload/youtube/v3/videos"
QUERY = {"uploadType": "resumable", "part": "snippet,status"}
ANNOUNCED = {"x-upload-content-length": "1048576", "x-upload-content-type": "video/mp4"}
SNIPPET, STATUS = {"title": "t", "categoryId": "22"}, {"privacyStatus": "public"}


@pytest.mark.parametrize(
    ("query", "headers", "snippet", "status", "code"),
    [
        ({**QUERY, "uploadType": "media"}, ANNOUNCED, SNIPPET, STATUS, "invalidParameter"),
        (QUERY, {}, SNIPPET, STATUS, "mediaBodyRequired"),
        (QUERY, ANNOUNCED, {**SNIPPET, "title": ""}, STATUS, "invalidTitle"),
        (QUERY, ANNOUNCED, {**SNIPPET, "title": "x" * 101}, STATUS, "invalidTitle"),
        (QUERY, ANNOUNCED, {**SNIPPET, "title": "<b>"}, STATUS, "invalidTitle"),
        (QUERY, ANNOUNCED, {**SNIPPET, "description": "é" * 2501}, STATUS, "invalidDescription"),
        (QUERY, ANNOUNCED, {**SNIPPET, "tags": ["x" * 501]}, STATUS, "invalidTags"),
        (QUERY, ANNOUNCED, {**SNIPPET, "categoryId": "People"}, STATUS, "invalidCategoryId"),
        (QUERY, ANNOUNCED, SNIPPET, {"privacyStatus": "secret"}, "invalidVideoMetadata"),
    ],
)
def test_youtube_refuses_a_wrong_beginning(
    query: dict[str, str], headers: dict[str, str], snippet: dict[str, Any], status: dict[str, str], code: str
) -> None:
    answer = Client("youtube").send("POST", YOUTUBE, headers, query=query, fields={"snippet": snippet, "status": status})
    refused(answer, 400, code)


@pytest.mark.parametrize(
    ("content_range", "length", "content_type", "status"),
    [
        ("bytes 0-99999/1048576", 100_000, "video/mp4", 400),
        ("bytes 0-262143/1048577", 262_144, "video/mp4", 400),
        ("bytes 262144-524287/1048576", 262_144, "video/mp4", 503),
        ("bytes 0-262143/1048576", 262_144, "text/plain", 400),
        ("bytes 0-262143/1048576", 262_144, "video/mp4", 308),
    ],
)
def test_youtube_takes_chunks_of_256_kib_without_a_gap(content_range: str, length: int, content_type: str, status: int) -> None:
    client = Client("youtube")
    begun = client.send("POST", YOUTUBE, ANNOUNCED, query=QUERY, fields={"snippet": SNIPPET, "status": STATUS})
    query = {"upload_id": begun.headers["Location"].rpartition("=")[2]}
    headers = {"content-type": content_type, "content-range": content_range}
    assert client.send("PUT", YOUTUBE, headers, query=query, body=bytes(length)).status == status


def test_youtube_refuses_a_thumbnail_that_is_no_image() -> None:
    client = Client("youtube")
    begun = client.send(
        "POST", YOUTUBE, {**ANNOUNCED, "x-upload-content-length": "16"}, query=QUERY, fields={"snippet": SNIPPET, "status": STATUS}
    )
    query = {"upload_id": begun.headers["Location"].rpartition("=")[2]}
    made = client.send("PUT", YOUTUBE, {"content-type": "video/mp4", "content-range": "bytes 0-15/16"}, query=query, body=bytes(16))
    address = "www.googleapis.com/upload/youtube/v3/thumbnails/set"
    refused(
        client.send("POST", address, {"content-type": "image/png"}, query={"videoId": made.body["id"]}, body=MP4),
        400,
        "invalidImage",
    )
    refused(client.send("POST", address, {"content-type": "image/png"}, query={"videoId": "other"}, body=PNG), 404, "videoNotFound")


# LinkedIn

VERSIONED = {"linkedin-version": "202606", "x-restli-protocol-version": "2.0.0", **JSON}


def linkedin_post(client: Client, **changes: Any) -> dict[str, Any]:
    whole = {
        "author": client.account.user_id,
        "commentary": "t",
        "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED"},
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"distribution": None}, 422, "MISSING_REQUIRED_FIELD_FOR_DSC"),
        ({"author": "urn:li:person:7"}, 403, "ACCESS_DENIED"),
        ({"commentary": "x" * 3001}, 422, "FIELD_LENGTH_TOO_LONG"),
        ({"visibility": "FRIENDS"}, 422, "INVALID_VALUE_FOR_FIELD"),
        ({"content": {"media": {"id": "urn:li:image:none"}}}, 400, "INVALID_URN_ID"),
        ({"content": {"multiImage": {"images": []}}}, 422, "INVALID_COUNT"),
        ({"commentary": ""}, 422, "MISSING_FIELD"),
    ],
)
def test_linkedin_refuses_a_wrong_post(changes: dict[str, Any], status: int, code: str) -> None:
    client = Client("linkedin")
    answer = client.send("POST", "api.linkedin.com/rest/posts", VERSIONED, fields=linkedin_post(client, **changes))
    refused(answer, status, code)


@pytest.mark.parametrize(
    ("missing", "code"), [("linkedin-version", "VERSION_MISSING"), ("x-restli-protocol-version", "INVALID_PROTOCOL")]
)
def test_linkedin_wants_its_headers(missing: str, code: str) -> None:
    client = Client("linkedin")
    headers = {name: value for name, value in VERSIONED.items() if name != missing}
    refused(client.send("POST", "api.linkedin.com/rest/posts", headers, fields=linkedin_post(client)), 400, code)


def test_linkedin_takes_the_same_post_once_and_names_the_first() -> None:
    client = Client("linkedin")
    first = client.send("POST", "api.linkedin.com/rest/posts", VERSIONED, fields=linkedin_post(client))
    second = client.send("POST", "api.linkedin.com/rest/posts", VERSIONED, fields=linkedin_post(client))
    refused(second, 422, "DUPLICATE_POST")
    assert first.headers["x-restli-id"] in second.body["message"]


def test_linkedin_wants_every_part_of_its_size_and_the_etags_in_order() -> None:
    client = Client("linkedin")
    wanted = {"owner": client.account.user_id, "fileSizeBytes": 6 << 20}
    begin = {"query": {"action": "initializeUpload"}, "fields": {"initializeUploadRequest": wanted}}
    begun = client.send("POST", "api.linkedin.com/rest/videos", VERSIONED, **begin).body["value"]
    urn, address = begun["video"], "www.linkedin.com/dms-uploads/video/1"
    refused(client.send("PUT", address, query={"urn": urn, "part": "0"}, body=MP4), 400, "INVALID_PART")
    sizes = [4 << 20, 2 << 20]
    etags = [
        client.send("PUT", address, query={"urn": urn, "part": str(number)}, body=bytes(size)).headers["ETag"].strip('"')
        for number, size in enumerate(sizes)
    ]
    finalize = {"video": urn, "uploadToken": "", "uploadedPartIds": etags[::-1]}
    ended = client.send(
        "POST",
        "api.linkedin.com/rest/videos",
        VERSIONED,
        query={"action": "finalizeUpload"},
        fields={"finalizeUploadRequest": finalize},
    )
    refused(ended, 400, "INVALID_PART_IDS")


def test_linkedin_lets_members_read_neither_their_posts_nor_their_images() -> None:
    client = Client("linkedin")
    query = {"q": "author", "author": client.account.user_id}
    refused(client.send("GET", "api.linkedin.com/rest/posts", VERSIONED, query=query), 403, "ACCESS_DENIED")


# Snapchat


def encoded(length: int) -> str:
    return base64.b64encode(bytes(length)).decode()


@pytest.mark.parametrize(
    "changes", [{"key": encoded(16)}, {"iv": encoded(12)}, {"key": "not base64!"}, {"type": "AUDIO"}, {"name": ""}]
)
def test_snapchat_wants_a_key_an_iv_a_type_and_a_name(changes: dict[str, str]) -> None:
    client = Client("snapchat")
    whole = {"type": "VIDEO", "name": "v", "key": encoded(32), "iv": encoded(16)}
    address = f"businessapi.snapchat.com/v1/public_profiles/{client.account.number}/media"
    refused(client.send("POST", address, JSON, fields={**whole, **changes}), 400, "INVALID_REQUEST")


def test_snapchat_wants_parts_in_order_and_what_it_can_decrypt() -> None:
    client = Client("snapchat")
    base = f"businessapi.snapchat.com/v1/public_profiles/{client.account.number}"
    whole = {"type": "VIDEO", "name": "v", "key": encoded(32), "iv": encoded(16)}
    begun = client.send("POST", f"{base}/media", JSON, fields=whole).body
    upload, form = f"businessapi.snapchat.com{begun['add_path']}", {"content-type": "multipart/form-data; boundary=b"}
    add = {"action": "ADD", "part_number": "2"}
    refused(client.send("POST", upload, form, fields=add, files={"file": bytes(16)}), 400, "INVALID_PART")
    assert client.send("POST", upload, form, fields={**add, "part_number": "1"}, files={"file": bytes(16)}).status == 200
    refused(client.send("POST", upload, form, fields={"action": "FINALIZE"}), 400, "DECRYPTION_FAILED")
    refused(client.send("POST", f"{base}/stories", JSON, fields={"media_id": begun["media_id"]}), 400, "MEDIA_NOT_FOUND")


def test_snapchat_lets_nobody_post_to_another_profile() -> None:
    answer = Client("snapchat").send("POST", "businessapi.snapchat.com/v1/public_profiles/7/stories", JSON, fields={})
    refused(answer, 403, "AUTHORIZATION_PERMISSION_DENIED")


# Instagram, Threads and Facebook


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"image_url": URL["a.png"]}, 2207005),
        ({"image_url": URL["big.jpg"]}, 2207005),
        ({"image_url": f"{STORAGE_URL}/media/none.jpg"}, 2207052),
        ({"image_url": URL["a.jpg"], "caption": "x" * 2201}, 2207010),
        ({"image_url": URL["a.jpg"], "caption": "#a " * 31}, 2207010),
        ({"image_url": URL["a.jpg"], "colour": "red"}, 100),
        ({"image_url": URL["a.jpg"], "media_type": "STORIES", "caption": "t"}, 100),
        ({"media_type": "VIDEO", "video_url": URL["a.mp4"]}, 2207023),
        ({"media_type": "REELS", "video_url": URL["a.txt"]}, 2207026),
        ({"media_type": "CAROUSEL", "children": "1,2"}, 2207028),
    ],
)
def test_instagram_refuses_a_wrong_container(fields: dict[str, str], code: int) -> None:
    client = Client("instagram")
    refused(client.send("POST", f"graph.instagram.com/v25.0/{client.account.user_id}/media", fields=fields), 400, code)


def test_instagram_publishes_a_container_once_and_not_before_it_is_ready() -> None:
    client = Client("instagram")
    base = f"graph.instagram.com/v25.0/{client.account.user_id}"
    refused(client.send("POST", f"{base}/media_publish", fields={"creation_id": "7"}), 400, 2207006)
    reel = client.send("POST", f"{base}/media", fields={"media_type": "REELS", "video_url": URL["a.mp4"]}).body["id"]
    refused(client.send("POST", f"{base}/media_publish", fields={"creation_id": reel}), 400, 2207027)
    client.world.clock.advance(5)
    assert client.send("POST", f"{base}/media_publish", fields={"creation_id": reel}).status == 200
    refused(client.send("POST", f"{base}/media_publish", fields={"creation_id": reel}), 400, 2207008)


@pytest.mark.parametrize(
    "fields",
    [
        {"media_type": "TEXT"},
        {"media_type": "TEXT", "text": "x" * 501},
        {"media_type": "TEXT", "text": " ".join(f"https://e.test/{n}" for n in range(6))},
        {"media_type": "IMAGE", "image_url": URL["a.txt"]},
        {"media_type": "STORIES", "text": "t"},
        {"media_type": "TEXT", "text": "t", "reply_control": "nobody"},
        {"media_type": "TEXT", "text": "t", "colour": "red"},
    ],
)
def test_threads_refuses_a_wrong_container(fields: dict[str, str]) -> None:
    client = Client("threads")
    answer = client.send("POST", f"graph.threads.com/v1.0/{client.account.user_id}/threads", fields=fields)
    assert answer.status == 400
    assert answer.body["error"]["message"]


@pytest.mark.parametrize(
    ("edge", "fields", "code"),
    [
        ("feed", {}, 100),
        ("feed", {"message": "x" * 63_207}, 100),
        ("feed", {"attached_media[0]": '{"media_fbid":"7"}'}, 1366051),
        ("photos", {"url": URL["a.txt"], "published": "false"}, 1366046),
        ("photos", {"url": URL["big.jpg"], "published": "false"}, 1366046),
        ("videos", {"file_url": URL["a.txt"]}, 1363024),
        ("video_reels", {"upload_phase": "finish", "video_id": "7", "video_state": "PUBLISHED"}, 1363130),
        ("video_stories", {"upload_phase": "finish", "video_id": "7"}, 1363130),
        ("photo_stories", {"photo_id": "7"}, 100),
    ],
)
def test_facebook_refuses_a_wrong_post(edge: str, fields: dict[str, str], code: int) -> None:
    client = Client("facebook")
    refused(client.send("POST", f"graph.facebook.com/v25.0/{client.account.user_id}/{edge}", fields=fields), 400, code)


def test_facebook_refuses_the_same_text_twice_in_a_row() -> None:
    client = Client("facebook")
    address = f"graph.facebook.com/v25.0/{client.account.user_id}/feed"
    assert client.send("POST", address, fields={"message": "t"}).status == 200
    refused(client.send("POST", address, fields={"message": "t"}), 400, 506)


# X

X = "api.x.com/2"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 400),
        ({"text": "x" * 281}, 403),
        ({"text": "t", "colour": "red"}, 400),
        ({"text": "t", "media": {"media_ids": ["7"]}}, 400),
        ({"text": "t", "reply": {"in_reply_to_tweet_id": "7"}}, 403),
        ({"text": "t", "reply_settings": "nobody"}, 400),
    ],
)
def test_x_refuses_a_wrong_post(fields: dict[str, Any], status: int) -> None:
    answer = Client("x").send("POST", f"{X}/tweets", JSON, fields=fields)
    assert answer.status == status
    assert answer.body["detail"]


def test_x_takes_segments_in_order_and_of_the_announced_size() -> None:
    client = Client("x")
    announced = {"media_category": "tweet_video", "media_type": "video/mp4", "total_bytes": 10}
    media = client.send("POST", f"{X}/media/upload/initialize", JSON, fields=announced).body["data"]["id"]
    late = {"fields": {"segment_index": "1"}, "files": {"media": bytes(5)}}
    assert client.send("POST", f"{X}/media/upload/{media}/append", **late).status == 400
    assert client.send("POST", f"{X}/media/upload/{media}/finalize").status == 400


# All of them


@pytest.mark.parametrize("platform", PLATFORMS)
def test_no_platform_takes_anything_with_a_token_of_another(platform: str) -> None:
    client = Client(platform)
    client.account = replace(client.account, platform="x" if platform != "x" else "threads")
    method, address = cases_of(platform).ask
    answer = client.send(method, address, VERSIONED)
    assert answer.status == 401


def test_an_authorization_server_sends_nobody_to_an_address_that_is_not_registered() -> None:
    client = Client("linkedin")
    query = {
        "client_id": "local-linkedin-app",
        "response_type": "code",
        "redirect_uri": "https://evil.test/",
        "state": "x" * 32,
        "scope": "openid",
        "_decision": "allow",
    }
    answer = client.send("GET", "www.linkedin.com/oauth/v2/authorization", query=query)
    assert answer.status == 400
    assert "not registered" in (answer.html or "")


@pytest.mark.parametrize(
    "given",
    [
        {"platform": "xx", "step": "publish", "kind": "reject", "times": 1},
        {"platform": "x", "step": "create_container", "kind": "reject", "times": 1},
        {"platform": "x", "step": ["publish"], "kind": "reject", "times": 1},
        {"platform": "x", "step": "publish", "kind": "reject", "times": "many"},
        {"platform": "x", "step": "publish", "kind": "reject", "times": 1, "probabilty": 0.5},
        {"platform": "x", "step": "publish", "kind": "oops", "times": 1},
        # They would never strike there.
        {"platform": "x", "step": "publish", "kind": "slow_processing", "times": 1},
        {"platform": "youtube", "step": "upload", "kind": "processing_failed", "times": 1},
        {"platform": "linkedin", "step": "publish", "kind": "lapsed", "times": 1},
        "x",
    ],
)
def test_a_fault_with_a_typo_is_refused(given: Any) -> None:
    with pytest.raises(ValueError, match=r"fault|kind|platform|times|step|strikes"):
        Fault.from_json(given, STEPS, AFFECTED)


def test_a_fault_that_keeps_quiet_about_what_was_done_waits_until_something_is() -> None:
    """Snapchat answers a story whose media is being processed with a refusal."""
    world = World()
    key = world.user(connect=("snapchat:sc",))
    world.sandbox.processing_seconds = 20.0
    world.fail("snapchat", "publish", "reset_after")
    submission = world.accepted(key, {"platform": "snapchat", "text": "t", "videoUrl": "https://example.com/vertical.mp4"})
    world.run_for(600)
    assert [fault.times for fault in world.sandbox.faults.due] == [0]
    assert world.run(submission, "snapchat")["status"] == "succeeded"
    assert len(world.sandbox.ledger) == 1


def test_what_they_accepted_and_know_is_kept_between_runs(tmp_path: Path) -> None:
    world = World()
    contents: dict[str, dict[str, Any]] = {
        "x": {"imageUrls": [PHOTO]},
        "instagram": {"imageUrls": [PHOTO]},
        "facebook": {"videoUrl": VERTICAL},
        "threads": {},
        "tiktok": {"videoUrl": VERTICAL},
        "youtube": {"videoUrl": VERTICAL},
        "linkedin": {},
        "snapchat": {"videoUrl": VERTICAL},
    }
    key = world.user(connect=tuple(f"{platform}:main" for platform in contents))
    submissions = {name: world.accepted(key, {"platform": name, "text": "kept", **more}) for name, more in contents.items()}
    world.run_for(600)
    assert len(world.sandbox.ledger) == len(contents)
    save(world.sandbox, world.platforms, tmp_path)
    again = World()
    assert load(again.sandbox, again.platforms, tmp_path)
    assert again.sandbox.ledger == world.sandbox.ledger
    assert [tweet.text for tweet in again.platforms["x"]._tweets] == ["kept"]  # type: ignore[attr-defined]
    assert all(world.run(submission, name)["status"] == "succeeded" for name, submission in submissions.items())


def test_what_another_version_kept_is_forgotten(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"nonsense")
    world = World()
    assert not load(world.sandbox, world.platforms, tmp_path)
    assert load(world.sandbox, world.platforms, tmp_path / "nothing")


def test_what_processing_finds_in_a_file() -> None:
    film = (MEDIA / "vertical.mp4").read_bytes()
    sound, photo = (MEDIA / "podcast.mp3").read_bytes(), (MEDIA / "photo.jpg").read_bytes()
    assert unfit_video(measured, film) == ""
    assert unfit_video(measured, film, Takes((200.0, 240.0))) == "frame_rate"
    assert unfit_video(measured, sound) == "format"
    assert unfit_video(None, sound) == ""
    assert (is_larger(measured, photo, (10, 10)), is_larger(measured, photo, (10_000, 10_000))) == (True, False)
