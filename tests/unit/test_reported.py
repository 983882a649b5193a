"""What people reported of other tools, in public: real files and texts that were taken and failed late, or refused for nothing.

Each is tried with our rules, and with the platform's sandbox as a platform that would refuse it.
"""

import gzip
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from emulator.sandbox.accounts import SandboxAccount
from emulator.sandbox.platform import Call, respond
from shared.documents.document import Create
from shared.http.client import HttpRequest
from shared.media.fetch import FetchFailed, FetchRefused, unpacked
from shared.media.measure import VERSION
from shared.media.media import hinted_kind
from shared.platforms.linkedin import rules as linkedin
from shared.platforms.preflight import validate_content
from tests.fakes.films import drawing, film, gif, photo
from tests.fakes.world import World
from tests.platforms.drafts import content, video
from tests.platforms.drafts import stored as stored_as

URL = "https://files.test/file"


@pytest.fixture
def world() -> World:
    return World()


def error_after(world: World, platform: str, file: bytes, field: str = "videoUrl", **options: Any) -> dict[str, Any]:
    """What became of a post with this file; nothing, if it was published."""
    key = world.user(connect=(f"{platform}:main",))
    world.fetcher.pages[URL] = file
    named = [URL] if field.endswith("s") else URL
    target = {"platform": platform, "options": options}
    submission = world.accepted(key, {"platform": [target], "text": "t", field: named})
    world.run_for(900)
    run = world.run(submission, platform)
    assert (run["status"] == "succeeded") == (len(world.sandbox.ledger) == 1)
    return run.get("error") or {}


@pytest.mark.parametrize("platform", ["x", "instagram", "threads", "tiktok", "youtube", "facebook", "linkedin", "snapchat"])
def test_18_a_film_without_a_picture_is_refused(world: World, platform: str) -> None:
    error = error_after(world, platform, film(picture=False, seconds=7) + bytes(80_000))
    assert (error["code"], error["rule"]) == ("media_invalid", f"{platform}.video_unreadable")
    assert "body.post.content.videoUrl" in error["message"]


@pytest.mark.parametrize("platform", ["instagram", "facebook", "threads", "linkedin"])
def test_18_nor_is_an_image_whose_size_nobody_can_read_taken(world: World, platform: str) -> None:
    error = error_after(world, platform, b"\xff\xd8\xff\xe0" + bytes(3000), "imageUrls")
    assert error["rule"] == f"{platform}.image_unreadable"


@pytest.mark.parametrize("pieces", [5_000, 1 << 16, 1 << 20])
def test_25_the_verdict_does_not_depend_on_how_the_network_cuts_the_file(world: World, pieces: int) -> None:
    file = photo(1600, 400, metadata=300_000)
    world.fetcher.piece_bytes = pieces
    assert error_after(world, "instagram", file, "imageUrls")["rule"] == "instagram.image_ratio"


@pytest.mark.parametrize(
    ("size", "rule"),
    [
        ((941, 1672), None),
        ((1080, 1920), None),
        ((1086, 1448), "tiktok.image_dimensions"),
        ((2016, 1512), "tiktok.image_dimensions"),
    ],
)
def test_30_a_photo_larger_than_tiktok_shows_is_refused_by_name(world: World, size: tuple[int, int], rule: str | None) -> None:
    error = error_after(world, "tiktok", photo(*size), "imageUrls")
    assert error.get("rule") == rule
    assert rule is None or ("imageUrls.0" in error["message"] and "1080" in error["message"])


@pytest.mark.parametrize(
    ("platform", "rate", "rule"),
    [
        ("tiktok", 12, "tiktok.video_frame_rate"),
        ("tiktok", 120, "tiktok.video_frame_rate"),
        ("tiktok", 30, None),
        ("instagram", 12, "instagram.video_frame_rate"),
        ("instagram", 120, "instagram.video_frame_rate"),
        ("threads", 12, "threads.video_frame_rate"),
        ("x", 120, "x.video_frame_rate"),
        ("x", 12, None),
        ("facebook", 12, None),
        ("youtube", 120, None),
    ],
)
def test_33_frame_rates_that_a_platform_does_not_take(world: World, platform: str, rate: float, rule: str | None) -> None:
    assert error_after(world, platform, film(rate=rate)).get("rule") == rule


