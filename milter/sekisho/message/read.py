"""From bytes to Message. The wire and the command line both use this function.

`read` gives the message as its recipient will see it, and each oddity of its bytes as a Problem. Hostile input raises
no error, and `Limits` bounds time and memory.

RFC 5322 (header), RFC 2045 to 2047 and 2231 (MIME), RFC 6532 (UTF-8 in headers). Problem codes are listed in `headers`,
`author`, `mime`, `transfer`, `charsets` and `markup`; a limit that was reached is `limit.<its name>`.

It cannot see how one particular mail program reads what is ambiguous.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from hashlib import sha256

from sekisho import charsets, domains, markup
from sekisho.message import body, mime
from sekisho.message.author import mailboxes, read_author
from sekisho.message.budget import FieldBudget
from sekisho.message.envelope import Envelope
from sekisho.message.headers import Block, as_delivered, field_text, split
from sekisho.message.limits import Limits
from sekisho.message.model import Link, Message, Page, Part, Problem

__all__ = ["Limits", "read"]

_MAX_SUBJECT_CHARS = 10_000
"""Characters of the subject that are decoded."""
_MAX_PAGE_IMAGES = 100
"""Images of one page that are kept."""
_MAX_SOURCE_CHARS = 2_048
"""Characters of an image's source that are kept."""
_MAX_FULL_TREES = 2
"""Number of full-sized HTML documents of one message that the tree builder reads."""


def read(raw: bytes, envelope: Envelope, limits: Limits | None = None) -> Message:
    """The message in `raw`, with CRLF line ends as off the wire, or LF as in a file. Never raises."""
    limits = limits or _DEFAULT
    raw = as_delivered(raw)
    block = split(raw, limits)
    scanned = max(min(len(raw), limits.scan_bytes), block.body_start)
    budget = FieldBudget(limits)
    author, odd_name = read_author(block, limits, budget)
    reply_to, sender = (mailboxes(block.headers, name, limits, budget) for name in ("reply-to", "sender"))
    subject, odd_subject = _subject(block)
    root = mime.Entity(raw, block.headers.fields, block.body_start, scanned, broken=block.broken)
    parts, odd_parts = mime.read(root, limits, budget)
    shown = _Shown(limits, {True: limits.links, False: limits.links})
    for part in parts:
        shown.add(part)
    cut = (Problem("limit.scan_bytes", str(len(raw))),) if scanned < len(raw) else ()
    return Message(
        raw=raw,
        body_start=block.body_start,
        digest=sha256(raw).hexdigest(),
        envelope=_with_digests(envelope, raw, block.body_start, limits) if cut else envelope,
        headers=block.headers,
        author=author,
        subject=subject,
        reply_to=reply_to,
        sender=sender,
        parts=parts,
        text="\n\n".join(shown.texts),
        hidden="\n\n".join(shown.hidden),
        title=shown.title,
        links=shown.links(),
        problems=_once(
            block.problems, odd_name, odd_subject, odd_parts, shown.problems, cut, budget.problems
        ),
        pages=tuple(shown.pages),
    )


_DEFAULT = Limits()


def _with_digests(envelope: Envelope, raw: bytes, start: int, limits: Limits) -> Envelope:
    """The envelope of a message over `scan_bytes`, with the digests of its body, which begins at the index `start`.

    For a file they are computed here. Off the wire they came with the envelope, and are dropped if they are those of a
    body that begins elsewhere.
    """
    found = envelope.body_digests
    if found is None:
        kept = limits.scan_bytes + 1 - start  # as much as the wire keeps
        found = body.digests((memoryview(raw)[start:],), kept) if kept > 0 else None
    elif found.kept != len(raw) - start:
        found = None
    return replace(envelope, body_digests=found)


def _subject(block: Block) -> tuple[str, tuple[Problem, ...]]:
    """The decoded subject, and its problems. Of several fields mail programs show the first."""
    fields = block.headers.all("subject")
    if not fields:
        return "", ()
    text = field_text(fields[0].value)
    decoded = charsets.decode_words(text[:_MAX_SUBJECT_CHARS])
    cut = (Problem("limit.text_characters", "subject"),) if len(text) > _MAX_SUBJECT_CHARS else ()
    return " ".join(decoded.text.split()), cut + tuple(Problem(*problem) for problem in decoded.problems)


def _once(*groups: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(dict.fromkeys(problem for group in groups for problem in group))


@dataclass
class _Shown:
    """What the parts show, collected part by part.

    `room` is the number of links that may still be kept: of pages (True), and of other text (False).
    """

    limits: Limits
    room: dict[bool, int]
    texts: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    title: str = ""
    problems: list[Problem] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    _links: dict[tuple[str, str, str], None] = field(default_factory=dict)
    _tree: int = _MAX_FULL_TREES * markup.TREE_CHARACTERS

    def add(self, part: Part) -> None:
        if not part.text:
            return
        if mime.is_html(part):
            self._page(part)
        else:
            self.texts.append(part.text.replace("\r\n", "\n").strip("\r\n"))
            found = markup.text_links(part.text, self.limits.links + 1)
            self._link(((url, "", "text") for url in found), page=False)

    def _page(self, part: Part) -> None:
        html = part.text
        page = markup.parse(html, self.limits.links, min(self._tree, markup.TREE_CHARACTERS))
        self._tree = max(self._tree - len(html), 0)
        self.problems += [Problem(code) for code in page.problems]
        self.title = self.title or page.title
        self.texts += [page.text] if page.text else []
        self.hidden += [page.hidden] if page.hidden else []
        self._link(page.anchors, page=True)
        self.pages.append(_summary(page, mime.is_attached(part)))

    def _link(self, found: Iterable[tuple[str, str, str]], page: bool) -> None:
        for link in found:
            if link in self._links:
                continue
            if not self.room[page]:
                self.problems.append(Problem("limit.links", str(self.limits.links)))
                return
            self._links[link] = None
            self.room[page] -= 1

    def links(self) -> tuple[Link, ...]:
        return tuple(Link(target, domains.host_of(target), text, kind) for target, text, kind in self._links)


def _summary(page: markup.Markup, attached: bool) -> Page:
    return Page(
        letters=_letters(page.text),
        hidden=_letters(page.hidden),
        cuts=page.cuts,
        gap=page.gap,
        images=tuple(
            (image.source[:_MAX_SOURCE_CHARS], image.alt) for image in page.images[:_MAX_PAGE_IMAGES]
        ),
        pictures=len(page.images),
        forms=page.forms,
        passwords=page.passwords,
        scripts=page.scripts,
        attached=attached,
    )


def _letters(text: str) -> int:
    """The number of characters that are no blanks."""
    return sum(map(len, text.split()))
