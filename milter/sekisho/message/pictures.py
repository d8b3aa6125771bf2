"""The message with the links that its pictures hold: QR codes in images, and in text that draws them.

What it answers: every URL in a QR code of an attached or inline image (`data:` images included) or of a text part
is one more link of the message, of kind `qr`. It is a step of its own after `read`, since decoding an image costs
more than reading a message; a message without images costs a look at its parts.

Problem: `picture.not_searched` (more images, larger ones or more time than there is room for; the detail says which:
`number`, `size`, `scans`, `bytes`, `broken`, or `time`, `memory`, `decoder`, of which the next try may know more). A
file of an unknown format is no picture: nobody sees it either.

No picture takes the time of another: each has its share first, the small ones before the large ones. What is then left
goes to those that need more. Messages take turns at the decoders.

Cannot see: what the message fetches from elsewhere, pictures inside documents and archives.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

from sekisho import domains, markup, qrcodes
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
_SILENT = frozenset({qrcodes.SearchStatus.SEARCHED, qrcodes.SearchStatus.FORMAT})
_DETAILS = MappingProxyType({qrcodes.SearchStatus.PIXELS: "size"})
"""What a reader of pictures says, as the problem's detail says it where that has another word."""
_SHARE = 0.2
"""Of the seconds for all pictures: what one may have before the others had theirs, and how long a turn lasts."""
_LEAST_SECONDS = 0.05
"""A smaller share would be too short for ordinary pictures, and a program would be ended for each."""

Picture = bytes | qrcodes.Grid


def with_codes(
    message: Message, limits: Limits, reader: qrcodes.Reader, left: Callable[[], float]
) -> Message:
    """The message with a link for each URL in a code. `left` are the seconds that the search may go on, waiting
    included; what is not searched for lack of them is a problem."""
    search = _Search(limits, reader, left)
    images = search.first(_images(message.parts, limits.image_bytes))
    drawn = search.first(_drawn(message.parts))
    search.all_of([*images, *drawn])
    if not search.found and not search.problems:
        return message
    links = tuple(_links(search.found))[:_LINKS]
    known = tuple(each for each in search.problems if each not in message.problems)
    return replace(message, links=message.links + links, problems=message.problems + known)


class _Search:
    """What one message's pictures hold."""

    def __init__(self, limits: Limits, reader: qrcodes.Reader, left: Callable[[], float]) -> None:
        self.found: dict[str, None] = {}
        self.problems: dict[Problem, None] = {}
        self._limits = limits
        self._reader = reader
        self._left = left
        self._budget = limits.image_seconds
        self._slice = limits.image_seconds * _SHARE
        self._leases = 0

    def first(self, pictures: Iterator[Picture]) -> list[Picture]:
        """As many as are searched; more of them are said."""
        some = list(islice(pictures, self._limits.images))
        if next(pictures, None) is not None:
            self._problem("number")
        return some

    def all_of(self, pictures: list[Picture]) -> None:
        """Each gets its share, and then those that need more get what is left."""
        slow = self._round(sorted(pictures, key=_size), later=False)
        if self._round(slow, later=True):
            self._problem(qrcodes.SearchStatus.TIME)

    def _round(self, pictures: list[Picture], later: bool) -> list[Picture]:
        """Those for which there was not enough time."""
        waiting, slow = deque(pictures), []
        while waiting and self._budget > 0 and self._left() > 0:
            with self._reader.lease(self._left(), self._leases) as lease:
                if lease is None:
                    break
                self._leases += 1
                end = self._left() - self._slice
                while waiting and self._budget > 0 and self._left() > end:
                    seconds = self._share(len(waiting), later)
                    picture = waiting.popleft()
                    if not self._searched(lease, picture, seconds):
                        slow.append(picture)
        return [*slow, *waiting]

    def _share(self, count: int, later: bool) -> float:
        even = self._budget / count
        share = max(even, 2 * self._slice) if later else max(min(even, self._slice), _LEAST_SECONDS)
        return min(share, self._budget, self._left())

    def _searched(self, lease: qrcodes.Lease, picture: Picture, seconds: float) -> bool:
        """False if it takes longer than that."""
        if isinstance(picture, qrcodes.Grid):
            look = lease.in_grid(picture, seconds)
        else:
            look = lease.in_image(picture, self._limits.image_pixels, seconds)
        self._budget -= look.seconds
        self.found.update(dict.fromkeys(look.texts))
        if look.status is qrcodes.SearchStatus.TIME:
            return False
        if look.status not in _SILENT:
            self._problem(_DETAILS.get(look.status, look.status))
        if _size(picture) >= self._limits.image_bytes and not look.texts and isinstance(picture, bytes):
            self._problem("bytes")  # what lies behind the cut was not seen
        return True

    def _problem(self, detail: str) -> None:
        self.problems[Problem("picture.not_searched", str(detail))] = None


def _size(picture: Picture) -> int:
    return len(picture.cells if isinstance(picture, qrcodes.Grid) else picture)


def _drawn(parts: tuple[Part, ...]) -> Iterator[Picture]:
    """Each different drawing once."""
    seen: set[qrcodes.Grid] = set()
    for part in parts:
        for grid in qrcodes.drawings(part.text[:_DRAWN], mime.is_html(part)):
            if grid not in seen:
                seen.add(grid)
                yield grid


def _images(parts: tuple[Part, ...], most: int) -> Iterator[Picture]:
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
