"""The result of reading HTML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Anchor(NamedTuple):
    """A link in HTML.

    `target` is the URL as a browser reads it from the attribute: without line ends and outer blanks, and joined with
    `base href`. `text` is what is shown for it. `kind` is `a`, `area`, `form`, `image`, `meta`, `script`, or `text` (a
    bare URL in the visible text).
    """

    target: str
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image: its source as written (URL, `cid:` or `data:`), and the text that is shown in its place."""

    source: str
    alt: str


@dataclass(frozen=True, slots=True)
class Markup:
    """HTML as its reader sees it.

    - `text`: the visible text, a line for each block. `hidden`: the text that inline style hides.
    - `anchors`: the links in document order, equal ones once.
    - `forms`, `passwords` (password fields), `scripts`: the number of such elements.
    - `problems`: `markup.coarse` (too large for the tree builder, the rest was read tag by tag), `limit.links`.
    - `cuts`: the number of places where hidden text stands between two letters that the reader sees side by side.
    - `gap`: the number of lines in the longest run of empty lines.
    - `quotes`: the ranges of `text` that stand in a `blockquote`, in order; the outer one of those that are nested.
    """

    text: str = ""
    hidden: str = ""
    title: str = ""
    anchors: tuple[Anchor, ...] = ()
    images: tuple[Image, ...] = ()
    forms: int = 0
    passwords: int = 0
    scripts: int = 0
    problems: tuple[str, ...] = ()
    cuts: int = 0
    gap: int = 0
    quotes: tuple[tuple[int, int], ...] = ()
