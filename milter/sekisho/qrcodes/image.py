"""The texts of the QR codes in an image file. Pillow and zxing-cpp read hostile bytes here: only the child uses it."""

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
from sekisho.qrcodes.model import DEFAULT_PIXELS, SearchResult, SearchStatus
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
"""The readers are imported with this module. `Image.open` would import them later, when the child can open no file."""
_PIXEL_FACTOR = MappingProxyType({"JPEG": 16, "WEBP": 0.5})
"""By format, the factor for the number of pixels that are decoded. A large JPEG is decoded at an eighth of its size. A
WebP takes four copies of four bytes a pixel, other formats two at most."""
_MAX_SCANNED_PIXELS = 1_500_000
"""Pixels that are searched for codes. A larger image is reduced to about this number."""
_MIN_SIDE_PIXELS = 24
"""Pixels of the shorter side of an image that can hold a code. Spacers, icons and bullets are smaller."""
_MAX_ASPECT_RATIO = 12
"""Longer side divided by shorter side of an image that can hold a code. Rulers and borders are longer."""

ImageFile.LOAD_TRUNCATED_IMAGES = True  # mail programs show the part of a truncated file that is there
Image.MAX_IMAGE_PIXELS = None  # the number of pixels is checked below, before Pillow reads the file


def in_image(content: bytes, most_pixels: int = DEFAULT_PIXELS) -> SearchResult:
    """The texts of the QR codes in an image file. An image of more than `most_pixels` is not decoded (`_PIXEL_FACTOR`).

    Raises MemoryError.
    """
    try:
        found = slim(content)
        if _has_no_room(found.width, found.height):
            return SearchResult()
        if found.width * found.height > most_pixels * _PIXEL_FACTOR.get(found.format, 1):
            return SearchResult(status=SearchStatus.PIXELS)
        with _READERS[found.format](io.BytesIO(found.content)) as image:
            return _searched(image, found, most_pixels)
    except Refused as refused:
        return SearchResult(status=refused.status)
    except MemoryError:
        raise
    except Exception:  # Pillow's readers raise whatever a hostile file makes them raise
        return SearchResult(status=SearchStatus.BROKEN)


def _has_no_room(width: int, height: int) -> bool:
    return min(width, height) < _MIN_SIDE_PIXELS or max(width, height) > _MAX_ASPECT_RATIO * min(
        width, height
    )


def _searched(image: Image.Image, known: Slim, most_pixels: int) -> SearchResult:
    if image.format == "JPEG":
        share = (_MAX_SCANNED_PIXELS / (known.width * known.height)) ** 0.5
        image.draft("L", (int(known.width * share), int(known.height * share)))
    width, height = image.size
    if width * height > most_pixels:
        return SearchResult(status=SearchStatus.PIXELS)
    grey = _grey(image)
    factor = int((width * height / _MAX_SCANNED_PIXELS) ** 0.5 + 0.999)
    if factor > 1:
        grey = grey.reduce(factor)
    return SearchResult(texts(grey.tobytes(), grey.size[0], grey.size[1]))


def _grey(image: Image.Image) -> Image.Image:
    """The image in shades of grey. A transparent one is put on white, as in a mail program."""
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        layer = image.convert("LA")
        page = Image.new("L", layer.size, 255)
        page.paste(layer.getchannel("L"), mask=layer.getchannel("A"))
        return page
    if image.mode.startswith("I"):  # sixteen bits a pixel: `convert` alone would make nearly all shades white
        image = image.convert("I").point(lambda shade: shade * (1 / 256))
    return image.convert("L")