def test_33_facebook_makes_no_reel_of_a_slow_film_and_none_is_forced_to_be_one(world: World) -> None:
    assert error_after(world, "facebook", film(rate=12)) == {}
    assert not [request for request in world.http.sent if request.url.endswith("/video_reels")]
    forced = error_after(World(), "facebook", film(rate=12), reel=True)
    assert forced["rule"] == "facebook.reel_video"


@pytest.mark.parametrize(
    ("platform", "facts", "rule"),
    [
        ("x", {"video_codec": "MPEG-4 Visual"}, "x.video_codec"),
        ("x", {"chroma": "4:2:2"}, "x.video_chroma"),
        ("instagram", {"video_codec": "VP9"}, "instagram.video_codec"),
        ("instagram", {"chroma": "4:4:4"}, "instagram.video_chroma"),
        ("tiktok", {"video_codec": "ProRes"}, "tiktok.video_codec"),
        ("threads", {"video_codec": "AV1"}, "threads.video_codec"),
        ("tiktok", {"frame_rate": None}, "tiktok.video_unreadable"),
        ("x", {"duration_seconds": None}, "x.video_unreadable"),
        ("x", {"width": None}, "x.video_unreadable"),
        ("x", {"chroma": None}, "x.video_unreadable"),
        ("x", {"chroma": None, "video_codec": "VP8"}, None),
        ("instagram", {"chroma": None, "video_codec": "HEVC"}, "instagram.video_unreadable"),
        ("x", {}, None),
        # Nobody looked for it.
        ("x", {"width": None, "height": None, "measured_by": 0}, None),
    ],
)
def test_33_what_a_film_is_made_of(platform: str, facts: dict[str, Any], rule: str | None) -> None:
    whole = {"width": 1080, "height": 1920, "duration_seconds": 10.0, "frame_rate": 30.0, "video_codec": "AVC", "chroma": "4:2:0"}
    file = stored_as("video/mp4", 1 << 20, **{"measured_by": VERSION, **whole, **facts})
    problems = validate_content(platform, content("t", replace(video(), stored=file)), {})
    assert [problem.rule for problem in problems] == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("platform", "seconds", "options", "takes"),
    [
        ("x", 1201, {}, False),
        ("x", 1199, {}, True),
        ("facebook", 61, {"story": True}, False),
        ("facebook", 59, {"story": True}, True),
        ("facebook", 91, {"reel": True}, False),
        ("instagram", 61, {"story": True}, False),
        ("instagram", 59, {"story": True}, True),
        ("instagram", 901, {}, False),
        ("threads", 301, {}, False),
        ("tiktok", 601, {}, False),
        ("youtube", 601, {}, True),
    ],
)
def test_the_sandboxes_judge_lengths_too(world: World, platform: str, seconds: int, options: dict[str, Any], takes: bool) -> None:
    """As the platforms do, whose word it is if our own rules are wrong."""
    unruled = {name: replace(one, validate=lambda draft: []) for name, one in world.publishing.platforms.items()}
    world.replace_publishing(platforms=unruled)
    error = error_after(world, platform, film(seconds=seconds), **options)
    assert (error == {}, len(world.sandbox.ledger) == 1) == (takes, takes), error


@pytest.mark.parametrize(
    ("platform", "frames", "sides", "rule"),
    [
        ("x", 350, (100, 100), None),
        ("x", 351, (100, 100), "x.image_frames"),
        ("x", 300, (1200, 1000), "x.image_pixels"),
        ("linkedin", 251, (100, 100), "linkedin.image_frames"),
    ],
)
def test_33_pictures_of_an_animation(platform: str, frames: int, sides: tuple[int, int], rule: str | None) -> None:
    world = World()
    error = error_after(world, platform, gif(frames, *sides), "imageUrls")
    assert error.get("rule") == rule


