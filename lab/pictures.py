"""Small pictures that are made to cost a decoder much time or memory. `lab.hostile` and the tests use them."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable, Iterable

PNG = b"\x89PNG\r\n\x1a\n"
Images = list[tuple[str, bytes]]
"""The declared subtype and the content of each file."""
_RUN = "0" + "1" * 14  # the code of EOB14 and its bits: a run of 32,767 blocks without a coefficient
_BLOCKS_OF_A_RUN = 32_767


def segment(code: int, body: bytes) -> bytes:
    """One segment of a JPEG."""
    return bytes([0xFF, code]) + struct.pack(">H", len(body) + 2) + body


def progressive(width: int, height: int, components: int, scans: int, data: bytes = b"") -> bytes:
    """A progressive JPEG of so many pixels, with so many scans, each with this data."""
    ids = bytes(range(1, components + 1))
    frame = struct.pack(">BHHB", 8, height, width, components) + b"".join(
        bytes([each, 0x11, 0]) for each in ids
    )
    tables = segment(0xC4, b"\0\1" + bytes(15) + b"\0") + segment(0xC4, b"\x10\0\2" + bytes(14) + b"\xe0\0")
    head = b"\xff\xd8" + segment(0xDB, b"\0" + b"\1" * 64) + segment(0xC2, frame) + tables
    first = segment(0xDA, bytes([components]) + b"".join(bytes([each, 0]) for each in ids) + bytes(3))
    others = (
        segment(0xDA, bytes([1, ids[number % components], 0, 1, 63, 0])) + data for number in range(scans - 1)
    )
    return head + first + b"".join(others) + b"\xff\xd9"


def runs(width: int, height: int) -> bytes:
    """The data of a scan in which every block is empty."""
    blocks = -(-width // 8) * -(-height // 8)
    bits = _RUN * (blocks // _BLOCKS_OF_A_RUN + 1)
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")


def chunk(name: bytes, body: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, pixels: bytes, kind: int = 6, before: Iterable[bytes] = ()) -> bytes:
    """A PNG with eight bits per channel. `pixels` are its lines, each after its filter byte; `kind` is the colour type:
    6 for four channels, 0 for grey. `before` are chunks between header and data."""
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(pixels, 9))
    return PNG + chunk(b"IHDR", header) + b"".join(before) + data + chunk(b"IEND", b"")


def texts(count: int) -> bytes:
    """A small PNG with so many compressed texts of a million characters. One character of each needs four bytes, so
    Python stores all of them in four bytes."""
    text = zlib.compress("😀".encode() + b"x" * 1_000_000, 9)
    before = (chunk(b"iTXt", b"Comment %d\0\1\0\0\0" % number + text) for number in range(count))
    return png(64, 64, (b"\0" + b"\xff" * 256) * 64, before=before)


def empty_chunks(count: int) -> bytes:
    """A small PNG whose data come after so many empty chunks."""
    return png(64, 64, (b"\0" + b"\xff" * 256) * 64, before=[chunk(b"IDAT", b"") * count])


def large_png(side: int = 2_828) -> bytes:
    """Eight million pixels of four channels in a few kilobytes."""
    return png(side, side, (b"\0" + b"\x7f" * 4 * side) * side)


def finders(side: int = 1_224) -> bytes:
    """A grey picture full of the finder patterns of QR codes."""
    pattern = ("1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111", "0000000")
    lines = [
        b"\0" + bytes(0 if line[at % 7] == "1" and at % 8 < 7 else 255 for at in range(8)) * (side // 8)
        for line in pattern
    ]
    return png(side // 8 * 8, side // 8 * 8, b"".join(lines) * (side // 8), kind=0)


def comments(size: int) -> bytes:
    """A GIF with a comment of `size` bytes, in blocks of one byte."""
    head = b"GIF89a" + struct.pack("<HHBBB", 64, 64, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"," + struct.pack("<HHHHB", 0, 0, 64, 64, 0) + b"\2\2\x4c\1\0"
    return head + b"!\xfe" + b"\1x" * (size // 2) + b"\0" + frame + b";"


def mail(images: Images, head: bytes, text: bytes = b"See below.") -> bytes:
    """A message with a text and attached images of the declared subtypes. `head` are its other header fields."""
    parts = (
        b"--b\r\nContent-Type: image/%s\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n"
        % (kind.encode(), base64.encodebytes(content).replace(b"\n", b"\r\n"))
        for kind, content in images
    )
    first = b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text + b"\r\n"
    return (
        head + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + first + b"".join(parts) + b"--b--\r\n"
    )


def different(kind: str, content: bytes, count: int) -> Images:
    """The same picture so many times, each time as a different file."""
    return [(kind, content + b"%d" % number) for number in range(count)]


def slow_jpegs() -> Images:
    """Twelve of 8.8 kB: 88 million pixels in 860 scans."""
    return different("jpeg", progressive(9_400, 9_400, 1, 860), 12)


def photographs(count: int = 20) -> Images:
    """The most pixels and scans that are decoded."""
    side = 6_400
    return different("jpeg", progressive(side, side, 1, 12, runs(side, side)), count)


SHAPES: dict[str, Callable[[], Images]] = {
    "12 slow jpegs": slow_jpegs,
    "a jpeg of 257 bytes": lambda: [("jpeg", progressive(9_400, 9_400, 4, 10))],
    "a jpeg of 120 kB": lambda: [("jpeg", progressive(9_400, 9_400, 4, 9_900))],
    "20 large jpegs": photographs,
    "a png with 62 texts": lambda: [("png", texts(62))],
    "a png of 80,000 chunks": lambda: [("png", empty_chunks(80_000))],
    "20 large pngs": lambda: different("png", large_png(), 20),
    "20 pictures of patterns": lambda: different("png", finders(), 20),
    "a gif with a long comment": lambda: [("gif", comments(990_000))],
}
"""Functions that make images, by what is wrong with the images."""
