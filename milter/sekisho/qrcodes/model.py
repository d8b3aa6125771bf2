"""Questions about pictures and their answers: the port `Reader`, and what goes over the socket to the child."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

QUESTION = struct.Struct("<cIIII")
"""The head of a question to the child: `IMAGE`, the number of pixels at most, and an unused number; or `GRID`, width
and height in modules. Then the seconds of processor time, and the number of bytes that follow: file or cells."""
ANSWER = struct.Struct("<I")
"""The head of an answer: the number of bytes of JSON that follow (`{"texts": [...], "status": "..."}`, the fields of
SearchResult). Before the first question the child sends 0: it is ready."""
IMAGE, GRID = b"I", b"G"

DEFAULT_PIXELS = 8_000_000
"""Pixels of an image that is decoded; a JPEG may have sixteen times as many, a WebP half as many (`image`)."""
MAX_CODES = 8
"""Codes of one image that are given."""
MAX_CHARACTERS = 4_096
"""Characters of one code that are given. The largest code (version 40) holds 2,953 bytes, or 7,089 digits."""


class SearchStatus(StrEnum):
    """Whether a picture was searched, or why not."""

    SEARCHED = ""
    FORMAT = "format"
    """None of the five formats, so no mail program shows it."""
    BROKEN = "broken"
    """It begins like one of the formats, but cannot be read."""
    PIXELS = "pixels"
    """More pixels than are decoded."""
    SCANS = "scans"
    """It has too many parts, or its scans would cost too much."""
    TIME = "time"
    MEMORY = "memory"
    DECODER = "decoder"
    """The child died, or could not be started."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The texts of the codes in a picture, and whether it was searched. `seconds` is how long a child worked on it."""

    texts: tuple[str, ...] = ()
    status: SearchStatus = SearchStatus.SEARCHED
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class Grid:
    """A drawing of `width` × `height` modules. `cells` has a byte for each, row by row: 1 is dark, 0 is light."""

    width: int
    height: int
    cells: bytes


class Lease(Protocol):
    """One of the few children, lent to one message.

    `seconds` bounds the work on one picture. It does not include the start of a new child. Hostile pictures raise no
    error.
    """

    def in_image(self, content: bytes, most_pixels: int, seconds: float, /) -> SearchResult:
        """The texts of the QR codes in an image file. A file of more than `most_pixels` is not decoded."""

    def in_grid(self, grid: Grid, seconds: float, /) -> SearchResult:
        """The texts of the QR codes in a drawing."""


class Reader(Protocol):
    """Searches pictures for QR codes."""

    def lease(self, seconds: float, earlier: int = 0, /) -> AbstractContextManager[Lease | None]:
        """A child to search pictures with; None if none becomes free within `seconds`, which also bound its start.

        `earlier` is the number of leases that the message had before. Messages with fewer come first, and those with
        the same number in the order in which they ask. Keep a lease for a short time: others wait.
        """


class _NoReader:
    """A reader that searches no picture. Every result has the status `decoder`."""

    def in_image(self, _: bytes, __: int, ___: float, /) -> SearchResult:
        return SearchResult(status=SearchStatus.DECODER)

    def in_grid(self, _: Grid, __: float, /) -> SearchResult:
        return SearchResult(status=SearchStatus.DECODER)

    @contextmanager
    def lease(self, _: float, __: int = 0, /) -> Iterator[Lease]:
        yield self


NO_READER: Reader = _NoReader()
