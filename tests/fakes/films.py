"""Small files of every kind, made to measure: what their headers say is true, their pictures are nothing."""

import struct
import zlib

# Of 16 bytes: a slice of H.264, as far as anybody looks into it.
PICTURE = b"\0\0\0\x0c\x65\x88\x84\0" + bytes(8)


def box(name: bytes, *content: bytes) -> bytes:
    inside = b"".join(content)
    return struct.pack(">I", 8 + len(inside)) + name + inside


def full(name: bytes, *content: bytes, flags: int = 0) -> bytes:
    """A box with a version and flags."""
    return box(name, struct.pack(">I", flags), *content)


def film(
    width: int = 1080, height: int = 1920, *, seconds: float = 6.0, rate: float = 30.0, picture: bool = True, brand: bytes = b"isom"
) -> bytes:
    """An MP4 of H.264 (ISO/IEC 14496-12), or of sound only; without a `brand` a QuickTime file as old cameras made them."""
    frames = max(1, round(seconds * rate))
    media = PICTURE * frames
    kind = _picture(width, height, frames, rate) if picture else _sound(seconds, frames)
    head = box(b"ftyp", brand, bytes(4), brand, b"avc1") if brand else box(b"wide")
    length = round(seconds * 1000)
    matrix = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    movie = full(b"mvhd", struct.pack(">4I", 0, 0, 1000, length), b"\0\1\0\0\1\0" + bytes(10), matrix, bytes(24), b"\0\0\0\2")
    sides = struct.pack(">II", width << 16, height << 16) if picture else bytes(8)
    track = full(b"tkhd", struct.pack(">5I", 0, 0, 1, 0, length), bytes(16), matrix, sides, flags=7)
    handler = b"vide" if picture else b"soun"
    mdhd = full(b"mdhd", struct.pack(">4I", 0, 0, 1000, length), b"\x55\xc4\0\0")
    hdlr = full(b"hdlr", bytes(4), handler, bytes(12), b"handler\0")
    data = full(b"dref", struct.pack(">I", 1), full(b"url ", flags=1))
    minf = box(b"minf", full(b"vmhd", bytes(8), flags=1) if picture else full(b"smhd", bytes(4)), box(b"dinf", data), kind)
    moov = box(b"moov", movie, box(b"trak", track, box(b"mdia", mdhd, hdlr, minf)))
    return head + moov + box(b"mdat", media)


def _picture(width: int, height: int, frames: int, rate: float) -> bytes:
    parameters = _sequence(width, height), b"\x68\xce\x3c\x80"
    avcc = box(
        b"avcC",
        b"\1\x42\0\x1f\xff\xe1",
        struct.pack(">H", len(parameters[0])),
        parameters[0],
        b"\1",
        struct.pack(">H", len(parameters[1])),
        parameters[1],
    )
    entry = box(
        b"avc1",
        bytes(6) + b"\0\1" + bytes(16),
        struct.pack(">HH", width, height),
        b"\0\x48\0\0\0\x48\0\0" + bytes(4) + b"\0\1" + bytes(32) + b"\0\x18\xff\xff",
        avcc,
    )
    return _samples(entry, frames, max(1, round(1000 / rate)))


