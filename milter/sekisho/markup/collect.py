"""What both readers of HTML write into: pieces of text, links and counts, bounded."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from sekisho.markup.model import Anchor, Image, Markup
from sekisho.markup.plain import LENGTH, text_links

_SPACES = re.compile("  +")
_BLANK = re.compile("[\t\n\r\f\v\0]")
_OUTER = "".join(map(chr, range(0x21)))
_INNER = {9: None, 10: None, 13: None}
_REFRESH = re.compile(r"[\s;,]*+url\s*+=\s*+[\"']?([^\"'>]+)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_EMPTY_LINES = re.compile(r"\n(?:[^\S\n]*+\n)++")
_SHOWN = 1000
"""Characters of a link's text that are kept."""
_ELSEWHERE = ("cid:", "data:", "mid:", "about:")
"""Image sources that come with the message and lead nowhere."""


class MarkupCollector:
    """Grows while a document is read, then gives the frozen Markup. Lives for one document."""

    def __init__(self, most_links: int) -> None:
        self.pieces: list[str] = []
        self.veiled: list[str] = []
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

    def text(self, text: str) -> None:
        """Visible text of one text node; blanks of every kind are one kind (HTML, white space)."""
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
        """Visible text whose line ends count (`pre`)."""
        for number, line in enumerate(text.split("\n")):
            if number:
                self.line()
            self.text(line)

    def hide(self, text: str) -> None:
        """Text that is there and is not seen; it may stand within a word (`cuts`)."""
        if self.pieces and self.pieces[-1][-1:].isalpha() and text[:1].isalnum():
            self._cut_at = len(self.pieces)
        self.veiled.append(_BLANK.sub(" ", text))

    def line(self) -> None:
        self.pieces.append("\n")

    def gap(self) -> None:
        self.pieces.append(" ")

    def open_link(self, target: str, kind: str) -> None:
        """The reader is at a link whose text follows. Links do not nest: an open one ends here."""
        if self._open is not None:
            self.close_link()
        self._open, self._alt = (target, kind, len(self.pieces)), ""

    def close_link(self) -> None:
        if self._open is None:
            return
        target, kind, start = self._open
        self._open = None
        shown = "".join(self.pieces[start : start + 200])[:_SHOWN]
        self.link(target, " ".join(shown.split()) or self._alt, kind)

    def image(self, source: str, alt: str, hidden: bool) -> None:
        self.images.append(Image(source, alt))
        if self._open is not None and not hidden:
            self._alt = self._alt or alt
        if source[:6].lower().startswith(_ELSEWHERE):
            return
        self.link(source, alt, "image")

    def refresh(self, content: str) -> None:
        """`<meta http-equiv=refresh content="0; url=…">`."""
        found = _REFRESH.match(content.lstrip(" 0123456789.")[:LENGTH])
        if found:
            self.link(found.group(1), "", "meta")

    def link(self, target: str, text: str, kind: str) -> None:
        url = self._resolved(target)
        if not url or url.startswith("#"):
            return
        if len(self._anchors) < self._most:
            self._anchors[(url, text[:_SHOWN], kind)] = None
        else:
            self.problems["limit.links"] = None

    def _resolved(self, target: str) -> str:
        url = target[: 2 * LENGTH].strip(_OUTER)
        if "\n" in url or "\t" in url or "\r" in url:
            url = url.translate(_INNER)
        url = url[:LENGTH]
        if not self.base or not url or _SCHEME.match(url):
            return url
        try:
            return urljoin(self.base, url)
        except ValueError:  # brackets that hold no IPv6 address
            return url

    def done(self) -> Markup:
        self.close_link()
        text = "".join(self.pieces)
        return Markup(
            text=tidy(text),
            hidden=tidy(" ".join(self.veiled)),
            title=" ".join(self.title.split())[:_SHOWN],
            anchors=tuple(map(Anchor._make, self._anchors)),
            images=tuple(self.images),
            forms=self.forms,
            passwords=self.passwords,
            scripts=self.scripts,
            problems=tuple(self.problems),
            cuts=self.cuts,
            gap=longest_gap(text),
        )


def longest_gap(text: str) -> int:
    """The longest run of empty lines between lines that hold something."""
    return max((gap.count("\n") - 1 for gap in _EMPTY_LINES.findall(text.strip())), default=0)


def tidy(text: str) -> str:
    """Single blanks and single line ends, none around the text."""
    lines = _SPACES.sub(" ", text).split("\n")
    return "\n".join([line for each in lines if (line := each.strip(" "))])
