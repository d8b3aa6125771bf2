"""HTML read through lexbor's tree, in one traversal."""

from __future__ import annotations

import re
from collections.abc import Callable

from selectolax.lexbor import LexborHTMLParser, LexborNode

from sekisho.markup import coarse
from sekisho.markup.builder import MarkupBuilder
from sekisho.markup.model import Markup
from sekisho.markup.style import HIDDEN, NOT_RENDERED, state_below
from sekisho.markup.tags import BLOCKS, HANDLERS, NOT_SHOWN, Attributes

TREE_CHARACTERS = 131_072
"""Characters of a document that the tree builder gets. One tag with 20,000 attributes takes it a second."""
_MAX_TREE_TAGS = 8_000
_MAX_REOPENED = 500_000
"""Nodes that reopened formatting may make. HTML opens every unclosed formatting element again in each block, so lexbor
may make as many nodes as formatting elements times tags. Beyond this number the elements are renamed to `span`."""

_DATA = re.compile(r"data:[\w/+.;,=%-]{256,}+")
_FORMATTING = re.compile(
    r"<(/?)(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>])", re.IGNORECASE
)
_PREFORMATTED = 16
"""A state bit beside those of `style`: line ends are shown, as in `pre`."""


def parse(html: str, max_links: int = 2000, tree_characters: int = TREE_CHARACTERS) -> Markup:
    """Text, hidden text, links and images of an HTML document or fragment. Never raises.

    `max_links` is the number of anchors at most. `tree_characters` is the number of characters that the tree builder
    gets; the rest is read tag by tag (0: everything).
    """
    out = MarkupBuilder(max_links)
    head, tail = _bounded(html, min(tree_characters, TREE_CHARACTERS))
    if head:
        _TreeWalk(out).over(_tree(_flattened(head)))
    if tail:
        out.problems["markup.coarse"] = None
        coarse.read(tail, out)
    return out.result()


def _bounded(html: str, characters: int) -> tuple[str, str]:
    """The first part for the tree builder, and the rest for the coarse reader. The rest begins with a tag."""
    if len(html) > characters and len(html) > 1024:
        html = _DATA.sub("data:,", html)
    cut = characters if len(html) > characters else len(html)
    if html.count("<", 0, cut) > _MAX_TREE_TAGS:
        cut = _nth_tag(html, _MAX_TREE_TAGS)
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
    """The HTML with formatting tags as `span`, which is never reopened, if they could make too many nodes."""
    tags = html.count("<")
    if tags * tags < _MAX_REOPENED or tags * len(_FORMATTING.findall(html)) < _MAX_REOPENED:
        return html
    return _FORMATTING.sub(r"<\1span", html)


def _tree(html: str) -> LexborNode | None:
    try:
        return LexborHTMLParser(html).root
    except UnicodeEncodeError:  # lone surrogates
        return LexborHTMLParser(html.encode("utf-8", "replace")).root


class _TreeWalk:
    """One depth-first traversal. It keeps its own stack, since the sender chooses the depth."""

    def __init__(self, out: MarkupBuilder) -> None:
        self._out = out

    def over(self, root: LexborNode | None) -> None:
        out, new_line, text = self._out, self._out.new_line, self._out.text
        # For each open element: the node after it, the state there, and what is called when it ends.
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
            elif tag in NOT_SHOWN:
                self._not_shown(tag, node)
                node = node.next
            else:
                attributes, end = node.attributes, None
                inner = self._seen(attributes, state) if attributes else state
                if tag in BLOCKS:
                    new_line()
                    end = new_line
                    if tag == "blockquote":
                        out.open_quote()
                        end = out.close_quote
                if tag in HANDLERS:
                    HANDLERS[tag](out, attributes, inner)
                    end = out.close_link if tag == "a" else end
                stack.append((node.next, state, end))
                node, state = node.first_child, inner | _PREFORMATTED if tag == "pre" else inner

    def _seen(self, attributes: Attributes, state: int) -> int:
        if "hidden" in attributes:
            return state | NOT_RENDERED
        style = attributes.get("style")
        return state_below(style, state) if style else state

    def _text(self, text: str, state: int) -> None:
        if state & HIDDEN:
            self._out.hide(text)
        else:
            self._out.lines(text)

    def _not_shown(self, tag: str, node: LexborNode) -> None:
        if tag == "title" and not self._out.title:
            self._out.title = node.text(deep=True)
        elif tag == "script":
            HANDLERS[tag](self._out, node.attributes, 0)
