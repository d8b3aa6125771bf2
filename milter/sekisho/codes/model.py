"""What is asked of a picture, and what comes back."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Protocol

QUESTION = struct.Struct("<cIIII")
"""To the child: `IMAGE`, the pixels that are decoded at most, and a number that means nothing; or `GRID`, width and
height. Then the seconds of processor time that it may take, and how many bytes follow: the file, or the cells."""
ANSWER = struct.Struct("<I")
"""From the child: how many bytes follow, of JSON: `{"texts": [...], "why": "..."}`, as in `Look`."""
IMAGE, GRID = b"I", b"G"

DEFAULT_PIXELS = 8_000_000
"""Pixels of an image that is decoded at all; a JPEG may have sixteen times as many, a WebP half as many (`image`)."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was read in a picture. `why` says why it was not looked at, if so: `pixels` or `scans` (it would cost too
    much), `broken` (no image of ours), `time`, `memory`, or `decoder` (who decodes it died, or could not be had)."""

    texts: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """Modules that a text draws: `width` × `height` bytes, 1 dark."""

    width: int
    height: int
    cells: bytes


class Reader(Protocol):
    """Looks into pictures, which are the most hostile input there is. `seconds` is how long the caller waits at most.
    Never raises."""

    def in_image(self, content: bytes, most_pixels: int, seconds: float, /) -> Look:
        """The texts of the QR codes in an image file; `most_pixels` bounds what is decoded."""

    def in_grid(self, grid: Grid, seconds: float, /) -> Look:
        """The texts of the QR code that a text draws."""


class _Nobody:
    """Looks into no picture, and says so."""

    def in_image(self, _: bytes, __: int, ___: float, /) -> Look:
        return Look(why="decoder")

    def in_grid(self, _: Grid, __: float, /) -> Look:
        return Look(why="decoder")


NOBODY: Reader = _Nobody()
