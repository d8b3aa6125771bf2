"""QR codes: what a camera would read in an image, or in a text that draws one.

What it answers: the texts of the codes in an image file (`image`), and the drawings in HTML or plain text that may be
a code, made of table cells or block characters (`drawings`). ISO/IEC 18004 by zxing-cpp; images are decoded by Pillow.

Images are the most hostile input there is, and both libraries are written in C. So `child` is a program of its own
that may do nothing but compute, and `Reader` is how everybody else asks (implemented by `sekisho.decoder`); `image` and
`scan` are for the child. Only the five formats that mail programs show are tried, only the first frame; what a file
says of itself is read before any pixel is (`markers`), and what would cost too much is not decoded. Nothing raises.

Cannot see: other barcodes, codes in PDF and SVG, codes cut into several images, in later frames of an animation, or
so small in a large picture that a reduced copy loses them.
"""

from sekisho.qrcodes.drawn import drawings
from sekisho.qrcodes.model import DEFAULT_PIXELS, NOBODY, Grid, Look, Reader, Turn, Why

__all__ = ["DEFAULT_PIXELS", "NOBODY", "Grid", "Look", "Reader", "Turn", "Why", "drawings"]