def _sequence(width: int, height: int) -> bytes:
    """A sequence parameter set of the baseline profile, whose chroma is 4:2:0 (ITU-T H.264, 7.3.2.1.1)."""

    def ue(number: int) -> str:
        digits = f"{number + 1:b}"
        return "0" * (len(digits) - 1) + digits

    across, down = -(-width // 16), -(-height // 16)
    crop = [0, (across * 16 - width) // 2, 0, (down * 16 - height) // 2]
    bits = "".join(map(ue, (0, 0, 2, 1))) + "0" + ue(across - 1) + ue(down - 1) + "11"
    bits += ("1" + "".join(map(ue, crop)) if any(crop) else "0") + "0" + "1"
    bits += "0" * (-len(bits) % 8)
    return b"\x67\x42\0\x1f" + int(bits, 2).to_bytes(len(bits) // 8, "big")


def _sound(seconds: float, frames: int) -> bytes:
    entry = box(b"mp4a", bytes(6) + b"\0\1" + bytes(8) + struct.pack(">HHHHI", 2, 16, 0, 0, 44100 << 16))
    return _samples(entry, frames, max(1, round(seconds * 1000 / frames)))


def _samples(entry: bytes, number: int, each: int) -> bytes:
    return box(
        b"stbl",
        full(b"stsd", struct.pack(">I", 1), entry),
        full(b"stts", struct.pack(">3I", 1, number, each)),
        full(b"stsc", struct.pack(">4I", 1, 1, number, 1)),
        full(b"stsz", struct.pack(">2I", 16, number)),
        full(b"stco", struct.pack(">2I", 1, 0)),
    )


class Fragmented:
    """A film of `number` fragments of two seconds, each with so many bytes of pictures, which are zeros and kept nowhere."""

    def __init__(self, number: int, each_bytes: int) -> None:
        frames = 60
        stbl = _picture(1080, 1920, 1, 30.0)
        start = stbl.index(b"stsd") - 4
        stsd = stbl[start : start + struct.unpack(">I", stbl[start : start + 4])[0]]
        empty = box(
            b"stbl", stsd, full(b"stts", bytes(4)), full(b"stsc", bytes(4)), full(b"stsz", bytes(8)), full(b"stco", bytes(4))
        )
        matrix = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
        movie = full(b"mvhd", struct.pack(">4I", 0, 0, 1000, 0), b"\0\1\0\0\1\0" + bytes(10), matrix, bytes(24), b"\0\0\0\2")
        sides = struct.pack(">II", 1080 << 16, 1920 << 16)
        track = full(b"tkhd", struct.pack(">5I", 0, 0, 1, 0, 0), bytes(16), matrix, sides, flags=7)
        mdhd = full(b"mdhd", struct.pack(">4I", 0, 0, 1000, 0), b"\x55\xc4\0\0")
        hdlr = full(b"hdlr", bytes(4), b"vide", bytes(12), b"handler\0")
        data = full(b"dref", struct.pack(">I", 1), full(b"url ", flags=1))
        minf = box(b"minf", full(b"vmhd", bytes(8), flags=1), box(b"dinf", data), empty)
        defaults = box(b"mvex", full(b"trex", struct.pack(">5I", 1, 1, 33, 0, 0)))
        head = box(b"ftyp", b"iso5", bytes(4), b"iso5", b"iso6", b"mp41")
        head += box(b"moov", movie, box(b"trak", track, box(b"mdia", mdhd, hdlr, minf)), defaults)
        sizes = b"".join(struct.pack(">II", 33, each_bytes // frames) for _ in range(frames))
        self._pieces = [(0, head)]
        self.size_bytes = len(head)
        for n in range(number):
            header = self._moof(n, frames, sizes, 0)
            header = self._moof(n, frames, sizes, len(header) + 8)
            pictures = each_bytes // frames * frames
            self._pieces.append((self.size_bytes, header + struct.pack(">I", 8 + pictures) + b"mdat"))
            self.size_bytes += len(header) + 8 + pictures

    @staticmethod
    def _moof(number: int, frames: int, sizes: bytes, offset: int) -> bytes:
        header = full(b"tfhd", struct.pack(">I", 1), flags=0x020000)
        start = full(b"tfdt", struct.pack(">I", number * 2000))
        run = full(b"trun", struct.pack(">Ii", frames, offset), sizes, flags=0x301)
        return box(b"moof", full(b"mfhd", struct.pack(">I", number + 1)), box(b"traf", header, start, run))

    def read(self, offset: int, length: int) -> bytes:
        found = bytearray(length)
        for at, piece in self._pieces:
            start, end = max(at, offset), min(at + len(piece), offset + length)
            if start < end:
                found[start - offset : end - offset] = piece[start - at : end - at]
        return bytes(found)


def film_with(entries: int) -> bytes:
    """An MP4 whose edit list says that it has so many entries, and has none."""
    edits = box(b"elst", bytes(4) + struct.pack(">I", entries) + bytes(24))
    head = full(b"mvhd", bytes(8) + struct.pack(">II", 1000, 4000) + b"\0\1\0\0" + bytes(76) + struct.pack(">I", 2))
    track = box(b"trak", box(b"tkhd", b"\0\0\0\7" + bytes(8) + struct.pack(">II", 1, 0) + bytes(68)), box(b"edts", edits))
    return box(b"ftyp", b"isom\0\0\2\0isomiso2") + box(b"moov", head, track) + box(b"mdat", bytes(8))


def photo(width: int, height: int, *, metadata: int = 0) -> bytes:
    """A JPEG, its size after so many bytes of metadata."""
    segment = b"\xff\xe1" + struct.pack(">H", 60_002) + bytes(60_000)
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes(9)
    return b"\xff\xd8" + segment * (metadata // 60_000) + frame + b"\xff\xd9"


def drawing(width: int, height: int) -> bytes:
    """A PNG."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes(3 * width)) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def gif(frames: int, width: int = 2, height: int = 2) -> bytes:
    colours = b"\0\0\0\xff\xff\xff"
    picture = b"\x2c" + struct.pack("<HHHH", 0, 0, 2, 2) + b"\x80" + colours + b"\x02\x03\x44\x02\x05\0"
    paused = b"\x21\xf9\x04\0\x0a\0\0\0"
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0" + colours + (paused + picture) * frames + b"\x3b"
