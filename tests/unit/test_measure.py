"""What a file really is, and what measuring it may cost."""

import resource
import time

import pytest

from shared.media import measure
from shared.media.measure import Measured, ProcessMeasurer, Unmeasurable
from shared.media.sniff import content_type_of
from shared.media.storage import StorageUnavailable
from tests.fakes.films import Fragmented, film_with, gif, photo
from tests.fakes.world import MEDIA


def measured(content: bytes, content_type: str | None = None) -> Measured:
    type_ = content_type or content_type_of(content)
    assert type_ is not None
    return ProcessMeasurer().measure(lambda offset, length: content[offset : offset + length], len(content), type_)


@pytest.mark.parametrize(
    ("name", "content_type", "facts"),
    [
        ("photo.jpg", "image/jpeg", Measured(1080, 1350)),
        ("photo.png", "image/png", Measured(640, 640)),
        ("video.mp4", "video/mp4", Measured(1280, 720, 4.0, 30.0, "AVC", "AAC", "4:2:0")),
        ("vertical.mp4", "video/mp4", Measured(540, 960, 6.0, 30.0, "AVC", "AAC", "4:2:0")),
        ("podcast.mp3", "audio/mpeg", Measured(duration_seconds=8.592, audio_codec="MPEG Audio")),
    ],
)
def test_sample_files(name: str, content_type: str, facts: Measured) -> None:
    content = (MEDIA / name).read_bytes()
    assert content_type_of(content) == content_type
    assert measured(content) == facts


@pytest.mark.parametrize("frames", [1, 3, 400])
def test_the_pictures_of_a_gif_are_counted(frames: int) -> None:
    assert measured(gif(frames)) == Measured(2, 2, frames=frames)


@pytest.mark.parametrize(
    ("head", "why"),
    [
        (b"<!DOCTYPE html><script>alert(1)</script>", "a page"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "a picture that is a program"),
        (b"%PDF-1.7", "a document"),
        (b"MZ\x90\x00", "a program"),
        (b"", "nothing"),
        (b"hello", "text"),
    ],
)
def test_what_is_not_stored(head: bytes, why: str) -> None:
    assert content_type_of(head) is None, why


@pytest.mark.parametrize("brand", [b"M4V ", b"mp42", b"iso5", b"avc1"])
def test_every_brand_of_mp4_is_known(brand: bytes) -> None:
    assert content_type_of(b"\x00\x00\x00\x20ftyp" + brand + b"\x00" * 20) == "video/mp4"


