"""HTML elements: which are blocks, which are not shown, and what each adds to the text and links."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sekisho.markup.builder import MarkupBuilder
from sekisho.markup.style import HIDDEN

Attributes = Mapping[str, str | None]

BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog",
     "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "frameset", "h1", "h2",
     "h3", "h4", "h5", "h6", "header", "hr", "legend", "li", "main", "menu", "nav", "ol", "option", "p",
     "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul"}
)  # fmt: skip
"""Elements that begin and end a line."""

NOT_SHOWN = frozenset(
    {"script", "style", "title", "template", "noframes", "noembed", "iframe", "object", "audio", "video",
     "canvas", "-comment", "-doctype"}
)  # fmt: skip
"""Elements whose content mail programs do not show."""


def _link(out: MarkupBuilder, attributes: Attributes, _state: int) -> None:
    target = attributes.get("href") or attributes.get("xlink:href")
    if target:
        out.open_link(target, "a")
    else:
        out.close_link()


def _area(out: MarkupBuilder, attributes: Attributes, _state: int) -> None:
    out.link(attributes.get("href") or "", attributes.get("alt") or "", "area")


def _image(out: MarkupBuilder, attributes: Attributes, state: int) -> None:
    alt = " ".join((attributes.get("alt") or "")[:1000].split())
    out.image(attributes.get("src") or attributes.get("href") or "", alt, bool(state & HIDDEN))


def _form(out: MarkupBuilder, attributes: Attributes, _state: int) -> None:
    out.forms += 1
    out.link(attributes.get("action") or "", "", "form")


def _input(out: MarkupBuilder, attributes: Attributes, state: int) -> None:
    kind = (attributes.get("type") or "").lower()
    if kind == "password":
        out.passwords += 1
    elif kind == "image":
        _image(out, attributes, state)
    elif kind in {"submit", "button", "reset"} and not state & HIDDEN:
        out.text(f" {attributes.get('value') or ''} ")
    out.link(attributes.get("formaction") or "", "", "form")


def _button(out: MarkupBuilder, attributes: Attributes, _state: int) -> None:
    out.space()
    out.link(attributes.get("formaction") or "", "", "form")


def _meta(out: MarkupBuilder, attributes: Attributes, _state: int) -> None:
    if (attributes.get("http-equiv") or "").strip().lower() == "refresh":
        out.refresh(attributes.get("content") or "")


def _base(out: MarkupBuilder, attributes: Attributes, _state: int) -> None:
    out.base = out.base or (attributes.get("href") or "").strip()[:2048]


def _script(out: MarkupBuilder, attributes: Attributes, _state: int) -> None:
    out.scripts += 1
    out.link(attributes.get("src") or "", "", "script")


def _new_line(out: MarkupBuilder, _attributes: Attributes, _state: int) -> None:
    out.new_line()


def _space(out: MarkupBuilder, _attributes: Attributes, _state: int) -> None:
    out.space()


HANDLERS: Mapping[str, Callable[[MarkupBuilder, Attributes, int], None]] = {
    "a": _link,
    "area": _area,
    "base": _base,
    "br": _new_line,
    "button": _button,
    "form": _form,
    "image": _image,  # an SVG element; the HTML parser turns `image` into `img`
    "img": _image,
    "input": _input,
    "meta": _meta,
    "script": _script,
    "td": _space,
    "th": _space,
}
"""What an element adds where it begins, by its name. Arguments: the builder, the attributes, the bits of `style`."""
