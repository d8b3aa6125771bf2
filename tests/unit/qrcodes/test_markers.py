"""Markers of images: what is refused, what is left out of a file, and that real pictures are read."""

from __future__ import annotations

import io
import struct

import pytest
from lab.pictures import PNG, SHAPES, chunk, comments, empty_chunks, png, progressive, segment, texts
from PIL import Image, PngImagePlugin
from tests.qrcodes_support import picture

from sekisho.qrcodes import SearchResult, SearchStatus
from sekisho.qrcodes.image import in_image
from sekisho.qrcodes.markers import Refused, Slim, _segments, slim

URL = "https://stranger.test/login?x=1"


READ = {
    SearchStatus.SEARCHED,
    SearchStatus.FORMAT,
    SearchStatus.BROKEN,
    SearchStatus.SCANS,
    SearchStatus.PIXELS,
}
"""Every status that any bytes may have."""


def page(width: int = 800, height: int = 1_000, mode: str = "RGB") -> Image.Image:
    """A picture with a gradient, as in a photograph, and a code."""
    back = Image.linear_gradient("L").resize((width, height)).convert(mode)
    code = Image.open(io.BytesIO(picture(URL))).convert(mode)
    side = min(width, height) // 3
    back.paste(code.resize((side, side)), (width // 4, height // 3))
    return back


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("size", [(800, 1_000), (2_400, 3_000), (4_000, 3_000)])
def test_progressive_photographs_are_read(subsampling: int, size: tuple[int, int]) -> None:
    """Progressive JPEGs are read, from the sizes of web shops to those of cameras, with any sampling of colours."""
    content = saved(page(*size), "JPEG", progressive=True, quality=80, subsampling=subsampling)
    assert in_image(content).texts == (URL,)


@pytest.mark.parametrize(
    "options",
    [
        {"optimize": True},
        {"exif": b"Exif\0\0" + bytes(60_000)},
        {"icc_profile": bytes(200_000)},
        {"comment": b"x" * 60_000},
        {"restart_marker_rows": 1},
        {"quality": 100, "progressive": True, "exif": b"Exif\0\0" + bytes(60_000)},
    ],
)
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_photographs_are_read_whatever_they_carry(options: dict[str, object], mode: str) -> None:
    """A JPEG with profiles, comments and camera data is read."""
    assert in_image(saved(page(mode=mode), "JPEG", **options)).texts == (URL,)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_png_of_every_kind_is_read(mode: str) -> None:
    """A PNG of every mode is read, with texts, a profile and transparency."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "x" * 10_000, zip=True)
    info.add_itxt("Title", "y" * 10_000, zip=True)
    image = page(mode="L").convert(mode)
    assert in_image(saved(image, "PNG", pnginfo=info, icc_profile=bytes(3_000))).texts == (URL,)


def test_a_dark_grey_code_of_sixteen_bits_is_read() -> None:
    """In an image of sixteen bits a pixel, shades from 256 to 65,535 are not all white."""
    code = Image.open(io.BytesIO(picture(URL))).convert("L")
    deep = Image.new("I;16", code.size)
    deep.putdata([0x3000 if shade < 128 else 0xF000 for shade in code.tobytes()])
    assert in_image(saved(deep, "PNG")).texts == (URL,)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "BMP"])
def test_other_formats_are_read(kind: str) -> None:
    """GIF, WebP and BMP are read; if there are several frames, the first one."""
    several = {"save_all": True, "append_images": [Image.new("RGB", (800, 1_000))]} if kind != "BMP" else {}
    assert in_image(saved(page(), kind, **several)).texts == (URL,)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP"])
def test_a_file_that_breaks_off_is_read_as_far_as_it_goes(kind: str) -> None:
    """A truncated file is read as far as it goes, as in mail programs."""
    content = saved(page().transpose(Image.Transpose.FLIP_TOP_BOTTOM) if kind == "BMP" else page(), kind)
    assert in_image(content[:-40]).texts == (URL,)


@pytest.mark.parametrize(
    ("shape", "status"),
    [("12 slow jpegs", "scans"), ("a jpeg of 257 bytes", "scans"), ("a jpeg of 120 kB", "scans")],
)
def test_what_few_bytes_make_expensive_is_refused(shape: str, status: str) -> None:
    """A file whose few bytes would cost much time or memory is refused before it is decoded."""
    content = SHAPES[shape]()[0][1]
    with pytest.raises(Refused) as refused:
        slim(content)
    assert refused.value.status == status
    assert in_image(content).status == status


@pytest.mark.parametrize("content", [texts(62), empty_chunks(10_000), comments(300_000)])
def test_what_pixels_do_not_need_is_left_out(content: bytes) -> None:
    """The slim copy has none of the bytes that pixels do not need, and is a valid image."""
    found = slim(content)
    assert len(found.content) < 2_000
    assert Image.open(io.BytesIO(found.content)).size == (64, 64)
    assert in_image(content).status == ""


def test_a_file_of_endless_parts_is_refused() -> None:
    """A PNG with too many chunks, and a JPEG with too many segments, are refused."""
    endless = (
        PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 0, 0, 0, 0)) + chunk(b"IDAT", b"") * 30_000
    )
    assert in_image(endless).status == "scans"
    assert in_image(progressive(64, 64, 1, 5_000)).status == "scans"


def variants(jpeg: bytes) -> dict[str, bytes]:
    """A JPEG of one baseline scan, with bytes that decoders skip."""
    parts = list(_segments(jpeg))
    whole = {code: b"\xff%c" % code + jpeg[start - 2 : end] for code, start, end, _ in parts}
    frame, scan = bytearray(whole[0xC0]), bytearray(whole[0xDA])
    frame[10] = frame[13] = frame[16] = 1
    scan[5] = scan[7] = scan[9] = 1
    one_id = jpeg.replace(whole[0xC0], bytes(frame)).replace(whole[0xDA], bytes(scan))
    arithmetic = b"\xff\xc3" + whole[0xC0][2:]
    return {
        "conditioning of arithmetic coding": jpeg[:2] + b"\xff\xcc\0\4\0\x10" + jpeg[2:],
        "number of lines in front": jpeg[:2] + b"\xff\xdc\0\4\1\x20" + jpeg[2:],
        "number of lines": jpeg[:-2] + b"\xff\xdc\0\4\1\x20\xff\xd9",
        "hierarchical progression": jpeg[:-2] + b"\xff\xde\0\4aa\xff\xd9",
        "a second frame": jpeg[:-2] + whole[0xC0] + b"\xff\xd9",
        "a second frame of another kind": jpeg[:-2] + arithmetic + b"\xff\xd9",
        "endless scans": jpeg[:-2] + whole[0xDA] * 3_000 + b"\xff\xd9",
        "components of one id": one_id,
    }


@pytest.mark.parametrize("what", variants(saved(page(), "JPEG")))
def test_what_decoders_pass_over_hides_no_code(what: str) -> None:
    """A JPEG with bytes that libjpeg skips has the same pixels, and its code is read."""
    plain = saved(page(), "JPEG")
    content = variants(plain)[what]
    assert Image.open(io.BytesIO(content)).tobytes() == Image.open(io.BytesIO(plain)).tobytes()
    assert in_image(content).texts == (URL,)


def test_a_low_code_among_restarts_ends_no_scan() -> None:
    """A low marker code in a scan with restart markers does not end the scan, as in libjpeg."""
    jpeg = saved(page(), "JPEG", restart_marker_rows=1)
    at = jpeg.index(b"\xff\xd1")
    content = jpeg[:at] + b"\xff\1" + jpeg[at:]
    assert in_image(content).texts == (URL,)


@pytest.mark.parametrize("code", [0xC3, 0xC5, 0xC9, 0xCA, 0xCD, 0xCF])
def test_frames_that_no_mail_program_shows_are_said(code: int) -> None:
    """JPEGs of lossless, hierarchical and arithmetic coding have the status `broken`."""
    content = saved(page(), "JPEG").replace(b"\xff\xc0", bytes([0xFF, code]))
    assert in_image(content) == SearchResult(status=SearchStatus.BROKEN)


def test_blocks_of_components_of_one_id_are_counted() -> None:
    """Of several components with one id, a scan counts the blocks of the first one, as libjpeg does."""
    body = struct.pack(">BHHB", 8, 4_000, 4_000, 2) + b"\1\x22\0\1\x11\0"
    head = b"\xff\xd8" + segment(0xC2, body)
    assert slim(head + segment(0xDA, b"\1\1\0\0\0\0") * 31).width == 4_000
    with pytest.raises(Refused):
        slim(head + segment(0xDA, b"\1\1\0\0\0\0") * 33)


def test_bytes_between_the_blocks_of_a_gif_hide_no_code() -> None:
    """A GIF with bytes between its blocks, which decoders skip, is read."""
    content = picture(URL, "GIF")
    at = 13 + (3 << ((content[10] & 7) + 1))
    assert content[at] in b"!,"
    assert in_image(content[:at] + b"\0" + content[at:]).texts == (URL,)


def test_sizes_are_those_of_the_file() -> None:
    """The size of an image of every format is the one that Pillow finds."""
    for kind in ("PNG", "JPEG", "GIF", "WEBP", "BMP"):
        content = saved(Image.new("RGB", (123, 45)), kind)
        found = slim(content)
        assert (found.format, found.width, found.height) == (kind, 123, 45)
    for options in ({"lossless": True}, {"exif": b"Exif\0\0" + bytes(30)}, {"save_all": True}):
        found = slim(saved(page(123, 145), "WEBP", **options))
        assert (found.width, found.height) == (123, 145)
    grey = png(64, 64, (b"\0" + b"\xff" * 64) * 64, kind=0)
    assert slim(grey) == Slim("PNG", 64, 64, grey)


def test_bytes_of_any_kind_are_no_error() -> None:
    """A file that is cut or changed at any place gives a result, and no error."""
    for kind in ("PNG", "JPEG", "GIF", "WEBP", "BMP"):
        content = saved(Image.open(io.BytesIO(picture("a"))).convert("RGB").resize((30, 30)), kind)
        for at in range(0, len(content), 3):
            assert in_image(content[:at]).status in READ
            for byte in (0, 0x7F, 0xFF):
                assert in_image(content[:at] + bytes([byte]) + content[at + 1 :]).status in READ