@pytest.mark.parametrize("box", [b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"])
def test_quicktime_files_without_a_brand_are_known(box: bytes) -> None:
    assert content_type_of(b"\x00\x00\x00\x08" + box + b"\x00" * 20) == "video/quicktime"


@pytest.mark.parametrize("fragments", [1, 30, 400])
def test_films_in_fragments_are_measured_with_few_and_small_readings(fragments: int) -> None:
    """As screen recorders and streaming tools write them: a head, and then each two seconds with a head of their own."""
    sparse = Fragmented(fragments, each_bytes=2 << 20)
    readings: list[int] = []

    def read(offset: int, length: int) -> bytes:
        readings.append(length)
        return sparse.read(offset, length)

    found = ProcessMeasurer().measure(read, sparse.size_bytes, "video/mp4")
    assert (found.width, found.height, found.video_codec) == (1080, 1920, "AVC")
    assert found.duration_seconds == pytest.approx(2 * fragments, rel=0.02)
    assert len(readings) <= fragments + 20
    assert sum(readings) <= (6 << 20) + fragments * (48 << 10)


# Files that are made to do harm


def test_an_edit_list_of_four_thousand_million_entries_takes_no_memory_of_ours() -> None:
    began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert measured(film_with(0xFF000001), "video/mp4").width is None
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - began < 16 << 10


MISBEHAVING = {
    "dies": "raise SystemExit(1)",
    "takes memory": "limit_memory_and_time(); bytes(300 << 20)",
    "sleeps": "import time; time.sleep(60)",
    "says nothing that makes sense": "print('hello', flush=True)",
    "says too much": "print('DONE ' + '[' * 100_000, flush=True)",
    "asks for what is not there": "print('READ 0 999999999', flush=True); import time; time.sleep(60)",
    "asks and does not listen": "print('READ 0 100000', flush=True); import time; time.sleep(60)",
    "asks for ever": "import sys\nwhile True: print('READ 0 65536', flush=True); sys.stdin.buffer.read(65536)",
}


@pytest.mark.parametrize("how", MISBEHAVING)
def test_a_process_that_misbehaves_is_tried_twice_and_then_the_file_is_refused(
    how: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    program = tmp_path_factory.mktemp("program") / "measuring.py"
    started = program.with_name("started")
    limits = measure.PROGRAM.read_text().rpartition("if __name__")[0]
    program.write_text(f"{limits}\nopen({str(started)!r}, 'a').write('x')\n{MISBEHAVING[how]}")
    monkeypatch.setattr(measure, "PROGRAM", program)
    monkeypatch.setattr(measure, "WALL_SECONDS", 0.5)
    began = time.monotonic()
    with pytest.raises(Unmeasurable):
        measured(bytes(1 << 20), "video/mp4")
    assert started.read_text() == "xx"
    assert time.monotonic() - began < 20


def test_it_has_no_environment_no_network_and_no_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    program = tmp_path_factory.mktemp("program") / "measuring.py"
    trying = (
        "import os, socket, sys\n"
        "def refused(call):\n"
        "    try: call()\n"
        "    except OSError: return 1\n"
        "    return 9\n"
        "forbid_files_and_network()\n"
        "os.close(2)\n"
        "facts = {'width': 1 + len([n for n in os.environ if n != 'LC_CTYPE']), 'height': refused(socket.socket),\n"
        "         'frames': refused(lambda: open('/etc/passwd'))}\n"
        "print('DONE ' + json.dumps(facts), flush=True)\n"
    )
    program.write_text(measure.PROGRAM.read_text().rpartition("if __name__")[0] + trying)
    monkeypatch.setattr(measure, "PROGRAM", program)
    monkeypatch.setenv("SOKU_TOKEN_KEYS", "secret")
    assert measured(bytes(100), "image/gif") == Measured(1, 1, frames=1)


def test_a_storage_that_is_slow_is_told_as_that_however_small_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "WALL_SECONDS", 0.5)

    def slow(offset: int, length: int) -> bytes:
        time.sleep(0.6)
        return bytes(length)

    with pytest.raises(StorageUnavailable):
        ProcessMeasurer().measure(slow, 3000, "video/mp4")


def test_whoever_waits_for_a_measuring_to_end_is_asked_to_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "HOLD_SECONDS", 0.01)
    measurer, held = ProcessMeasurer(), list[int]()
    slots = vars(measurer)["_slots"]
    for _ in range(measure.AT_ONCE):
        slots.acquire()

    def hold() -> None:
        held.append(1)
        if len(held) == 3:
            slots.release()

    content = gif(1)
    measurer.measure(lambda offset, length: content[offset : offset + length], len(content), "image/gif", hold)
    assert len(held) >= 4


LIES = {
    "width": -5,
    "height": float("inf"),
    "durationSeconds": "long",
    "videoCodec": "A" * 1000,
    "chroma": "\x1b[31m",
    "frames": True,
}


def test_what_it_says_is_believed_only_where_it_can_be_true(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    program = tmp_path_factory.mktemp("program") / "measuring.py"
    program.write_text(f"import json\nprint('DONE ' + json.dumps({LIES!r}".replace("inf,", "float('inf'),") + "), flush=True)")
    monkeypatch.setattr(measure, "PROGRAM", program)
    assert measured(bytes(100), "video/mp4") == Measured()


def test_our_storages_failure_is_not_the_files() -> None:
    def unavailable(offset: int, length: int) -> bytes:
        raise StorageUnavailable("down")

    with pytest.raises(StorageUnavailable):
        ProcessMeasurer().measure(unavailable, 1000, "video/mp4")


@pytest.mark.parametrize("piece", [1, 4096, 1 << 16, 1 << 20])
def test_measuring_does_not_depend_on_how_much_is_read_at_once(piece: int) -> None:
    """300 kB of metadata stand before the size of the picture."""
    content = photo(1600, 400, metadata=300_000)
    read: list[int] = []

    def reading(offset: int, length: int) -> bytes:
        read.append(length)
        return content[offset : offset + length]

    window, measure.LARGEST_WINDOW_BYTES = measure.LARGEST_WINDOW_BYTES, piece
    try:
        assert ProcessMeasurer().measure(reading, len(content), "image/jpeg") == Measured(1600, 400)
    finally:
        measure.LARGEST_WINDOW_BYTES = window
    assert sum(read) <= 2 * len(content)
