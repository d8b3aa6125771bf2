"""QR codes in images, and in texts that draw them (ISO/IEC 18004).

`Reader` is the port through which the program asks for the texts of codes; `sekisho.decoder` implements it. `drawings`
finds what may be a code in HTML or plain text, made of table cells or block characters.

Images come from attackers, and the libraries that decode them (Pillow, zxing-cpp) are written in C. So a separate
program decodes them (`child`), which can do nothing but compute; `image` and `scan` are used by that program only. It
tries the five formats that mail programs show, and the first frame of an image. It reads the size that a file declares
before any pixel (`markers`), and does not decode what would cost too much. Hostile input raises no error.

It cannot see other barcodes, codes in PDF and SVG, codes that are cut into several images, codes in later frames of an
animation, or codes so small in a large picture that a reduced copy loses them.
"""

from sekisho.qrcodes.drawn import drawings
from sekisho.qrcodes.model import NO_READER, Grid, Lease, Reader, SearchResult, SearchStatus

__all__ = [
    "NO_READER",
    "Grid",
    "Lease",
    "Reader",
    "SearchResult",
    "SearchStatus",
    "drawings",
]
