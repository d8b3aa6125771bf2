"""Character references (`&amp;`, `&#12354;`, `&#x3042;`) replaced by their characters.

`html.unescape` raises an error for a decimal number of more than 4,300 digits, which Python does not convert.
"""

from __future__ import annotations

import re
from html import unescape

_ZEROS = re.compile(r"(&#[xX]?)0{8,}+")
_TOO_LARGE = re.compile(r"&#(?:[0-9]{8,}+|[xX][0-9A-Fa-f]{8,}+);?")
"""Numbers of eight digits or more are beyond U+10FFFF, which has seven."""


def unescaped(text: str) -> str:
    """The text with its character references replaced. One beyond Unicode becomes U+FFFD, as in browsers. Linear."""
    if "&#" in text:
        text = _TOO_LARGE.sub("\ufffd", _ZEROS.sub(r"\g<1>0", text))
    return unescape(text)
