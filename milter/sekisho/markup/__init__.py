"""HTML to what its reader sees: text, hidden text, title, links, images.

What it answers: the visible words of an HTML body, line by line; the words that inline style hides from the
eye; every place the reader can be led to, with the words that lead there. `text_links` does the last for
plain text. HTML is read as browsers do (WHATWG HTML, tree construction by lexbor) in one traversal without
recursion.

What it cannot see: style sheets, scripts at work, images, what a link's host answers.

Time is bounded: the tree builder is quadratic on some inputs (deep blocks, thousands of attributes, re-opened
formatting), so it gets a bounded head of the document and the rest is read by its tags alone, which is linear
and coarser, and said so in `problems`.
"""

from sekisho.markup.collect import longest_gap
from sekisho.markup.entities import unescaped
from sekisho.markup.model import Anchor, Image, Markup
from sekisho.markup.plain import text_links
from sekisho.markup.tree import TREE_CHARACTERS, parse

__all__ = ["TREE_CHARACTERS", "Anchor", "Image", "Markup", "longest_gap", "parse", "text_links", "unescaped"]
