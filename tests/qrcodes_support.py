"""QR codes for tests: as files, and drawn the ways that a text can draw them."""

from __future__ import annotations

import io

import zxingcpp
from PIL import Image


def modules(text: str) -> list[list[int]]:
    """The code as rows of modules, 1 dark."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    pixels = memoryview(code.to_image(scale=1, add_quiet_zones=False))
    return [[int(shade < 128) for shade in row] for row in pixels.tolist()]


def picture(text: str, kind: str = "PNG", scale: int = 4) -> bytes:
    """The code as an image file, with its quiet zone."""
    rows = modules(text)
    image = Image.new("L", (len(rows[0]) + 8, len(rows) + 8), 255)
    for down, row in enumerate(rows):
        for along, dot in enumerate(row):
            image.putpixel((along + 4, down + 4), 255 * (1 - dot))
    out = io.BytesIO()
    image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST).save(out, kind)
    return out.getvalue()


def blocks(rows: list[list[int]]) -> str:
    """Two characters to a module."""
    return "\n".join("".join("██" if dot else "  " for dot in row) for row in rows)


def half_blocks(rows: list[list[int]]) -> str:
    """Two modules to a character, one above the other."""
    letters = {(1, 1): "█", (1, 0): "▀", (0, 1): "▄", (0, 0): " "}
    pairs = [
        (rows[at], rows[at + 1] if at + 1 < len(rows) else [0] * len(rows[at]))
        for at in range(0, len(rows), 2)
    ]
    return "\n".join("".join(letters[pair] for pair in zip(*both, strict=True)) for both in pairs)


def cells(rows: list[list[int]], dark: str) -> str:
    """A table cell to a module."""
    lines = (
        "".join(f"<td {dark}></td>" if dot else '<td bgcolor="#ffffff"></td>' for dot in row) for row in rows
    )
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"
