"""HTML read tag by tag, in linear time: for the part of a document that is too large for the tree builder.

It cannot see nesting: text that a style hides counts as visible. Mail programs may read a broken tag differently.
"""

from __future__ import annotations

import re

from sekisho.markup.builder import MarkupBuilder
from sekisho.markup.entities import unescaped
from sekisho.markup.tags import BLOCKS, HANDLERS

# Every alternative matches wherever it begins (an unclosed one up to the end of input), so nothing is scanned twice.
_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(?P<raw>script|style|title)\b(?P<rawattrs>[^>]*+).*?(?:</(?P=raw)|\Z)"
    r"|<(?P<end>/?)(?P<tag>[a-z][a-z0-9]*+)(?P<attrs>[^>]*+)(?:>|\Z)"
    r"|<[/!?][^>]*+(?:>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([a-z:-]{2,12})\s*+=\s*+(?:\"([^\"]*+)|'([^']*+)|([^\s\"'>]++))", re.IGNORECASE)
_MAX_TAG_CHARS = 8192
"""Characters of one tag that are searched for attributes."""


def read(html: str, out: MarkupBuilder) -> None:
    """Add the text and links of `html` to the builder."""
    position = 0
    for token in _TOKEN.finditer(html):
        if token.start() > position:
            out.text(unescaped(html[position : token.start()]))
        position = token.end()
        _tag(token, out)
    out.text(unescaped(html[position:]))


def _tag(token: re.Match[str], out: MarkupBuilder) -> None:
    name = (token["tag"] or token["raw"] or "").lower()
    if name in BLOCKS:
        out.new_line()
    if token["end"]:
        if name == "a":
            out.close_link()
        return
    handler = HANDLERS.get(name)
    if handler is not None:
        handler(out, _attributes(token["attrs"] or token["rawattrs"] or ""), 0)


def _attributes(source: str) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(source[:_MAX_TAG_CHARS]):
        found.setdefault(name.lower(), unescaped(double or single or bare))
    return found
