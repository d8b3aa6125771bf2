"""HTML to what its reader sees: text, hidden text, title, links, images.

`parse` gives the visible text of an HTML body, line by line, the text that inline style hides, and every link with the
text that is shown for it. `text_links` gives the links of plain text. HTML is read as browsers read it (WHATWG HTML,
tree construction by lexbor), in one traversal without recursion.

It cannot see style sheets, what scripts do, images, or what the host of a link answers.

Time is bounded. The tree builder is quadratic on some inputs (deep blocks, thousands of attributes, reopened
formatting), so it gets the first part of a document only. The rest is read tag by tag, which is linear and less exact;
the problem `markup.coarse` says so.
"""

from sekisho.markup.builder import longest_gap
from sekisho.markup.entities import unescaped
from sekisho.markup.model import Anchor, Image, Markup
from sekisho.markup.plain import text_links
from sekisho.markup.tree import TREE_CHARACTERS, parse

__all__ = ["TREE_CHARACTERS", "Anchor", "Image", "Markup", "longest_gap", "parse", "text_links", "unescaped"]
