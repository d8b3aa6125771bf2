"""What is asked of a picture, and what comes back."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

QUESTION = struct.Struct("<cIIII")
"""To the child: `IMAGE`, the pixels that are decoded at most, and a number that means nothing; or `GRID`, width and
height. Then the seconds of processor time that it may take, and how many bytes follow: the file, or the cells."""
ANSWER = struct.Struct("<I")
"""From the child: how many bytes follow, of JSON: `{"texts": [...], "why": "..."}`, as in `Look`. Before the first
question it says 0: it is ready."""
IMAGE, GRID = b"I", b"G"

DEFAULT_PIXELS = 8_000_000
"""Pixels of an image that is decoded at all; a JPEG may have sixteen times as many, a WebP half as many (`image`)."""
MAX_CODES = 8
"""Codes of one image."""
MAX_CHARACTERS = 4_096
"""Characters of one code; QR holds no more (ISO/IEC 18004, version 40)."""


class Why(StrEnum):
    """Why a picture was not searched."""

    SEARCHED = ""
    FORMAT = "format"
    """None of the five formats: nobody sees it either."""
    BROKEN = "broken"
    """It begins like one of them, and cannot be read."""
    PIXELS = "pixels"
    """More pixels than are decoded."""
    SCANS = "scans"
    """Too many parts for its size."""
    TIME = "time"
    MEMORY = "memory"
    DECODER = "decoder"
    """The program that decodes it died, or could not be had."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was read in a picture, or why it was not. `seconds`: how long a child worked on it."""

    texts: tuple[str, ...] = ()
    why: Why = Why.SEARCHED
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class Grid:
    """Modules that a text draws: `width` × `height` bytes, 1 dark."""

    width: int
    height: int
    cells: bytes


class Turn(Protocol):
    """One of the few programs that look into pictures, for one message. `seconds` bounds the work on one picture; the
    start of a new program is none of it. Raises only what a fault of ours raises."""

    def in_image(self, content: bytes, most_pixels: int, seconds: float, /) -> Look:
        """The texts of the QR codes in an image file; `most_pixels` bounds what is decoded."""

    def in_grid(self, grid: Grid, seconds: float, /) -> Look:
        """The texts of the QR code that a text draws."""


class Reader(Protocol):
    """Looks into pictures, which are the most hostile input there is."""

    def turn(self, seconds: float, had: int = 0, /) -> AbstractContextManager[Turn | None]:
        """First come, first served among those that `had` as many turns before; fewer come first. None if no turn came
        within `seconds`, which also bound the start of a program. It must be given back soon: others wait."""


class _Nobody:
    """Looks into no picture, and says so."""

    def in_image(self, _: bytes, __: int, ___: float, /) -> Look:
        return Look(why=Why.DECODER)

    def in_grid(self, _: Grid, __: float, /) -> Look:
        return Look(why=Why.DECODER)

    @contextmanager
    def turn(self, _: float, __: int = 0, /) -> Iterator[Turn]:
        yield self


NOBODY: Reader = _Nobody()
