"""HTML through lexbor's tree, in one traversal."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from sekisho.markup import coarse
from sekisho.markup.collect import Collector
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
_LINE_ENDS = 1
_LINK_ENDS = 2


def parse(html: str, max_links: int = 2000, tree_characters: int = TREE_CHARACTERS) -> Markup:
    """Text, hidden text, links and images of an HTML document or fragment.

    `max_links` bounds the anchors, `tree_characters` what is read with full fidelity (0: nothing). Never
    raises.
    """
    out = Collector(max_links)
    head, tail = _bounded(html, min(tree_characters, TREE_CHARACTERS))
    if head:
        _Walk(out).over(_tree(_flattened(head)))
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


class _Walk:
    """One traversal, depth first, with its own stack: depth is the sender's to choose."""

    def __init__(self, out: Collector) -> None:
        self._out = out

    def over(self, root: LexborNode | None) -> None:
        # Where it goes on after an element, with what state, and what ends there.
        stack: list[tuple[LexborNode | None, int, int]] = []
        node, state = root, 0
        while node is not None or stack:
            if node is None:
                node, state, ends = stack.pop()
                if ends:
                    self._leave(ends)
                continue
            tag = node.tag or ""
            if tag == "-text":
                self._text(node.text_content or "", state)
            elif tag in MUTE:
                self._mute(tag, node)
            else:
                inner, ends = self._enter(tag, node, state)
                stack.append((node.next, state, ends))
                node, state = node.first_child, inner
                continue
            node = node.next

    def _enter(self, tag: str, node: LexborNode, state: int) -> tuple[int, int]:
        """The state inside an element, and what its end will be."""
        attributes = node.attributes
        if attributes:
            state = self._seen(attributes, state)
        ends = 0
        if tag in BLOCKS:
            self._out.line()
            ends = _LINE_ENDS
        act = ACTS.get(tag)
        if act is not None:
            act(self._out, attributes, state)
            if tag == "a":
                ends = _LINK_ENDS
        return (state | _PRE if tag == "pre" else state), ends

    def _seen(self, attributes: Attributes, state: int) -> int:
        if "hidden" in attributes:
            return state | GONE
        style = attributes.get("style")
        return hiding(style, state) if style else state

    def _text(self, text: str, state: int) -> None:
        if not state:
            self._out.text(text)
        elif state & HIDDEN:
            self._out.hide(text)
        else:
            self._out.lines(text)

    def _mute(self, tag: str, node: LexborNode) -> None:
        if tag == "title" and not self._out.title:
            self._out.title = node.text(deep=True)
        elif tag == "script":
            ACTS[tag](self._out, node.attributes, 0)

    def _leave(self, ends: int) -> None:
        if ends == _LINK_ENDS:
            self._out.close_link()
        else:
            self._out.line()
