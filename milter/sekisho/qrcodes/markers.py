"""Format and size of an image file by its markers, and a slim copy that holds only what its pixels need.

A library that decodes images reads everything in a file: compressed texts (PNG), comments, profiles. It also allocates
memory for what a few bytes declare. For a progressive JPEG it keeps every coefficient of the image in memory, and goes
through all of them for each scan, even for an empty scan. So the markers are read first, which takes little time, and
an image that would cost too much is refused.

PNG (ISO/IEC 15948), JPEG (ITU-T T.81), GIF 89a, WebP (RFC 9649), BMP. Linear in the bytes. The only error is Refused.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from sekisho.qrcodes.model import SearchStatus

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = (b"IHDR", b"PLTE", b"tRNS")
_PNG_TAIL = b"\0\0\0\0IEND\xaeB`\x82"
_MAX_CHUNKS = 20_000
"""Chunks of a PNG; one of a megabyte has about a hundred."""
_MAX_SEGMENTS = 2_000
"""Segments of a JPEG; a photograph has about thirty."""
_MAX_COEFFICIENT_BYTES = 80 * 1024 * 1024
"""Bytes of coefficients of a JPEG with several scans: 28 megapixels with the colours of a camera (4:2:0), else 14."""
_MAX_BLOCK_VISITS = 8_000_000
"""Blocks of 64 coefficients, times the scans that cover them: 3.5 million for 28 megapixels in ten scans, as usual. For
each block, an empty scan costs 4 ns, and one that refines coefficients up to 100 ns."""
_BLOCK_BYTES = 128
_JPEG_KEPT = frozenset({0xC0, 0xC1, 0xC2, 0xC4, 0xDA, 0xDB, 0xDD, 0xE0, 0xEE})
"""Frames, Huffman tables, scans, quantisation tables, restart intervals, and the markers of colours (JFIF, Adobe)."""
_JPEG_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_JPEG_ODD = frozenset({0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})
"""Frames of lossless, hierarchical and arithmetic coding. No mail program shows such an image."""
_JPEG_NEXT = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_JPEG_SCAN_END = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
"""Markers that end a scan. At lower codes libjpeg goes on if there are restart markers (jpeg_resync_to_restart)."""


class Refused(Exception):
    """The image is not decoded. `status` says why."""

    def __init__(self, status: SearchStatus) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Slim:
    """An image to decode: its format as Pillow names it, its size in pixels, and a file with nothing but the image."""

    format: str
    width: int
    height: int
    content: bytes


def slim(content: bytes) -> Slim:
    """The image file, reduced to what its pixels need.

    Raises Refused if it is no image of the five formats, if no decoder would read it, or if it has too many parts, or
    scans that cost too much.
    """
    try:
        if content.startswith(_PNG):
            return _png(content)
        if content.startswith(b"\xff\xd8"):
            return _jpeg(content)
        if content.startswith((b"GIF87a", b"GIF89a")):
            return _gif(content)
        if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
            return _webp(content)
        if content.startswith(b"BM"):
            return _bmp(content)
    except (struct.error, IndexError, ValueError) as error:
        raise Refused(SearchStatus.BROKEN) from error
    raise Refused(SearchStatus.FORMAT)


def _png(content: bytes) -> Slim:
    """A PNG with its image data in one chunk: Pillow's reader takes time for each chunk, even for an empty one."""
    kept: dict[bytes, bytes] = {}
    data: list[bytes] = []
    at = len(_PNG)
    for _ in range(_MAX_CHUNKS):
        if at + 8 > len(content):
            break
        (length,), name = struct.unpack_from(">I", content, at), content[at + 4 : at + 8]
        if name == b"IDAT":
            data.append(content[at + 8 : at + 8 + length])
        elif name in _PNG_KEPT:
            kept.setdefault(name, content[at + 8 : at + 8 + length])
        elif name == b"IEND":
            break
        at += 12 + length
    else:
        raise Refused(SearchStatus.SCANS)
    width, height = struct.unpack_from(">II", kept.get(b"IHDR", b""))
    chunks = [*((name, kept[name]) for name in _PNG_KEPT if name in kept), (b"IDAT", b"".join(data))]
    return Slim(
        "PNG", width, height, _PNG + b"".join(_chunk(name, body) for name, body in chunks) + _PNG_TAIL
    )


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


@dataclass(frozen=True, slots=True)
class _Frame:
    """A JPEG's frame. `parts` has for each component its id and its number of blocks. Two may have the same id."""

    width: int
    height: int
    progressive: bool
    parts: tuple[tuple[int, int], ...]


def _jpeg(content: bytes) -> Slim:
    """A JPEG as libjpeg reads it: up to the end of a first scan that is the whole image, and without a second frame."""
    frame: _Frame | None = None
    scans: list[bytes] = []
    kept: list[bytes] = [b"\xff\xd8"]
    for code, start, end, behind in _segments(content):
        if code in _JPEG_FRAMES | _JPEG_ODD:
            if scans:
                break
            if code in _JPEG_ODD or frame is not None:
                raise Refused(SearchStatus.BROKEN)
            frame = _frame(code, content[start:end])
        if code in _JPEG_KEPT:
            kept.append(b"\xff%c" % code + content[start - 2 : behind])
        if code == 0xDA:
            scans.append(content[start + 1 : start + 1 + 2 * content[start] : 2])
            if frame is not None and _at_once(frame, scans):
                break
    if frame is None or not scans:
        raise Refused(SearchStatus.BROKEN)
    _bound(frame, scans)
    return Slim("JPEG", frame.width, frame.height, b"".join(kept) + b"\xff\xd9")


