"""What an inline style hides from the reader.

Answers for one `style` attribute: is the text below it not to be seen (`GONE`, whatever its children say), or
only until a child says otherwise (`SMALL`, `UNSEEN`, `SAME`, which CSS inherits and a descendant may
override: a table cell with `font-size:0` around a paragraph of 14 px is the daily bread of newsletters).

Cannot see: style sheets, media queries, `!important` between rules, a background set by another element.
"""

from __future__ import annotations

import re
from functools import lru_cache

GONE = 1
"""The whole subtree is not shown: `display:none`, `opacity:0`, `max-height:0`, off the screen …"""
SMALL = 2
"""The type is at most one pixel high, until a child sets its own size."""
UNSEEN = 4
"""`visibility:hidden`, until a child is visible."""
SAME = 8
"""Text in the colour of its own background, or in none."""
HIDDEN = GONE | SMALL | UNSEEN | SAME

_HINT = re.compile(
    r"none|hidden|collapse|mso-hide|opacity|transparent|rgba|max-height|clip|scale|-\d{3}"
    r"|font(?:-size)?\s*:\s*[.01]"
)
"""A style without any of these hides nothing but perhaps by colour: most styles are done after one search."""
_OWN_COLOUR = re.compile(r"(?<![a-z-])color\s*:")
_CACHED = 300
"""Characters of a style that is remembered: newsletters and campaigns repeat theirs in every message."""

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_NUMBER = re.compile(r"\s*([-+]?(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9}))\s*([a-z%]*)")
_COLOUR = re.compile(r"#[0-9a-f]{3,8}|rgba?\([^)]{0,60}\)|hsla?\([^)]{0,60}\)|\b[a-z]{3,20}\b")
_NAMED = {"white": "#ffffff", "black": "#000000", "silver": "#c0c0c0", "gray": "#808080", "grey": "#808080",
          "red": "#ff0000", "yellow": "#ffff00", "blue": "#0000ff", "lime": "#00ff00"}  # fmt: skip
_PIXELS = {"": 1.0, "px": 1.0, "pt": 1.33, "em": 16.0, "rem": 16.0, "ex": 8.0, "%": 0.16, "mm": 3.8,
           "cm": 38.0, "in": 96.0, "pc": 16.0, "vw": 6.0, "vh": 8.0}  # fmt: skip
_RELATIVE = frozenset({"em", "ex", "%"})
_FAR = 400.0
"""Pixels beyond the edge from where nothing of a line can be seen."""


def hiding(style: str, state: int) -> int:
    """The state below an element with this style, given the state that it inherits (bits of this module)."""
    return _known(style, state) if len(style) <= _CACHED else _judged(style, state)


def _judged(style: str, state: int) -> int:
    style = style.lower()
    if not state & HIDDEN and not _HINT.search(style) and not _coloured(style):
        return state
    declared = _declarations(style)
    if _gone(declared):
        return state | GONE
    return _sight(declared, _colours(declared, _size(declared, state)))


def _coloured(style: str) -> bool:
    """Both colours are set: only then can they be the same."""
    return "background" in style and _OWN_COLOUR.search(style) is not None


_known = lru_cache(maxsize=4096)(_judged)


def _declarations(style: str) -> dict[str, str]:
    if "/*" in style:
        style = _COMMENT.sub("", style)
    pairs = (declaration.partition(":") for declaration in style.split(";"))
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}


def _gone(declared: dict[str, str]) -> bool:
    if declared.get("display", "").startswith("none") or declared.get("mso-hide", "").startswith("all"):
        return True
    if _zero(declared, "opacity", 0.05) or _zero(declared, "max-height", 1.0):
        return True
    if declared.get("overflow", "").startswith("hidden") and (
        _zero(declared, "height", 1.0) or _zero(declared, "width", 1.0)
    ):
        return True
    return _away(declared)


def _away(declared: dict[str, str]) -> bool:
    """Moved off the screen, clipped or scaled to nothing."""
    if _far(declared, "text-indent") or _far(declared, "margin-left") or _far(declared, "margin-top"):
        return True
    if declared.get("position", "").startswith(("absolute", "fixed")) and (
        _far(declared, "left") or _far(declared, "top") or declared.get("clip", "").startswith("rect(0")
    ):
        return True
    return "scale(0)" in declared.get("transform", "")


def _size(declared: dict[str, str], state: int) -> int:
    value = declared.get("font-size") or declared.get("font")
    number = _pixels(value) if value else None
    if value is None or (number is None and "font-size" not in declared):
        return state
    if number is not None and number[0] <= 1.0:
        return state | SMALL
    if number is not None and number[1] in _RELATIVE:
        return state  # a multiple of nothing is nothing
    return state & ~SMALL


def _sight(declared: dict[str, str], state: int) -> int:
    visibility = declared.get("visibility", "")
    if visibility.startswith(("hidden", "collapse")):
        return state | UNSEEN
    return state & ~UNSEEN if visibility.startswith("visible") else state


def _colours(declared: dict[str, str], state: int) -> int:
    colour = _colour(declared.get("color", ""))
    background = _colour(declared.get("background-color") or declared.get("background", ""))
    if colour == "none" or (colour and colour == background):
        return state | SAME
    return state & ~SAME if colour or background else state


def _colour(value: str) -> str:
    """One spelling for a colour: `#rrggbb`, `none` for a see-through one, "" for no colour."""
    found = _COLOUR.search(value)
    if not found:
        return ""
    colour = found.group().replace(" ", "")
    if colour == "transparent" or (colour.startswith(("rgba", "hsla")) and colour.endswith((",0)", ",0.0)"))):
        return "none"
    if colour.startswith("#") and len(colour) == 4:
        return "#" + "".join(digit * 2 for digit in colour[1:])
    if colour.startswith("rgb("):
        return _hex(colour)
    return _NAMED.get(colour, colour)


def _hex(colour: str) -> str:
    parts = colour[4:-1].split(",")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):
        return colour
    return "#" + "".join(f"{min(int(part), 255):02x}" for part in parts)


def _pixels(value: str) -> tuple[float, str] | None:
    """About how many pixels a length is, and its unit; None for what is no length."""
    found = _NUMBER.match(value)
    if not found:
        return None
    unit = found.group(2)
    return float(found.group(1)) * _PIXELS.get(unit, 1.0), unit


def _zero(declared: dict[str, str], name: str, least: float) -> bool:
    number = _pixels(declared.get(name, ""))
    return number is not None and 0 <= number[0] < least


def _far(declared: dict[str, str], name: str) -> bool:
    number = _pixels(declared.get(name, ""))
    return number is not None and number[0] <= -_FAR
