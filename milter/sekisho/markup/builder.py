"""The builder of Markup, to which both readers of HTML add text, links and counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from sekisho.markup.model import Anchor, Image, Markup
from sekisho.markup.plain import MAX_URL_CHARS, text_links

_SPACES = re.compile("  +")
_BLANK = re.compile("[\t\n\r\f\v\0]")
_OUTER = "".join(map(chr, range(0x21)))
_INNER = {9: None, 10: None, 13: None}
_REFRESH = re.compile(r"[\s;,]*+url\s*+=\s*+[\"']?([^\"'>]+)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_EMPTY_LINES = re.compile(r"\n(?:[^\S\n]*+\n)++")
_MAX_LINK_TEXT_CHARS = 1000
"""Characters of a link's text that are kept."""
_MAX_QUOTES = 20
"""Quotations of one document whose ranges are kept."""
_WITH_MESSAGE = ("cid:", "data:", "mid:", "about:")
"""Schemes of image sources that come with the message: they are no links."""


class MarkupBuilder:
    """Collects text, links and counts of one document, and makes the frozen Markup of them.

    `most_links` is the number of different links that are kept.
    """

    def __init__(self, most_links: int) -> None:
        self.pieces: list[str] = []
        self.hidden_pieces: list[str] = []
        self.title = ""
        self.base = ""
        self.images: list[Image] = []
        self.forms = self.passwords = self.scripts = 0
        self.problems: dict[str, None] = {}
        self.cuts = 0
        self._cut_at = -1
        self._anchors: dict[tuple[str, str, str], None] = {}
        self._most = most_links
        self._open: tuple[str, str, int] | None = None
        self._alt = ""
        self._quotes: list[list[int]] = []
        self._quoting = 0

    def text(self, text: str) -> None:
        """Add the visible text of one text node. Every kind of white space becomes a space, as HTML says."""
        if text.isspace():
            self.pieces.append(" ")
            return
        if self._cut_at == len(self.pieces) and text[:1].isalpha():
            self.cuts += 1
        self.pieces.append(_BLANK.sub(" ", text) if "\n" in text or "\t" in text or "\r" in text else text)
        if self._open is None and ("://" in text or "www." in text):
            for url in text_links(text, self._most + 1):
                self.link(url, "", "text")

    def lines(self, text: str) -> None:
        """Add visible text whose line ends are shown (`pre`)."""
        for number, line in enumerate(text.split("\n")):
            if number:
                self.new_line()
            self.text(line)

    def hide(self, text: str) -> None:
        """Add text that is not shown. If it stands within a visible word, the next text adds to `cuts`."""
        if self.pieces and self.pieces[-1][-1:].isalpha() and text[:1].isalnum():
            self._cut_at = len(self.pieces)
        self.hidden_pieces.append(_BLANK.sub(" ", text))

    def new_line(self) -> None:
        """Begin a new line of visible text."""
        self.pieces.append("\n")

    def space(self) -> None:
        """Add a space to the visible text, as between two table cells."""
        self.pieces.append(" ")

    def open_quote(self) -> None:
        """Begin a quotation (`blockquote`)."""
        if not self._quoting:
            self._quotes.append([len(self.pieces)])
        self._quoting += 1

    def close_quote(self) -> None:
        """End the innermost open quotation, and its line."""
        self.new_line()
        self._quoting -= 1
        if not self._quoting:
            self._quotes[-1].append(len(self.pieces))

    def open_link(self, target: str, kind: str) -> None:
        """Begin a link; its text is the visible text up to `close_link`. Links do not nest: an open one ends here."""
        if self._open is not None:
            self.close_link()
        self._open, self._alt = (target, kind, len(self.pieces)), ""

    def close_link(self) -> None:
        """End the open link, if there is one."""
        if self._open is None:
            return
        target, kind, start = self._open
        self._open = None
        shown = "".join(self.pieces[start : start + 200])[:_MAX_LINK_TEXT_CHARS]
        self.link(target, " ".join(shown.split()) or self._alt, kind)

    def image(self, source: str, alt: str, hidden: bool) -> None:
        """Add an image. `alt` is its alternative text, which a link without text of its own takes."""
        self.images.append(Image(source, alt))
        if self._open is not None and not hidden:
            self._alt = self._alt or alt
        if source[:6].lower().startswith(_WITH_MESSAGE):
            return
        self.link(source, alt, "image")

    def refresh(self, content: str) -> None:
        """Add the link of `<meta http-equiv=refresh content="0; url=…">`."""
        found = _REFRESH.match(content.lstrip(" 0123456789.")[:MAX_URL_CHARS])
        if found:
            self.link(found.group(1), "", "meta")

    def link(self, target: str, text: str, kind: str) -> None:
        """Add a link, unless it leads to a place in the same document. `kind` as in Anchor."""
        url = self._resolved(target)
        if not url or url.startswith("#"):
            return
        if len(self._anchors) < self._most:
            self._anchors[(url, text[:_MAX_LINK_TEXT_CHARS], kind)] = None
        else:
            self.problems["limit.links"] = None

    def _resolved(self, target: str) -> str:
        url = target[: 2 * MAX_URL_CHARS].strip(_OUTER)
        if "\n" in url or "\t" in url or "\r" in url:
            url = url.translate(_INNER)
        url = url[:MAX_URL_CHARS]
        if not self.base or not url or _SCHEME.match(url):
            return url
        try:
            return urljoin(self.base, url)
        except ValueError:  # brackets that hold no IPv6 address
            return url

    def result(self) -> Markup:
        """The Markup of all that was added."""
        self.close_link()
        text = "".join(self.pieces)
        return Markup(
            text=_tidy(text),
            hidden=_tidy(" ".join(self.hidden_pieces)),
            title=" ".join(self.title.split())[:_MAX_LINK_TEXT_CHARS],
            anchors=tuple(map(Anchor._make, self._anchors)),
            images=tuple(self.images),
            forms=self.forms,
            passwords=self.passwords,
            scripts=self.scripts,
            problems=tuple(self.problems),
            cuts=self.cuts,
            gap=longest_gap(text),
            quotes=tuple(self._quoted()),
        )

    def _quoted(self) -> Iterator[tuple[int, int]]:
        """The ranges of the tidied text in which quotations stand. Each begins and ends with a line, so that the text
        before it can be tidied alone."""
        for first, last in self._quotes[:_MAX_QUOTES]:
            before, until = (len(_tidy("".join(self.pieces[:end]))) for end in (first, last))
            start = before + 1 if before else 0
            if start < until:
                yield start, until


def longest_gap(text: str) -> int:
    """The number of lines in the longest run of empty lines between two lines with text."""
    return max((gap.count("\n") - 1 for gap in _EMPTY_LINES.findall(text.strip())), default=0)


def _tidy(text: str) -> str:
    """The text with single blanks and single line ends, and none around it."""
    lines = _SPACES.sub(" ", text).split("\n")
    return "\n".join([line for each in lines if (line := each.strip(" "))])
