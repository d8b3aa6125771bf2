"""QR codes: what a camera would read in an image, or in a text that draws one.

What it answers: the texts of the codes in an image file (`in_image`), and in HTML or plain text that draws a code
with table cells or block characters (`in_text`). ISO/IEC 18004 by zxing-cpp; images are decoded by Pillow.

Images are the most hostile input there is: only the five formats that mail programs show are tried, only the first
frame, sizes are read before any pixel is, and what is larger than wanted is not decoded. Nothing raises.

Cannot see: other barcodes, codes in PDF and SVG, codes cut into several images, in later frames of an animation, or
so small in a large picture that a reduced copy loses them.
"""

from sekisho.codes.drawn import in_text
from sekisho.codes.image import DEFAULT_PIXELS, Look, in_image

__all__ = ["DEFAULT_PIXELS", "Look", "in_image", "in_text"]
