"""What reading a piece of HTML gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Anchor(NamedTuple):
    """A link in the markup. `target` is the URL as a browser takes it from the attribute (no line ends or
    outer blanks, joined with `base href`), `text` what is shown for it. `kind`: `a`, `area`, `form`, `image`,
    `meta`, `script`, `text` (a bare URL in the visible text)."""

    target: str
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image: `source` as written (URL, `cid:` or `data:`) and the text shown in its place."""

    source: str
    alt: str


@dataclass(frozen=True, slots=True)
class Markup:
    """HTML as its reader meets it.

    `text`: what is seen, a line per block. `hidden`: what inline style hides. `anchors` in document order,
    equal ones once. `forms`, `passwords`, `scripts` count elements. `problems`: `markup.coarse` (too large
    for the tree reader, the rest was read by tags alone) and `limit.links`. `cuts`: places where unseen text
    stands between two letters that are seen side by side. `gap`: the longest run of empty lines.
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
