"""Large files: cut as each platform wants it, whole when they arrive, never whole in memory, and gone on with after a break."""

import hashlib
import random
from itertools import pairwise

import pytest

from shared.http.client import HttpRequest
from shared.platforms.failure import PlatformFailure
from shared.platforms.snapchat.upload import _path as snapchat_path
from shared.platforms.snapchat.upload import encrypted_parts
from shared.platforms.tiktok.upload import Chunks
from tests.fakes.outside import KnownMeasurer
from tests.fakes.world import World
from tests.platforms.drafts import stored

BIG = "https://example.com/big.mp4"
VIDEO = b"\0\0\0\x18ftypisom" + random.Random(1).randbytes(44_999_988)
DIGEST = f"sha256:{hashlib.sha256(VIDEO).hexdigest()}"
MOST_AT_ONCE = 20 << 20
# platform → where its pieces go, and how many there are of 45 MB
PIECES = {
    "x": ("/append", 11),
    "tiktok": ("/video/?upload_id=", 4),
    "youtube": ("/videos?upload_id=", 6),
    "linkedin": ("/dms-uploads/video/", 11),
    "snapchat": ("/multipart-upload", 7),
}


class Watched:
    """Storage that remembers the longest stretch that was asked for."""

    def __init__(self, world: World) -> None:
        self._storage, self.longest = world.storage, 0

    def read(self, path: str, start: int = 0, length: int | None = None) -> bytes:
        content = self._storage.read(path, start, length)
        self.longest = max(self.longest, len(content))
        return content

    def __getattr__(self, name: str) -> object:
        return getattr(self._storage, name)


def body_of(request: HttpRequest) -> int:
    return len(request.content or b"") + sum(len(part.content) for part in (request.parts or {}).values())


def published(platform: str, *faults: tuple[str, str]) -> tuple[World, Watched]:
    world = World()
    world.fetcher.pages[BIG] = VIDEO
    watched = Watched(world)
    world.replace_publishing(storage=watched)
    world.replace_ingesting(measurer=KnownMeasurer())
    world.sandbox.measure = None
    key = world.user(connect=(f"{platform}:main",))
    for step, kind in faults:
        world.fail(platform, step, kind)
    submission = world.accepted(key, {"text": "big", "videoUrl": BIG, "platform": platform})
    world.run_for(3600)
    assert world.run(submission, platform)["status"] == "succeeded", world.run(submission, platform)
    [entry] = world.sandbox.ledger
    assert entry.media == (DIGEST,)
    return world, watched


@pytest.mark.parametrize("platform", PIECES)
def test_a_large_video_arrives_whole_in_pieces(platform: str) -> None:
    world, watched = published(platform)
    address, number = PIECES[platform]
    pieces = [request for request in world.http.sent if address in request.url]
    assert len(pieces) == number
    assert watched.longest <= MOST_AT_ONCE
    assert max(body_of(request) for request in world.http.sent) <= MOST_AT_ONCE


@pytest.mark.parametrize(
    ("platform", "step", "kind"),
    [
        ("x", "append", "reset_before"),
        ("x", "append", "reset_after"),
        ("tiktok", "upload", "reset_before"),
        ("tiktok", "upload", "reset_after"),
        ("youtube", "upload", "reset_before"),
        ("youtube", "upload", "reset_after"),
        ("linkedin", "part", "reset_after"),
        ("snapchat", "upload", "server_error_before"),
    ],
)
def test_a_broken_upload_ends_with_one_whole_video(platform: str, step: str, kind: str) -> None:
    world, _ = published(platform, (step, kind))
    address, number = PIECES[platform]
    pieces = sum(address in request.url for request in world.http.sent)
    # YouTube is asked what it has: the question goes to the same address, and so may a piece that is sent again.
    assert number < pieces <= 2 * number


def test_what_youtube_has_is_not_sent_again() -> None:
    world, _ = published("youtube", ("upload", "reset_after"))
    sent = [request.headers["Content-Range"] for request in world.http.sent if "/videos?upload_id=" in request.url]
    assert sent.count("bytes 0-8388607/45000000") == 1
    assert "bytes */45000000" in sent


@pytest.mark.parametrize("size", [1, 5_000_000, 9_999_999, 10_000_000, 19_999_999, 20_000_000, 64_000_001, 4_096_000_000])
def test_tiktok_chunks_cover_the_file_without_a_gap_and_within_its_limits(size: int) -> None:
    chunks = Chunks.of(size)
    ranges = [chunks.range(index) for index in range(chunks.count)]
    assert ranges[0][0] == 0
    assert ranges[-1][1] == size - 1
    assert all(before[1] + 1 == after[0] for before, after in pairwise(ranges))
    lengths = [last - first + 1 for first, last in ranges]
    assert all(5_000_000 <= length <= 64_000_000 for length in lengths[:-1])
    assert lengths[-1] <= (64_000_000 if chunks.count == 1 else 128_000_000)
    assert chunks.count == size // chunks.chunk_bytes


class Nothing:
    """A file of zeros, of any size, that is nowhere."""

    def __init__(self) -> None:
        self.longest = 0

    def read(self, path: str, start: int = 0, length: int | None = None) -> bytes:
        assert length is not None
        self.longest = max(self.longest, length)
        return bytes(length)


@pytest.mark.parametrize("size", [1, 15, 16, 8 << 20, (8 << 20) + 1, 280 << 20, 500 << 20])
def test_snapchat_gets_at_most_35_parts_of_at_most_32_mb_that_decrypt_to_the_whole_length(size: int) -> None:
    storage = Nothing()
    lengths = [len(part) for part in encrypted_parts(storage, stored("video/mp4", size), bytes(32), bytes(16))]  # type: ignore[arg-type]
    assert len(lengths) <= 35
    assert max(lengths) <= 32_000_000
    assert sum(lengths) == size // 16 * 16 + 16


API = "https://businessapi.snapchat.com"


@pytest.mark.parametrize(
    ("named", "path"), [("/us/v1/a", "/us/v1/a"), ("us/v1/a", "/us/v1/a"), (f"{API}/us/v1/a?x=1", "/us/v1/a?x=1")]
)
def test_snapchat_names_a_path_in_three_ways(named: str, path: str) -> None:
    assert snapchat_path(named) == path


@pytest.mark.parametrize("named", [None, "", 7, "//evil.test/a", "https://evil.test/a", f"{API}.evil.test/a", f"http{API[5:]}/a"])
def test_snapchats_files_go_nowhere_else(named: object) -> None:
    with pytest.raises(PlatformFailure):
        snapchat_path(named)
