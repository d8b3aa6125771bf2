"""An image file to the texts of its codes. Pillow and zxing-cpp read hostile bytes here: only for the child."""

from __future__ import annotations

import io
from collections.abc import Mapping
from types import MappingProxyType

from PIL import Image, ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from sekisho.qrcodes.markers import Refused, Slim, slim
from sekisho.qrcodes.model import DEFAULT_PIXELS, Look, Why
from sekisho.qrcodes.scan import texts

_READERS: Mapping[str, type[ImageFile.ImageFile]] = MappingProxyType(
    {
        "PNG": PngImageFile,
        "JPEG": JpegImageFile,
        "GIF": GifImageFile,
        "WEBP": WebPImageFile,
        "BMP": BmpImageFile,
    }
)
"""Named one by one: `Image.open` imports further readers when it is called, and the child can open no file then."""
_TIMES = MappingProxyType({"JPEG": 16, "WEBP": 0.5})
"""How many pixels a format may have, compared with the others: a JPEG is decoded at an eighth of its size where it is
large; a WebP takes four copies of four bytes a pixel, the others two at most."""
_SCANNED = 1_500_000
"""Pixels that are searched for codes: a larger image is reduced to about as many."""
_LEAST = 24
"""Pixels of a side below which there is no room for a code: spacers, icons and bullets."""
_LONGEST = 12
"""How many times longer than wide an image may be: rulers and borders hold no code, photographed pages do."""

ImageFile.LOAD_TRUNCATED_IMAGES = True  # mail programs show what is there of a file that breaks off
Image.MAX_IMAGE_PIXELS = None  # sizes are compared below, before Pillow sees the file


def in_image(content: bytes, most_pixels: int = DEFAULT_PIXELS) -> Look:
    """The texts of the QR codes in an image file; bounded by `most_pixels`. Raises MemoryError."""
    try:
        found = slim(content)
        if _is_ruler(found.width, found.height):
            return Look()
        if found.width * found.height > most_pixels * _TIMES.get(found.format, 1):
            return Look(why=Why.PIXELS)
        with _READERS[found.format](io.BytesIO(found.content)) as image:
            return _look(image, found, most_pixels)
    except Refused as refused:
        return Look(why=refused.why)
    except MemoryError:
        raise
    except Exception:  # Pillow's readers raise whatever a hostile file makes them raise
        return Look(why=Why.BROKEN)


def _is_ruler(width: int, height: int) -> bool:
    return min(width, height) < _LEAST or max(width, height) > _LONGEST * min(width, height)


def _look(image: Image.Image, known: Slim, most_pixels: int) -> Look:
    if image.format == "JPEG":
        share = (_SCANNED / (known.width * known.height)) ** 0.5
        image.draft("L", (int(known.width * share), int(known.height * share)))
    width, height = image.size
    if width * height > most_pixels:
        return Look(why=Why.PIXELS)
    grey = _grey(image)
    factor = int((width * height / _SCANNED) ** 0.5 + 0.999)
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
    if image.mode.startswith("I"):  # sixteen bits a pixel, which `convert` would cut to white
        image = image.convert("I").point(lambda shade: shade * (1 / 256))
    return image.convert("L")
