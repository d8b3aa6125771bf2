"""The message with the links that its pictures hold: QR codes in images, and in text that draws them.

What it answers: every URL in a QR code of an attached or inline image (`data:` images included) or of a text part
is one more link of the message, of kind `qr`. It is a step of its own after `read`, since decoding an image costs
more than reading a message; a message without images costs a look at its parts.

Problem: `picture.not_searched` (more images, larger ones or more time than there is room for; the detail says
which). An image that is broken or of an unknown format is none: nobody sees it either.

Cannot see: what the message fetches from elsewhere, pictures inside documents and archives.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from sekisho import codes, domains, markup
from sekisho.message import mime
from sekisho.message.limits import Limits
from sekisho.message.model import Link, Message, Part, Problem

_NAMES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp")
_EMBEDDED = re.compile(r"data:image/[\w.+-]{1,40};base64,([A-Za-z0-9+/=\s%]{64,})", re.IGNORECASE)
_SCHEMES = frozenset({"", "http", "https"})
_LINKS = 20
"""Links out of codes that one message gets."""
_DRAWN = 1_000_000
"""Characters of text in which a drawn code is looked for."""


def with_codes(message: Message, limits: Limits, expired: Callable[[], bool] = lambda: False) -> Message:
    """The message with a link for each URL in a code. Never raises; stops when `expired`."""
    found: dict[str, None] = {}
    problems: dict[Problem, None] = {}
    for number, content in enumerate(_images(message.parts, limits.image_bytes)):
        if number >= limits.images or expired():
            problems[Problem("picture.not_searched", "number" if number >= limits.images else "time")] = None
            break
        look = codes.in_image(content, limits.image_pixels)
        found.update(dict.fromkeys(look.texts))
        if look.why == "pixels":
            problems[Problem("picture.not_searched", "size")] = None
    for part in message.parts:
        if part.text and not expired():
            found.update(dict.fromkeys(codes.in_text(part.text[:_DRAWN], mime.is_html(part))))
    if not found and not problems:
        return message
    links = tuple(_links(found))[:_LINKS]
    known = tuple(each for each in problems if each not in message.problems)
    return replace(message, links=message.links + links, problems=message.problems + known)


def _images(parts: tuple[Part, ...], most: int) -> Iterator[bytes]:
    """Each different image once: attached ones first, then those that a page carries within itself."""
    seen: set[bytes] = set()
    for content in _contents(parts, most):
        if content and content not in seen:
            seen.add(content)
            yield content


def _contents(parts: tuple[Part, ...], most: int) -> Iterator[bytes]:
    for part in parts:
        if part.media.startswith("image/") or (part.filename or "").lower().endswith(_NAMES):
            yield part.content
    for part in parts:
        if "data:image" in part.text:
            for embedded in _EMBEDDED.finditer(part.text):
                yield _decoded(embedded[1], most)


def _decoded(text: str, most: int) -> bytes:
    """The bytes of a `data:` image; empty for what is none or too much."""
    plain = "".join(text.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=").split())
    if "%" in plain or len(plain) > most * 4 // 3 + 4:
        return b""
    plain = plain.rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4))
    except binascii.Error:
        return b""


def _links(texts: dict[str, None]) -> Iterator[Link]:
    """What a camera would offer to open: the code itself, or the addresses in it (a visiting card)."""
    for text in texts:
        whole = domains.split_url(text.strip())
        own = whole.host is not None and whole.scheme in _SCHEMES
        for target in (text.strip(),) if own else markup.text_links(text, _LINKS):
            yield Link(target, domains.host_of(target), "", "qr")
