"""HTML by its tags alone: linear in any input, for what is too large for the tree.

Knows no nesting: text hidden by style counts as seen, and mail programs may see a broken tag otherwise.
"""

from __future__ import annotations

import re

from sekisho.markup.collect import MarkupCollector
from sekisho.markup.entities import unescaped
from sekisho.markup.tags import ACTS, BLOCKS

# Every alternative succeeds wherever it begins (an open end matches the end of input): no second look.
_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(?P<raw>script|style|title)\b(?P<rawattrs>[^>]*+).*?(?:</(?P=raw)|\Z)"
    r"|<(?P<end>/?)(?P<tag>[a-z][a-z0-9]*+)(?P<attrs>[^>]*+)(?:>|\Z)"
    r"|<[/!?][^>]*+(?:>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([a-z:-]{2,12})\s*+=\s*+(?:\"([^\"]*+)|'([^']*+)|([^\s\"'>]++))", re.IGNORECASE)
_ENOUGH = 8192
"""Characters of one tag that are searched for attributes."""


def read(html: str, out: MarkupCollector) -> None:
    """Add the text and links of `html` to the collector."""
    position = 0
    for token in _TOKEN.finditer(html):
        if token.start() > position:
            out.text(unescaped(html[position : token.start()]))
        position = token.end()
        _tag(token, out)
    out.text(unescaped(html[position:]))


def _tag(token: re.Match[str], out: MarkupCollector) -> None:
    name = (token["tag"] or token["raw"] or "").lower()
    if name in BLOCKS:
        out.line()
    if token["end"]:
        if name == "a":
            out.close_link()
        return
    act = ACTS.get(name)
    if act is not None:
        act(out, _attributes(token["attrs"] or token["rawattrs"] or ""), 0)


def _attributes(source: str) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(source[:_ENOUGH]):
        found.setdefault(name.lower(), unescaped(double or single or bare))
    return found
