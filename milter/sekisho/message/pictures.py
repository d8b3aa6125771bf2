"""The links in the pictures of a message: QR codes in images, and in text that draws them.

Every URL in a QR code of an attached or inline image (`data:` images included), or of a text part, becomes a link of
the message with the kind `qr`. This is a separate step after `read`, since decoding an image takes longer than reading
a message. For a message without images it only goes through the parts.

Problem: `picture.not_searched`. The detail says why: `number`, `size`, `scans`, `bytes` (too many, or too large),
`broken`, or `time`, `memory`, `decoder` (another try may succeed). A file of an unknown format is no picture, since
mail programs do not show it.

No picture takes the time of another. Each has its share first, small ones before large ones. The rest of the time goes
to those that need more. Messages take turns at the decoders.

It cannot see what the message fetches from elsewhere, or pictures inside documents and archives.
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
from sekisho.message import leaf
from sekisho.message.limits import Limits
from sekisho.message.model import Link, Message, Part, Problem

_IMAGE_NAMES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp")
_EMBEDDED = re.compile(
    r"data:(?:[\w.+-]{1,40}/[\w.+-]{1,40})?(?:;[\w.+=-]{1,40}){0,5};base64,([A-Za-z0-9+/=\s%]{64,})",
    re.IGNORECASE,
)
_SCHEMES = frozenset({"", "http", "https"})
_MAX_LINKS = 20
"""Links from codes that one message gets."""
_MAX_DRAWN_CHARS = 1_000_000
"""Characters of a text part that are searched for drawn codes."""
_NO_PROBLEM = frozenset({qrcodes.SearchStatus.SEARCHED, qrcodes.SearchStatus.FORMAT})
_DETAILS = MappingProxyType({qrcodes.SearchStatus.PIXELS: "size"})
"""The detail of a problem by the status of a search, if the two differ."""
_PICTURE_SHARE = 0.2
"""Share of the seconds for all pictures: for one picture before the others had theirs, and for one lease."""
_MIN_PICTURE_SECONDS = 0.05
"""Seconds of the smallest share. In a shorter time ordinary pictures are not searched, and each ends its child."""

Picture = bytes | qrcodes.Grid


def with_codes(
    message: Message, limits: Limits, reader: qrcodes.Reader, left: Callable[[], float]
) -> Message:
    """The message with a link for each URL in a code.

    `left` gives the seconds that are left for the search, waiting included. A picture that is not searched in time is a
    problem.
    """
    search = _Search(limits, reader, left)
    images = search.first(_images(message.parts, limits.image_bytes))
    drawn = search.first(_drawn(message.parts))
    search.all_of([*images, *drawn])
    if not search.found and not search.problems:
        return message
    links = tuple(_links(search.found))[:_MAX_LINKS]
    known = tuple(each for each in search.problems if each not in message.problems)
    return replace(message, links=message.links + links, problems=message.problems + known)


class _Search:
    """The search through the pictures of one message."""

    def __init__(self, limits: Limits, reader: qrcodes.Reader, left: Callable[[], float]) -> None:
        self.found: dict[str, None] = {}
        self.problems: dict[Problem, None] = {}
        self._limits = limits
        self._reader = reader
        self._left = left
        self._budget = limits.image_seconds
        self._slice = limits.image_seconds * _PICTURE_SHARE
        self._leases = 0

    def first(self, pictures: Iterator[Picture]) -> list[Picture]:
        """The pictures that are searched. If there are more, that is a problem."""
        some = list(islice(pictures, self._limits.images))
        if next(pictures, None) is not None:
            self._problem("number")
        return some

    def all_of(self, pictures: list[Picture]) -> None:
        """Give each picture its share of the time, and then the rest to those that need more."""
        slow = self._round(sorted(pictures, key=_size), later=False)
        if self._round(slow, later=True):
            self._problem(qrcodes.SearchStatus.TIME)

    def _round(self, pictures: list[Picture], later: bool) -> list[Picture]:
        """Search the pictures. Those for which the time was too short are given."""
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
        share = max(even, 2 * self._slice) if later else max(min(even, self._slice), _MIN_PICTURE_SECONDS)
        return min(share, self._budget, self._left())

    def _searched(self, lease: qrcodes.Lease, picture: Picture, seconds: float) -> bool:
        """Search one picture. False if it takes longer than `seconds`."""
        if isinstance(picture, qrcodes.Grid):
            look = lease.in_grid(picture, seconds)
        else:
            look = lease.in_image(picture, self._limits.image_pixels, seconds)
        self._budget -= look.seconds
        self.found.update(dict.fromkeys(look.texts))
        if look.status is qrcodes.SearchStatus.TIME:
            return False
        if look.status not in _NO_PROBLEM:
            self._problem(_DETAILS.get(look.status, look.status))
        if _size(picture) >= self._limits.image_bytes and not look.texts and isinstance(picture, bytes):
            self._problem("bytes")  # what was cut off was not searched
        return True

    def _problem(self, detail: str) -> None:
        self.problems[Problem("picture.not_searched", str(detail))] = None


def _size(picture: Picture) -> int:
    return len(picture.cells if isinstance(picture, qrcodes.Grid) else picture)


def _drawn(parts: tuple[Part, ...]) -> Iterator[Picture]:
    """Each different drawing of the parts once."""
    seen: set[qrcodes.Grid] = set()
    for part in parts:
        for grid in qrcodes.drawings(part.text[:_MAX_DRAWN_CHARS], leaf.is_html(part)):
            if grid not in seen:
                seen.add(grid)
                yield grid


def _images(parts: tuple[Part, ...], most: int) -> Iterator[Picture]:
    """Each different image once: attached ones first, then `data:` images of pages."""
    seen: set[bytes] = set()
    for content in _contents(parts, most):
        if content and content not in seen:
            seen.add(content)
            yield content


def _contents(parts: tuple[Part, ...], most: int) -> Iterator[bytes]:
    for part in parts:
        if part.media.startswith("image/") or (part.filename or "").lower().endswith(_IMAGE_NAMES):
            yield part.content
    for part in parts:
        if "64," in part.text:  # a cheap test that holds for `data:` and `base64` in any case
            for embedded in _EMBEDDED.finditer(part.text):
                yield _decoded(embedded[1], most)


def _decoded(text: str, most: int) -> bytes:
    """The bytes of a `data:` image, at most `most`; empty if it is not valid base64."""
    plain = b"".join(unquote_to_bytes(text).split()).rstrip(b"=")[: -(-most // 3) * 4]
    try:
        return base64.b64decode(plain + b"=" * (-len(plain) % 4))[:most]
    except binascii.Error:
        return b""


def _links(texts: dict[str, None]) -> Iterator[Link]:
    """The links that a camera offers to open: the text of a code, or the URLs in it (as in a visiting card)."""
    for text in texts:
        whole = domains.split_url(text.strip())
        own = whole.host is not None and whole.scheme in _SCHEMES
        for target in (text.strip(),) if own else markup.text_links(text, _MAX_LINKS):
            yield Link(target, domains.host_of(target), "", "qr")