@pytest.mark.parametrize("text", ["a" * 495 + "\u2019" * 3, "é" * 400, "漢" * 480, "x" * 480 + "\u201cquoted\u201d" * 2])
def test_09_threads_counts_bytes(text: str) -> None:
    assert [problem.rule for problem in validate_content("threads", content(text), {})] == ["threads.text_too_long"]
    account = SandboxAccount("threads", "main")
    call = Call(
        "POST",
        "graph.threads.com",
        f"/v1.0/{account.user_id}/threads",
        headers={"authorization": f"Bearer {account.access_token}"},
        fields={"text": text, "media_type": "TEXT"},
    )
    assert respond(World().platforms["threads"], call).status == 400


def test_02_linkedin_cuts_what_is_not_escaped_and_ours_is() -> None:
    text = "a (bracket), an @at, a_b *c* <d> {e} [f] ~g~ | h \\ and #tag"
    world = World()
    key = world.user(connect=("linkedin:li",))
    world.accepted(key, {"platform": "linkedin", "text": text})
    world.run_for(60)
    assert world.ledger() == [text]
    assert linkedin.escaped("(") == "\\("
    for sign in "|{}@[]()<>*_~":
        sandbox = World()
        assert _posted(sandbox, f"before {sign} after") == ["before "], sign


def _posted(world: World, commentary: str) -> list[str]:
    account = SandboxAccount("linkedin", "li")
    body = {
        "author": account.user_id,
        "commentary": commentary,
        "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED"},
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }
    headers = {
        "Authorization": f"Bearer {account.access_token}",
        "LinkedIn-Version": "202610",
        "X-Restli-Protocol-Version": "2.0.0",
    }
    answer = world.http.send(HttpRequest("POST", "https://sandbox.test/api.linkedin.com/rest/posts", headers=headers, json=body))
    assert answer.status == 201, answer.body
    return world.ledger()


@pytest.mark.parametrize("version", ["202401", "202613", "209912", "2026", "latest"])
def test_04_the_sandbox_serves_no_version_out_of_its_year(version: str) -> None:
    headers = {"authorization": f"Bearer {SandboxAccount('linkedin', 'li').access_token}", "linkedin-version": version}
    headers |= {"x-restli-protocol-version": "2.0.0"}
    call = Call("GET", "api.linkedin.com", "/rest/organizationAcls", headers=headers)
    assert respond(World().platforms["linkedin"], call).status == 426


@pytest.mark.parametrize("tags", [["<3 games"], ["x > y"]])
def test_37_youtube_takes_no_angle_brackets_in_tags_either(tags: list[str]) -> None:
    [problem] = validate_content("youtube", content("t", video()), {"tags": tags})
    assert (problem.rule, problem.field) == ("youtube.angle_brackets", "options.tags.0")


def test_49_a_file_that_was_compressed_unasked_is_unpacked() -> None:
    file = photo(1080, 1080) + bytes(300_000)
    packed = gzip.compress(file)
    for encoding in ("gzip", "x-gzip", " GZIP "):
        cut = [packed[n : n + 100] for n in range(0, len(packed), 100)]
        assert b"".join(unpacked(iter(cut), encoding)) == file


def test_49_in_pieces_as_a_small_answer_may_unpack_into_a_large_one() -> None:
    bomb = gzip.compress(bytes(200 << 20))
    largest = 0
    for piece in unpacked(iter([bomb]), "gzip"):
        largest = max(largest, len(piece))
    assert largest <= 1 << 20


@pytest.mark.parametrize(
    ("content_encoding", "body", "error"),
    [("br", b"x", FetchRefused), ("gzip", b"no gzip", FetchRefused), ("gzip", gzip.compress(b"x" * 1000)[:-20], FetchFailed)],
)
def test_49_or_refused_for_that_reason(content_encoding: str, body: bytes, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"Content-Encoding|broke off"):
        b"".join(unpacked(iter([body]), content_encoding))


@pytest.mark.parametrize("platform", ["youtube", "x"])
def test_50_a_film_of_an_old_camera_is_one(world: World, platform: str) -> None:
    assert error_after(world, platform, film(brand=b"")) == {}


def test_52_an_address_with_a_token_of_kilobytes_is_taken(world: World) -> None:
    key = world.user()
    address = "https://files.test/a.jpg?X-Amz-Security-Token=" + "A" * 4000
    world.fetcher.pages[address] = photo(1080, 1080)
    submission = world.accepted(key, {"text": "t", "imageUrls": [address]})
    world.run_for(60)
    assert world.run(submission)["status"] == "succeeded"


