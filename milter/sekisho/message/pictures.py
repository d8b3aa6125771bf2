"""The message with the links that its pictures hold: QR codes in images, and in text that draws them.

What it answers: every URL in a QR code of an attached or inline image (`data:` images included) or of a text part
is one more link of the message, of kind `qr`. It is a step of its own after `read`, since decoding an image costs
more than reading a message; a message without images costs a look at its parts.

Problem: `picture.not_searched` (more images, larger ones or more time than there is room for; the detail says which:
`number`, `size`, `scans`, or `time`, `memory`, `decoder`, of which the next try may know more). An image that is
broken or of an unknown format is none: nobody sees it either.

Cannot see: what the message fetches from elsewhere, pictures inside documents and archives.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

from sekisho import codes, domains, markup
from sekisho.message import mime
from sekisho.message.limits import Limits
from sekisho.message.model import Link, Message, Part, Problem

_NAMES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp")
_EMBEDDED = re.compile(
    r"data:(?:[\w.+-]{1,40}/[\w.+-]{1,40})?(?:;[\w.+=-]{1,40}){0,5};base64,([A-Za-z0-9+/=\s%]{64,})",
    re.IGNORECASE,
)
_SCHEMES = frozenset({"", "http", "https"})
_LINKS = 20
"""Links out of codes that one message gets."""
_DRAWN = 1_000_000
"""Characters of text in which a drawn code is looked for."""
_SAID = MappingProxyType({"pixels": "size"} | {why: why for why in ("scans", "time", "memory", "decoder")})
"""What a reader of pictures says, as the problem's detail says it."""


def with_codes(message: Message, limits: Limits, reader: codes.Reader, left: Callable[[], float]) -> Message:
    """The message with a link for each URL in a code. `left` are the seconds that the search may go on; what is not
    searched for lack of them is a problem."""
    search = _Search(limits, reader, left)
    for number, content in enumerate(_images(message.parts, limits.image_bytes)):
        if number >= limits.images:
            search.problems[Problem("picture.not_searched", "number")] = None
            break
        search.image(content)
    for part in message.parts:
        if part.text:
            search.text(part)
    if not search.found and not search.problems:
        return message
    links = tuple(_links(search.found))[:_LINKS]
    known = tuple(each for each in search.problems if each not in message.problems)
    return replace(message, links=message.links + links, problems=message.problems + known)


class _Search:
    """What one message's pictures hold."""

    def __init__(self, limits: Limits, reader: codes.Reader, left: Callable[[], float]) -> None:
        self.found: dict[str, None] = {}
        self.problems: dict[Problem, None] = {}
        self._limits = limits
        self._reader = reader
        self._left = left

    def image(self, content: bytes) -> None:
        look = self._reader.in_image(content, self._limits.image_pixels, self._left())
        self._note(look)
        if (
            len(content) >= self._limits.image_bytes and not look.texts
        ):  # what lies behind the cut was not seen
            self.problems[Problem("picture.not_searched", "bytes")] = None

    def text(self, part: Part) -> None:
        for grid in codes.drawings(part.text[:_DRAWN], mime.is_html(part)):
            self._note(self._reader.in_grid(grid, self._left()))

    def _note(self, look: codes.Look) -> None:
        self.found.update(dict.fromkeys(look.texts))
        if look.why in _SAID:
            self.problems[Problem("picture.not_searched", _SAID[look.why])] = None


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
        if "64," in part.text:  # in whatever case `data:` and `base64` are written
            for embedded in _EMBEDDED.finditer(part.text):
                yield _decoded(embedded[1], most)


def _decoded(text: str, most: int) -> bytes:
    """The bytes of a `data:` image, cut as those of a part are; empty for what is none."""
    plain = b"".join(unquote_to_bytes(text).split()).rstrip(b"=")[: -(-most // 3) * 4]
    try:
        return base64.b64decode(plain + b"=" * (-len(plain) % 4))[:most]
    except binascii.Error:
        return b""


def _links(texts: dict[str, None]) -> Iterator[Link]:
    """What a camera would offer to open: the code itself, or the addresses in it (a visiting card)."""
    for text in texts:
        whole = domains.split_url(text.strip())
        own = whole.host is not None and whole.scheme in _SCHEMES
        for target in (text.strip(),) if own else markup.text_links(text, _LINKS):
            yield Link(target, domains.host_of(target), "", "qr")
