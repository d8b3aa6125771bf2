"""The texts of the QR codes in grey pixels, or in a drawing, by zxing-cpp. Only the child uses it."""

from __future__ import annotations

import zxingcpp

from sekisho.qrcodes.model import MAX_CHARACTERS, MAX_CODES, Grid

_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_MODULE_PIXELS = 4
_QUIET_ZONE_MODULES = 4


def texts(pixels: bytes, width: int, height: int) -> tuple[str, ...]:
    """The texts of the QR codes in `width` × `height` pixels, a byte for each: 0 is black, 255 is white."""
    view = memoryview(pixels).cast("B", (height, width))
    found = zxingcpp.read_barcodes(view, formats=_QR)
    return tuple(dict.fromkeys(each.text[:MAX_CHARACTERS] for each in found[:MAX_CODES] if each.text))


def in_grid(grid: Grid) -> tuple[str, ...]:
    """The texts of the QR codes in a drawing, or in its inverse: on a dark page the light modules are drawn."""
    return _drawn(grid, dark=1) or _drawn(grid, dark=0)


def _drawn(grid: Grid, dark: int) -> tuple[str, ...]:
    """The texts of the codes in the grid, drawn as pixels with a quiet zone around it."""
    side = (grid.width + 2 * _QUIET_ZONE_MODULES) * _MODULE_PIXELS
    height = (grid.height + 2 * _QUIET_ZONE_MODULES) * _MODULE_PIXELS
    empty = b"\xff" * side * _MODULE_PIXELS * _QUIET_ZONE_MODULES
    margin = b"\xff" * (_QUIET_ZONE_MODULES * _MODULE_PIXELS)
    body = bytearray()
    for row in range(grid.height):
        cells = grid.cells[row * grid.width : (row + 1) * grid.width]
        line = b"".join((b"\0" if cell == dark else b"\xff") * _MODULE_PIXELS for cell in cells)
        body += (margin + line + margin) * _MODULE_PIXELS
    return texts(empty + bytes(body) + empty, side, height)