def test_53_an_address_that_is_good_for_a_while_is_asked_meanwhile(world: World) -> None:
    key = world.user()
    world.fetcher.pages[URL] = photo(1080, 1080)
    due = (world.clock.now() + timedelta(seconds=85)).isoformat()
    submission = world.accepted(key, {"text": "t", "imageUrls": [URL]}, scheduledTime=due)
    world.run_for(40)
    world.fetcher.pages[URL] = FetchRefused("the address answered 403")
    world.run_for(120)
    assert world.run(submission)["status"] == "succeeded"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.webp", "image"),
        ("a.jfif", "image"),
        ("a.mkv", "video"),
        ("a.m4v", "video"),
        ("a.MOV", "video"),
        ("a.mp3", "audio"),
        ("a", "unknown"),
    ],
)
def test_57_what_a_name_hints_at_is_the_same_on_every_machine(name: str, kind: str) -> None:
    assert hinted_kind(f"https://files.test/{name}?x=.jpg") == kind


@pytest.mark.parametrize(
    ("name", "file", "platform"),
    [("a.png", photo(1080, 1080), "instagram"), ("a.jpg", drawing(1080, 1080), "facebook"), ("a.mov", film(), "linkedin")],
)
def test_57_and_is_no_fact(world: World, name: str, file: bytes, platform: str) -> None:
    key = world.user(connect=(f"{platform}:main",))
    world.fetcher.pages[f"https://files.test/{name}"] = file if platform != "linkedin" else file + bytes(80_000)
    submission = world.accepted(key, {"platform": platform, "text": "t", "mediaUrls": [f"https://files.test/{name}"]})
    world.run_for(900)
    assert world.run(submission, platform)["status"] == "succeeded"


# Files that an older version measured


def test_an_upload_that_an_older_version_measured_is_measured_again_on_first_use(world: World) -> None:
    key = world.user(connect=("tiktok:main",))
    world.storage.objects["media/old.mp4"] = film(rate=12)
    old = stored_as("video/mp4", len(film(rate=12)), width=540, height=960).to_fields()
    world.memory.commit(Create("media/old", {**old, "uid": "ada", "storagePath": "media/old.mp4"}))
    submission = world.accepted(key, {"platform": "tiktok", "text": "t", "mediaIds": ["old"]})
    world.run_for(60)
    measured = world.document("media/old").fields
    assert (measured["measuredBy"], measured["width"], round(measured["frameRate"])) == (VERSION, 1080, 12)
    assert world.run(submission, "tiktok")["error"]["rule"] == "tiktok.video_frame_rate"


def test_and_not_again_on_the_second(world: World) -> None:
    key = world.user(connect=("tiktok:main",))
    world.storage.objects["media/old.mp4"] = film()
    facts = {"width": 1080, "height": 1920, "duration_seconds": 6.0, "frame_rate": 30.0, "video_codec": "AVC"}
    old = stored_as("video/mp4", len(film()), measured_by=VERSION, **facts)
    world.memory.commit(Create("media/old", {**old.to_fields(), "uid": "ada", "storagePath": "media/old.mp4"}))
    world.accepted(key, {"platform": "tiktok", "text": "t", "mediaIds": ["old"]})
    assert [task.queue.target for task in world.tasks.waiting] == ["orchestrator"]


def test_what_cannot_be_measured_is_refused_by_the_version_that_looked(world: World) -> None:
    key = world.user(connect=("instagram:main",))
    world.storage.objects["media/old.jpg"] = b"\xff\xd8\xff\xe0" + bytes(3000)
    old = stored_as("image/jpeg", 3004, width=1080, height=1080).to_fields()
    world.memory.commit(Create("media/old", {**old, "uid": "ada", "storagePath": "media/old.jpg"}))
    submission = world.accepted(key, {"platform": "instagram", "text": "t", "mediaIds": ["old"]})
    world.run_for(60)
    assert world.run(submission, "instagram")["error"]["rule"] == "instagram.image_unreadable"
