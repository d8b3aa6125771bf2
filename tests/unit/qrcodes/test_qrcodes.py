"""QR codes in images and in drawings, and what hostile images cost."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image
from tests.qrcodes_support import blocks, cells, half_blocks, modules, picture

from sekisho.qrcodes import SearchResult, SearchStatus, drawings
from sekisho.qrcodes.image import in_image
from sekisho.qrcodes.scan import in_grid

URL = "https://stranger.test/login?x=1"


def in_text(source: str, html: bool) -> tuple[str, ...]:
    """The texts of the codes in the drawings of a text."""
    return tuple(dict.fromkeys(text for grid in drawings(source, html) for text in in_grid(grid)))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
def test_a_code_is_read_in_every_format_that_mail_programs_show(kind: str) -> None:
    """The text of a code is read in each of the five formats."""
    assert in_image(picture(URL, kind)).texts == (URL,)


def test_a_code_on_a_see_through_page_is_read_as_on_white() -> None:
    """A code on a transparent background is read as on white, as mail programs show it."""
    plain = Image.open(io.BytesIO(picture(URL)))
    clear = Image.new("LA", plain.size, (0, 0))
    clear.paste((0, 255), mask=plain.convert("L").point(lambda shade: 255 - shade))
    out = io.BytesIO()
    clear.save(out, "PNG")
    assert in_image(out.getvalue()).texts == (URL,)


def test_a_code_in_a_large_picture_is_found() -> None:
    """A code in a large picture is read, although the picture is reduced first."""
    code = Image.open(io.BytesIO(picture(URL))).convert("RGB")
    page = Image.new("RGB", (2400, 3000), "#f0e0d0")
    page.paste(code.resize((600, 600)), (900, 1700))
    out = io.BytesIO()
    page.save(out, "PNG")
    assert in_image(out.getvalue()).texts == (URL,)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that declares that many pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(20_000, 20_000), (60_000, 60_000), (2**31 - 1, 2**31 - 1), (4_000, 4_000)])
def test_a_decompression_bomb_is_not_decoded(size: tuple[int, int]) -> None:
    """An image that declares too many pixels is not decoded."""
    assert in_image(bomb(*size)).texts == ()
    assert in_image(bomb(*size)).status == "pixels"


@pytest.mark.parametrize(
    "content",
    [
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8",
        b"BM",
        b"RIFF    WEBP",
        picture(URL)[:20],
        picture(URL)[:100],
    ],
)
def test_a_broken_image_holds_no_code_and_is_said_to_be_broken(content: bytes) -> None:
    """A broken image gives no code and no error; one that is cut after 20 bytes has the status `broken`."""
    assert in_image(content) in {SearchResult(status=SearchStatus.BROKEN), SearchResult()}
    assert in_image(content[:20]) == SearchResult(status=SearchStatus.BROKEN)


@pytest.mark.parametrize("content", [b"", b"not an image", b"%PDF-1.4 ", b"<svg/>", b"PK\3\4"])
def test_what_is_no_image_holds_no_code(content: bytes) -> None:
    """Bytes of no known format have the status `format`."""
    assert in_image(content) == SearchResult(status=SearchStatus.FORMAT)


def test_rulers_and_spacers_are_not_searched() -> None:
    """Images that are too small or too narrow for a code are not searched."""
    for size in ((600, 2), (1, 1), (20, 20), (3000, 60)):
        out = io.BytesIO()
        Image.new("RGB", size, "red").save(out, "PNG")
        assert in_image(out.getvalue()) == in_image(out.getvalue())
        assert in_image(out.getvalue()).texts == ()


@pytest.mark.parametrize("draw", [blocks, half_blocks])
def test_a_code_drawn_with_blocks_is_read(draw: Callable[[list[list[int]]], str]) -> None:
    """A code of block characters is read in plain text, in `pre` and in lines of an HTML page."""
    text = draw(modules(URL))
    kept = text.replace(" ", "&nbsp;")
    assert in_text(f"Scan this:\n{text}\nThank you", html=False) == (URL,)
    assert in_text(f"<p>Scan this:</p><pre>{kept}</pre>", html=True) == (URL,)
    assert in_text("".join(f"<div>{line}</div>\r\n" for line in kept.split("\n")), html=True) == (URL,)


@pytest.mark.parametrize("dark", ['bgcolor="#000000"', 'style="background:black;width:4px"', "BGCOLOR=#111"])
def test_a_code_drawn_with_table_cells_is_read(dark: str) -> None:
    """A code of table cells is read: dark by attribute or style, light with white or without a colour."""
    assert in_text(f"<p>Scan</p>{cells(modules(URL), dark)}", html=True) == (URL,)


@pytest.mark.parametrize("draw", [blocks, half_blocks])
def test_a_code_among_endless_blocks_is_read(draw: Callable[[list[list[int]]], str]) -> None:
    """A code is read at any place of a drawing that is longer than one piece."""
    noise, quiet = "█ " * 21 + "\n", " " * 60 + "█\n"
    text = noise * 397 + quiet * 8 + draw(modules(URL)) + "\n" + quiet * 8 + noise * 397
    assert in_text(text, html=False) == (URL,)
    sizes = {(grid.width, grid.height) for grid in drawings(("█▀" * 250 + "\n") * 1_900, html=False)}
    assert max(map(max, sizes)) <= 500


def test_a_code_in_light_modules_on_a_dark_page_is_read() -> None:
    """A code of light modules on dark ones is read, as by a camera."""
    inverted = [[1 - dot for dot in row] for row in modules(URL)]
    framed = [[1] * (len(inverted[0]) + 4)] * 2
    rows = [*framed, *([1, 1, *row, 1, 1] for row in inverted), *framed]
    assert in_text(blocks(rows), html=False) == (URL,)


def test_ordinary_tables_and_bars_draw_nothing() -> None:
    """A table with a dark head, and a bar chart of blocks, give no code."""
    table = "<tr>" + "<td bgcolor=#000>x</td>" * 12 + "</tr>"
    assert in_text(f"<table>{table * 40}</table>", html=True) == ()
    assert in_text("\n".join("█" * count for count in range(60)), html=False) == ()


def test_hostile_drawings_end_soon() -> None:
    """Unclosed tags, one very long line, and thousands of drawings take little time."""
    for source in ("█<br" * 50_000, "█" * 500_000, "█\n" * 200_000, "<table><tr><td bgcolor=#000>" * 20_000):
        assert in_text(source, html=True) == ()
