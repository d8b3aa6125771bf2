"""What is refused by its markers, what is left out of a file, and that real pictures are read as before."""

from __future__ import annotations

import io
import struct

import pytest
from lab.pictures import PNG, SHAPES, chunk, comments, empty_chunks, png, progressive, texts
from PIL import Image, PngImagePlugin
from tests.codes_support import picture

from sekisho.codes.image import in_image
from sekisho.codes.markers import Refused, Slim, slim

URL = "https://stranger.test/login?x=1"


def page(width: int = 800, height: int = 1_000, mode: str = "RGB") -> Image.Image:
    """A flyer: a gradient as of a photograph, and a code."""
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
    """As shops send them, up to what a camera makes, however the colours are sampled."""
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
    """Profiles, comments and camera data are left aside."""
    assert in_image(saved(page(mode=mode), "JPEG", **options)).texts == (URL,)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_png_of_every_kind_is_read(mode: str) -> None:
    """With texts, a profile and transparency."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "x" * 10_000, zip=True)
    info.add_itxt("Title", "y" * 10_000, zip=True)
    image = page(mode="L").convert(mode)
    assert in_image(saved(image, "PNG", pnginfo=info, icc_profile=bytes(3_000))).texts == (URL,)


def test_a_dark_grey_code_of_sixteen_bits_is_read() -> None:
    """Shades above 255 of 65,535 are not all white."""
    code = Image.open(io.BytesIO(picture(URL))).convert("L")
    deep = Image.new("I;16", code.size)
    deep.putdata([0x3000 if shade < 128 else 0xF000 for shade in code.tobytes()])
    assert in_image(saved(deep, "PNG")).texts == (URL,)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "BMP"])
def test_other_formats_are_read(kind: str) -> None:
    """A page of theirs, the first of several where the format has several."""
    several = {"save_all": True, "append_images": [Image.new("RGB", (800, 1_000))]} if kind != "BMP" else {}
    assert in_image(saved(page(), kind, **several)).texts == (URL,)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP"])
def test_a_file_that_breaks_off_is_read_as_far_as_it_goes(kind: str) -> None:
    """As mail programs show it: the code may be above the break."""
    content = saved(page().transpose(Image.Transpose.FLIP_TOP_BOTTOM) if kind == "BMP" else page(), kind)
    assert in_image(content[:-40]).texts == (URL,)


@pytest.mark.parametrize(
    ("shape", "why"),
    [("12 slow jpegs", "scans"), ("a jpeg of 257 bytes", "scans"), ("a jpeg of 120 kB", "scans")],
)
def test_what_few_bytes_make_expensive_is_refused(shape: str, why: str) -> None:
    """Before any of it is decoded."""
    content = SHAPES[shape]()[0][1]
    with pytest.raises(Refused) as refused:
        slim(content)
    assert refused.value.why == why
    assert in_image(content).why == why


@pytest.mark.parametrize("content", [texts(62), empty_chunks(10_000), comments(300_000)])
def test_what_pixels_do_not_need_is_left_out(content: bytes) -> None:
    """Nothing of it reaches the reader of images, and the image is still one."""
    found = slim(content)
    assert len(found.content) < 2_000
    assert Image.open(io.BytesIO(found.content)).size == (64, 64)
    assert in_image(content).why == ""


def test_a_file_of_endless_parts_is_refused() -> None:
    """Neither chunks nor segments without end are gone through."""
    endless = (
        PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 0, 0, 0, 0)) + chunk(b"IDAT", b"") * 30_000
    )
    assert in_image(endless).why == "scans"
    assert in_image(progressive(64, 64, 1, 5_000)).why == "scans"


def test_sizes_are_those_of_the_file() -> None:
    """Of every format, as Pillow sees them."""
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
    """Files cut and changed at every place."""
    for kind in ("PNG", "JPEG", "GIF", "WEBP", "BMP"):
        content = saved(Image.open(io.BytesIO(picture("a"))).convert("RGB").resize((30, 30)), kind)
        for at in range(0, len(content), 3):
            assert in_image(content[:at]).why in {"", "broken", "scans", "pixels"}
            for byte in (0, 0x7F, 0xFF):
                assert in_image(content[:at] + bytes([byte]) + content[at + 1 :]).why in {
                    "",
                    "broken",
                    "scans",
                    "pixels",
                }
