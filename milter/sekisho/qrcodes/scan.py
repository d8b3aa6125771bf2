"""Grey pixels, or the modules of a drawing, to the texts of the codes among them. zxing-cpp: only for the child."""

from __future__ import annotations

import zxingcpp

from sekisho.qrcodes.model import MAX_CHARACTERS, MAX_CODES, Grid

_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_SCALE = 4
_QUIET = 4


def texts(pixels: bytes, width: int, height: int) -> tuple[str, ...]:
    """The texts of the QR codes in `width` × `height` grey bytes, 0 black."""
    view = memoryview(pixels).cast("B", (height, width))
    found = zxingcpp.read_barcodes(view, formats=_QR)
    return tuple(dict.fromkeys(each.text[:MAX_CHARACTERS] for each in found[:MAX_CODES] if each.text))


def in_grid(grid: Grid) -> tuple[str, ...]:
    """Both ways round: a dark page draws the light modules."""
    return _drawn(grid, dark=1) or _drawn(grid, dark=0)


def _drawn(grid: Grid, dark: int) -> tuple[str, ...]:
    """The codes in a grid, drawn large with a quiet zone around it."""
    side = (grid.width + 2 * _QUIET) * _SCALE
    empty = b"\xff" * side * _SCALE * _QUIET
    margin = b"\xff" * (_QUIET * _SCALE)
    body = bytearray()
    for row in range(grid.height):
        cells = grid.cells[row * grid.width : (row + 1) * grid.width]
        line = b"".join((b"\0" if cell == dark else b"\xff") * _SCALE for cell in cells)
        body += (margin + line + margin) * _SCALE
    return texts(empty + bytes(body) + empty, side, grid.height * _SCALE + 2 * _QUIET * _SCALE)