def _segments(content: bytes) -> Iterator[tuple[int, int, int, int]]:
    """For each segment its code, start and end of its payload, and the end of the data after it (those of a scan)."""
    at = 2
    for _ in range(_MAX_SEGMENTS):
        found = _JPEG_NEXT.search(content, at)
        if found is None or content[found.end() - 1] == 0xD9:
            return
        code, at = content[found.end() - 1], found.end()
        if code in {0x01, 0xD8}:  # these have no payload
            continue
        (length,) = struct.unpack_from(">H", content, at)
        start, end = at + 2, at + max(length, 2)
        following = _JPEG_SCAN_END.search(content, end) if code == 0xDA else None
        at = following.start() if following else end
        behind = at if following or code != 0xDA else len(content)
        yield code, start, end, behind
        if code == 0xDA and following is None:
            return
    raise Refused(SearchStatus.SCANS)


def _frame(code: int, body: bytes) -> _Frame:
    height, width, count = struct.unpack_from(">HHB", body, 1)
    parts = [(body[at], body[at + 1] >> 4, body[at + 1] & 15) for at in range(6, 6 + 3 * count, 3)]
    widest, highest = max(each[1] for each in parts), max(each[2] for each in parts)
    if not all(across and down for _, across, down in parts) or not width or not height:
        raise Refused(SearchStatus.BROKEN)
    blocks = tuple(
        (name, -(-width * across // (8 * widest)) * -(-height * down // (8 * highest)))
        for name, across, down in parts
    )
    return _Frame(width, height, code == 0xC2, blocks)


def _at_once(frame: _Frame, scans: list[bytes]) -> bool:
    """True if the first scan is the whole image, so that the decoder keeps no coefficients."""
    return not frame.progressive and len(scans[0]) == len(frame.parts)


def _bound(frame: _Frame, scans: list[bytes]) -> None:
    """Raises Refused if the decoder would keep too many coefficients, or go through them too often."""
    if _at_once(frame, scans):
        return
    blocks = sum(count for _, count in frame.parts)
    visits = sum(_visited(frame, name, turn) for scan in scans for turn, name in enumerate(scan))
    if blocks * _BLOCK_BYTES > _MAX_COEFFICIENT_BYTES or visits > _MAX_BLOCK_VISITS:
        raise Refused(SearchStatus.SCANS)


def _visited(frame: _Frame, name: int, turn: int) -> int:
    """The number of blocks of the component that an id means at this place of a scan.

    Of several components with one id it is the first that is not taken yet (libjpeg's get_sos). If there is none,
    libjpeg stops. Another decoder may go on, so the largest component is counted.
    """
    named = [count for at, (each, count) in enumerate(frame.parts) if each == name and at >= turn]
    return named[0] if named else max(count for _, count in frame.parts)


def _gif(content: bytes) -> Slim:
    """A GIF with its first frame and the extension for its transparency."""
    width, height, flags = struct.unpack_from("<HHB", content, 6)
    at = 13 + _palette(flags)
    kept = [content[:at]]
    while content[at] != 0x2C:
        if content[at] == 0x3B:
            raise Refused(SearchStatus.BROKEN)
        if content[at] != 0x21:  # decoders skip bytes that begin no block
            at += 1
            continue
        end = _behind_blocks(content, at + 2)
        if content[at + 1] == 0xF9:
            kept[1:] = [content[at:end]]
        at = end
    left, top, across, down, flags = struct.unpack_from("<HHHHB", content, at + 1)
    end = _behind_blocks(content, at + 11 + _palette(flags))
    kept.append(content[at:end])
    return Slim("GIF", max(width, left + across), max(height, top + down), b"".join(kept) + b"\0;")


def _palette(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _behind_blocks(content: bytes, at: int) -> int:
    """The index after the sub-blocks that begin at `at`; that of the end if the file is truncated."""
    while at < len(content) and (length := content[at]):
        at += 1 + length
    return min(at + 1, len(content))


def _webp(content: bytes) -> Slim:
    name, body = content[12:16], content[20:32]
    if name == b"VP8X":
        width, height = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
    elif name == b"VP8L":
        packed = int.from_bytes(body[1:5], "little")
        width, height = (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    elif name == b"VP8 ":
        width, height = (each & 0x3FFF for each in struct.unpack_from("<HH", body, 6))
    else:
        raise Refused(SearchStatus.BROKEN)
    return Slim("WEBP", width, height, content)


def _bmp(content: bytes) -> Slim:
    (header,) = struct.unpack_from("<I", content, 14)
    width, height = struct.unpack_from("<HH" if header == 12 else "<ii", content, 18)
    return Slim("BMP", abs(width), abs(height), content)
