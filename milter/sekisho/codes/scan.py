"""Grey pixels to the texts of the codes among them."""

from __future__ import annotations

import zxingcpp

_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_MOST = 8
"""Codes of one image."""
_LONGEST = 4_096
"""Characters of one code; QR holds no more (ISO/IEC 18004, version 40)."""


def texts(pixels: bytes, width: int, height: int) -> tuple[str, ...]:
    """The texts of the QR codes in `width` × `height` grey bytes, 0 black."""
    view = memoryview(pixels).cast("B", (height, width))
    found = zxingcpp.read_barcodes(view, formats=_QR)
    return tuple(dict.fromkeys(each.text[:_LONGEST] for each in found[:_MOST] if each.text))
