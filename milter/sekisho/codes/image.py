"""An image file to the texts of its codes."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image

from sekisho.codes.scan import texts

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
DEFAULT_PIXELS = 8_000_000
"""Pixels of an image that is decoded at all; a JPEG, which can be decoded at an eighth of its size, may have
sixteen times as many."""
_JPEG_TIMES = 16
_SCANNED = 1_500_000
"""Pixels that are searched for codes: a larger image is reduced to about as many."""
_LEAST = 24
"""Pixels of a side below which there is no room for a code: spacers, icons and bullets."""
_LONGEST = 12
"""How many times longer than wide an image may be: rulers and borders hold no code, photographed pages do."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was read in an image. `why` says why it was not looked at, if so: `pixels` or `broken`."""

    texts: tuple[str, ...] = ()
    why: str = ""


def in_image(content: bytes, most_pixels: int = DEFAULT_PIXELS) -> Look:
    """The texts of the QR codes in an image file. Never raises; bounded by `most_pixels`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                return _look(image, most_pixels)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return Look(why="pixels")
    except Exception:  # Pillow's readers raise whatever a hostile file makes them raise
        return Look(why="broken")


def _look(image: Image.Image, most_pixels: int) -> Look:
    width, height = image.size
    if min(width, height) < _LEAST or max(width, height) > _LONGEST * min(width, height):
        return Look()
    if width * height > most_pixels * (_JPEG_TIMES if image.format == "JPEG" else 1):
        return Look(why="pixels")
    if image.format == "JPEG":
        share = (_SCANNED / (width * height)) ** 0.5
        image.draft("L", (int(width * share), int(height * share)))
    if image.size[0] * image.size[1] > most_pixels:
        return Look(why="pixels")
    grey = _grey(image)
    factor = int((grey.size[0] * grey.size[1] / _SCANNED) ** 0.5 + 0.999)
    if factor > 1:
        grey = grey.reduce(factor)
    return Look(texts(grey.tobytes(), grey.size[0], grey.size[1]))


def _grey(image: Image.Image) -> Image.Image:
    """In shades of grey, on white: a mail program shows a see-through image on its white page."""
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        layer = image.convert("LA")
        page = Image.new("L", layer.size, 255)
        page.paste(layer.getchannel("L"), mask=layer.getchannel("A"))
        return page
    return image.convert("L")
