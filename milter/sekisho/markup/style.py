"""What an inline style hides from the reader.

The state of an element is a set of bits. `NOT_RENDERED` holds for everything inside the element. CSS inherits what is
behind `TINY`, `INVISIBLE` and `SAME_COLOUR`, and a child may override it: many newsletters have a table cell with
`font-size:0` around a paragraph of 14 px.

It cannot see style sheets, media queries, `!important` between rules, or a background that another element sets.
"""

from __future__ import annotations

import re
from functools import lru_cache

NOT_RENDERED = 1
"""Nothing of the element is shown: `display:none`, `opacity:0`, `max-height:0`, moved off the screen …"""
TINY = 2
"""Letters are at most one pixel high, until a child sets its own size."""
INVISIBLE = 4
"""`visibility:hidden`, until a child sets `visibility:visible`."""
SAME_COLOUR = 8
"""The text has the colour of its own background, or is transparent."""
HIDDEN = NOT_RENDERED | TINY | INVISIBLE | SAME_COLOUR

_HINT = re.compile(
    r"none|hidden|collapse|mso-hide|opacity|transparent|rgba|max-height|clip|scale|-\d{3}"
    r"|font(?:-size)?\s*:\s*[.01]"
)
"""A style without any of these can hide text by colour only. For most styles this one search is enough."""
_OWN_COLOUR = re.compile(r"(?<![a-z-])color\s*:")
_MAX_CACHED_CHARS = 300
"""Characters of the longest style that is cached: newsletters repeat their styles in every message."""

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_NUMBER = re.compile(r"\s*([-+]?(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9}))\s*([a-z%]*)")
_COLOUR = re.compile(r"#[0-9a-f]{3,8}|rgba?\([^)]{0,60}\)|hsla?\([^)]{0,60}\)|\b[a-z]{3,20}\b")
_NAMED = {"white": "#ffffff", "black": "#000000", "silver": "#c0c0c0", "gray": "#808080", "grey": "#808080",
          "red": "#ff0000", "yellow": "#ffff00", "blue": "#0000ff", "lime": "#00ff00"}  # fmt: skip
_PIXELS = {"": 1.0, "px": 1.0, "pt": 1.33, "em": 16.0, "rem": 16.0, "ex": 8.0, "%": 0.16, "mm": 3.8,
           "cm": 38.0, "in": 96.0, "pc": 16.0, "vw": 6.0, "vh": 8.0}  # fmt: skip
_RELATIVE = frozenset({"em", "ex", "%"})
_OFF_SCREEN_PIXELS = 400.0
"""Pixels that text is moved beyond the edge before it counts as off the screen."""


def state_below(style: str, state: int) -> int:
    """The state inside an element with this style. `state` is that of the parent. Both are sums of this module's bits,
    and a number that holds other bits keeps them."""
    return _cached_state(style, state) if len(style) <= _MAX_CACHED_CHARS else _state(style, state)


def _state(style: str, state: int) -> int:
    style = style.lower()
    if not state & HIDDEN and not _HINT.search(style) and not _sets_both_colours(style):
        return state
    declared = _declarations(style)
    if _is_not_rendered(declared):
        return state | NOT_RENDERED
    return _with_visibility(declared, _with_colours(declared, _with_size(declared, state)))


def _sets_both_colours(style: str) -> bool:
    """True if the style sets both colours: only then can they be equal."""
    return "background" in style and _OWN_COLOUR.search(style) is not None


_cached_state = lru_cache(maxsize=4096)(_state)


def _declarations(style: str) -> dict[str, str]:
    if "/*" in style:
        style = _COMMENT.sub("", style)
    pairs = (declaration.partition(":") for declaration in style.split(";"))
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}


def _is_not_rendered(declared: dict[str, str]) -> bool:
    if declared.get("display", "").startswith("none") or declared.get("mso-hide", "").startswith("all"):
        return True
    if _is_near_zero(declared, "opacity", 0.05) or _is_near_zero(declared, "max-height", 1.0):
        return True
    if declared.get("overflow", "").startswith("hidden") and (
        _is_near_zero(declared, "height", 1.0) or _is_near_zero(declared, "width", 1.0)
    ):
        return True
    return _is_moved_away(declared)


def _is_moved_away(declared: dict[str, str]) -> bool:
    """True if the element is moved off the screen, clipped to nothing or scaled to nothing."""
    if (
        _is_far_off(declared, "text-indent")
        or _is_far_off(declared, "margin-left")
        or _is_far_off(declared, "margin-top")
    ):
        return True
    if declared.get("position", "").startswith(("absolute", "fixed")) and (
        _is_far_off(declared, "left")
        or _is_far_off(declared, "top")
        or declared.get("clip", "").startswith("rect(0")
    ):
        return True
    return "scale(0)" in declared.get("transform", "")


def _with_size(declared: dict[str, str], state: int) -> int:
    value = declared.get("font-size") or declared.get("font")
    number = _pixels(value) if value else None
    if value is None or (number is None and "font-size" not in declared):
        return state
    if number is not None and number[0] <= 1.0:
        return state | TINY
    if number is not None and number[1] in _RELATIVE:
        return state  # relative to the parent: zero stays zero
    return state & ~TINY


def _with_visibility(declared: dict[str, str], state: int) -> int:
    visibility = declared.get("visibility", "")
    if visibility.startswith(("hidden", "collapse")):
        return state | INVISIBLE
    return state & ~INVISIBLE if visibility.startswith("visible") else state


def _with_colours(declared: dict[str, str], state: int) -> int:
    colour = _colour(declared.get("color", ""))
    background = _colour(declared.get("background-color") or declared.get("background", ""))
    if colour == "none" or (colour and colour == background):
        return state | SAME_COLOUR
    return state & ~SAME_COLOUR if colour or background else state


def _colour(value: str) -> str:
    """The normal form of a colour: `#rrggbb`, `none` if it is transparent, "" for no colour."""
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
    """A length in pixels, about, and its unit; None if the value is no length."""
    found = _NUMBER.match(value)
    if not found:
        return None
    unit = found.group(2)
    return float(found.group(1)) * _PIXELS.get(unit, 1.0), unit


def _is_near_zero(declared: dict[str, str], name: str, limit: float) -> bool:
    number = _pixels(declared.get(name, ""))
    return number is not None and 0 <= number[0] < limit


def _is_far_off(declared: dict[str, str], name: str) -> bool:
    number = _pixels(declared.get(name, ""))
    return number is not None and number[0] <= -_OFF_SCREEN_PIXELS
