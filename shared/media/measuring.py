"""The program that measures one file, alone in a process: strangers' bytes, and libraries in C, meet here and nowhere else.

Started by shared/media/measure.py as `python -I -S measuring.py SIZE CONTENT_TYPE FOLDER…`; it imports nothing of Soku's. It limits
itself first, then asks for what it needs to see of the file and says what it found:

    → READ offset length        ← so many bytes
    → DONE {"width": 1080, …}
"""

import json
import resource
import sys
from io import SEEK_CUR, SEEK_END
from typing import Any, BinaryIO

ADDRESS_SPACE_BYTES = 256 << 20
CPU_SECONDS = 10
# What is asked for at once: little, as libraries look at a header and jump on (a fragmented film has hundreds). The other side
# reads ahead where reading goes on.
PIECE_BYTES = 16 << 10
_PICTURE, _EXTENSION = 0x2C, 0x21


def limit_memory_and_time() -> None:
    # Elsewhere than on Linux the address space of a process cannot be limited.
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def forbid_files_and_network() -> None:
    """Nothing can be opened any more, a socket included, not even in place of something that is closed; what is open stays."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


class AskedFile:
    """The file as libraries read one; every byte comes from the other side of the pipe."""

    mode = "rb"

    def __init__(self, size_bytes: int, questions: BinaryIO, answers: BinaryIO) -> None:
        self._size, self._questions, self._answers = size_bytes, questions, answers
        self._position = 0
        self._start, self._piece = 0, b""

    def read(self, length: int = -1) -> bytes:
        end = self._size if length < 0 else min(self._position + length, self._size)
        found = bytearray()
        while self._position < end:
            at = self._position - self._start
            if not 0 <= at < len(self._piece):
                self._start, at = self._position, 0
                self._piece = self._ask(self._position, min(PIECE_BYTES, self._size - self._position))
            taken = self._piece[at : at + end - self._position]
            found += taken
            self._position += len(taken)
        return bytes(found)

    def _ask(self, offset: int, length: int) -> bytes:
        self._questions.write(b"READ %d %d\n" % (offset, length))
        self._questions.flush()
        piece = self._answers.read(length)
        if len(piece) < length:
            # Whoever started this program is gone, or has seen enough.
            sys.exit(1)
        return piece

    def seek(self, offset: int, whence: int = 0) -> int:
        origin = {SEEK_CUR: self._position, SEEK_END: self._size}.get(whence, 0)
        self._position = max(0, origin + offset)
        return self._position

    def tell(self) -> int:
        return self._position


def measure_image(file: Any, content_type: str) -> dict[str, Any]:
    import imagesize

    forbid_files_and_network()
    width, height = imagesize.get(file)
    facts = {"width": int(width), "height": int(height)} if width > 0 and height > 0 else {}
    return {**facts, "frames": frames_of_gif(file)} if content_type == "image/gif" else facts


def frames_of_gif(file: Any) -> int:
    """How many pictures a GIF shows, by walking over its blocks (GIF89a specification, sections 12 and 18 to 27)."""
    file.seek(10)
    _skip_colours(file, file.read(1), 2)
    frames = 0
    while marker := file.read(1):
        if marker[0] == _PICTURE:
            frames += 1
            _skip_colours(file, file.read(9)[8:], 0)
            file.seek(1, SEEK_CUR)
        elif marker[0] == _EXTENSION:
            file.seek(1, SEEK_CUR)
        else:
            break
        while (length := file.read(1)) and length[0]:
            file.seek(length[0], SEEK_CUR)
    return frames


def _skip_colours(file: Any, packed: bytes, more: int) -> None:
    """A table of colours, where the packed byte says that there is one, and `more` bytes before it."""
    entries = 2 << (packed[0] & 7) if packed and packed[0] & 0x80 else 0
    file.seek(more + 3 * entries, SEEK_CUR)


def measure_playable(file: Any, content_type: str) -> dict[str, Any]:
    from pymediainfo import MediaInfo

    # Loads the library, after which nothing needs to be opened.
    MediaInfo.can_parse()
    forbid_files_and_network()
    # Speed 0 is no look at a film's pictures themselves, which tell nothing more of what is asked here. A sound's tell its length.
    speed = 0 if content_type.startswith("video/") else 0.5
    found = json.loads(MediaInfo.parse(file, output="JSON", parse_speed=speed, buffer_size=PIECE_BYTES))
    tracks = ((found or {}).get("media") or {}).get("track") or []
    kinds: dict[str, Any] = {}
    for track in tracks:
        kinds.setdefault(track.get("@type"), track)
    general, video, audio = (kinds.get(name) or {} for name in ("General", "Video", "Audio"))
    seconds = _number(general.get("Duration")) or _number(video.get("Duration"))
    facts = {
        "durationSeconds": seconds,
        "frameRate": _number(video.get("FrameRate")) or _rate(video, seconds),
        "videoCodec": video.get("Format"),
        "audioCodec": audio.get("Format"),
        "chroma": video.get("ChromaSubsampling"),
    }
    sides = _number(video.get("Width")), _number(video.get("Height"))
    if all(sides):
        width, height = (int(side or 0) for side in sides)
        is_turned = (_number(video.get("Rotation")) or 0) % 180 == 90
        facts |= {"width": height if is_turned else width, "height": width if is_turned else height}
    return {name: value for name, value in facts.items() if value}


def _rate(video: dict[str, Any], seconds: float | None) -> float | None:
    frames = _number(video.get("FrameCount"))
    return round(frames / seconds, 3) if frames and seconds else None


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def main() -> None:
    limit_memory_and_time()
    size_bytes, content_type = int(sys.argv[1]), sys.argv[2]
    sys.path[:0] = sys.argv[3:]
    file = AskedFile(size_bytes, sys.stdout.buffer, sys.stdin.buffer)
    try:
        facts = measure_image(file, content_type) if content_type.startswith("image/") else measure_playable(file, content_type)
    except (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError):
        # Broken beyond reading, for this library: nothing is known of it.
        facts = {}
    sys.stdout.buffer.write(b"DONE " + json.dumps(facts).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
