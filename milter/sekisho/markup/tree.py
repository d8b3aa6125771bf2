"""HTML through lexbor's tree, in one traversal."""

from __future__ import annotations

import re
from collections.abc import Callable

from selectolax.lexbor import LexborHTMLParser, LexborNode

from sekisho.markup import coarse
from sekisho.markup.collect import MarkupCollector
from sekisho.markup.model import Markup
from sekisho.markup.style import GONE, HIDDEN, hiding
from sekisho.markup.tags import ACTS, BLOCKS, MUTE, Attributes

TREE_CHARACTERS = 131_072
"""Of one document, this much goes through the tree builder: a tag of 20,000 attributes takes it a second."""
_TREE_TAGS = 8_000
_REOPENED = 500_000
"""Formatting elements times tags from where formatting is renamed: lexbor, as HTML says, opens every unclosed
formatting element again in each block, which would make that many nodes."""

_DATA = re.compile(r"data:[\w/+.;,=%-]{256,}+")
_FORMATTING = re.compile(
    r"<(/?)(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>])", re.IGNORECASE
)
_PRE = 16
"""State bit beside those of `style`: line ends count here."""


def parse(html: str, max_links: int = 2000, tree_characters: int = TREE_CHARACTERS) -> Markup:
    """Text, hidden text, links and images of an HTML document or fragment.

    `max_links` bounds the anchors, `tree_characters` what is read with full fidelity (0: nothing). Never
    raises.
    """
    out = MarkupCollector(max_links)
    head, tail = _bounded(html, min(tree_characters, TREE_CHARACTERS))
    if head:
        _TreeWalk(out).over(_tree(_flattened(head)))
    if tail:
        out.problems["markup.coarse"] = None
        coarse.read(tail, out)
    return out.done()


def _bounded(html: str, characters: int) -> tuple[str, str]:
    """The head for the tree and the tail for the coarse reader, parted before a tag."""
    if len(html) > characters and len(html) > 1024:
        html = _DATA.sub("data:,", html)
    cut = characters if len(html) > characters else len(html)
    if html.count("<", 0, cut) > _TREE_TAGS:
        cut = _nth_tag(html, _TREE_TAGS)
    if cut == len(html):
        return html, ""
    before = html.rfind("<", 0, cut)
    cut = before if before > 0 and cut < len(html) else cut
    return html[:cut], html[cut:]


def _nth_tag(html: str, number: int) -> int:
    position = -1
    for _ in range(number):
        position = html.find("<", position + 1)
    return position


def _flattened(html: str) -> str:
    """Formatting tags as `span`, which is never opened again, when there are enough to matter."""
    tags = html.count("<")
    if tags * tags < _REOPENED or tags * len(_FORMATTING.findall(html)) < _REOPENED:
        return html
    return _FORMATTING.sub(r"<\1span", html)


def _tree(html: str) -> LexborNode | None:
    try:
        return LexborHTMLParser(html).root
    except UnicodeEncodeError:  # lone surrogates
        return LexborHTMLParser(html.encode("utf-8", "replace")).root


class _TreeWalk:
    """One traversal, depth first, with its own stack: depth is the sender's to choose."""

    def __init__(self, out: MarkupCollector) -> None:
        self._out = out

    def over(self, root: LexborNode | None) -> None:
        out, line, text = self._out, self._out.line, self._out.text
        # Where it goes on after an element, with what state, and what is done when it ends.
        stack: list[tuple[LexborNode | None, int, Callable[[], None] | None]] = []
        node, state = root, 0
        while node is not None or stack:
            if node is None:
                node, state, end = stack.pop()
                if end is not None:
                    end()
                continue
            tag = node.tag or ""
            if tag == "-text":
                if state:
                    self._text(node.text_content or "", state)
                else:
                    text(node.text_content or "")
                node = node.next
            elif tag in MUTE:
                self._mute(tag, node)
                node = node.next
            else:
                attributes, end = node.attributes, None
                inner = self._seen(attributes, state) if attributes else state
                if tag in BLOCKS:
                    line()
                    end = line
                if tag in ACTS:
                    ACTS[tag](out, attributes, inner)
                    end = out.close_link if tag == "a" else end
                stack.append((node.next, state, end))
                node, state = node.first_child, inner | _PRE if tag == "pre" else inner

    def _seen(self, attributes: Attributes, state: int) -> int:
        if "hidden" in attributes:
            return state | GONE
        style = attributes.get("style")
        return hiding(style, state) if style else state

    def _text(self, text: str, state: int) -> None:
        if state & HIDDEN:
            self._out.hide(text)
        else:
            self._out.lines(text)

    def _mute(self, tag: str, node: LexborNode) -> None:
        if tag == "title" and not self._out.title:
            self._out.title = node.text(deep=True)
        elif tag == "script":
            ACTS[tag](self._out, node.attributes, 0)
