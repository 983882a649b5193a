"""What a file really is."""

import pytest

from shared.media.measure import content_type_of, dimensions_of
from tests.fakes.world import MEDIA


@pytest.mark.parametrize(
    ("name", "content_type", "dimensions"),
    [
        ("photo.jpg", "image/jpeg", (1080, 1350)),
        ("photo.png", "image/png", (640, 640)),
        ("video.mp4", "video/mp4", None),
        ("podcast.mp3", "audio/mpeg", None),
    ],
)
def test_sample_files(name: str, content_type: str, dimensions: tuple[int, int] | None) -> None:
    head = (MEDIA / name).read_bytes()
    assert content_type_of(head) == content_type
    assert dimensions_of(head, content_type) == dimensions


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
