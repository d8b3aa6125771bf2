"""What a leaf of the MIME tree is: a page, a report, a file; and what its first bytes say of it."""

from __future__ import annotations

import re

from sekisho.message.headers import describes_part
from sekisho.message.model import Part

MESSAGE_TYPES = frozenset({"message/rfc822", "message/global", "message/news"})
EXTERNAL_TYPES = frozenset({"message/partial", "message/external-body"})
HEADER_TYPES = frozenset({"text/rfc822-headers"})
SEARCHED_FROM_CHARS = 65_536
"""Characters of a text from which on it is searched with more care, and bytes that are looked at for oddities."""
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", "image/svg+xml"})
_HTML_NAMES = (".html", ".htm", ".xhtml", ".shtml", ".xht", ".svg")
_PAGE = re.compile(r"\s{0,99}<(?:!doctype\s{1,9}html|html[\s>])", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?([\w-]{1,40})", re.IGNORECASE)
_STILL_ENCODED = re.compile(rb"\s{0,9}[A-Za-z0-9+/]{60,}={0,2}\s")


def is_page(media: str, filename: str | None) -> bool:
    """True for an HTML page by its type or its file name."""
    return media in _HTML_TYPES or bool(filename and filename.lower().endswith(_HTML_NAMES))


def is_html(part: Part) -> bool:
    """True for an HTML page: by its type, by its file name, or since it begins like one, as some programs decide."""
    return is_page(part.media, part.filename) or _PAGE.match(part.text) is not None


def is_attached(part: Part) -> bool:
    """True for a page that mail programs show as an attached file, not as the text of the message."""
    if part.disposition == "attachment":
        return True
    return bool(part.filename) and part.media not in _HTML_TYPES and not part.media.startswith("text/")


def is_report(media: str) -> bool:
    """True for what a program reports of a message (RFC 3464, 5965, 8098): every `message` type that is no message."""
    return media.startswith("message/") and media not in MESSAGE_TYPES | EXTERNAL_TYPES


def odd_content(content: bytes, page: bool) -> str | None:
    """Why some programs may decode the content of a leaf once more."""
    if describes_part(content, 0, len(content)):
        return "the header of a part inside a part"
    if content.find(b"=ybegin line=", 0, SEARCHED_FROM_CHARS) >= 0:
        return "yEnc"
    if page and content.find(b"<", 0, SEARCHED_FROM_CHARS) < 0 and _STILL_ENCODED.match(content):
        return "encoded content without an encoding"
    return None


def meta_charset(content: bytes) -> str | None:
    """The charset that a page declares in `meta`. It counts if the header declares none."""
    found = _META.search(content[:2048]) if b"<" in content[:2048] else None
    return found[1].decode("ascii", "replace") if found else None
