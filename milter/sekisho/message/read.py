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
from sekisho.message import body, leaf, mime
from sekisho.message.author import mailboxes, read_author
from sekisho.message.budget import FieldBudget
from sekisho.message.envelope import Envelope
from sekisho.message.headers import Block, as_delivered, field_text, split
from sekisho.message.limits import Limits
from sekisho.message.model import Headers, InnerMessage, Link, Message, Page, Part, Problem, Shown

__all__ = ["Limits", "read"]

_MAX_SUBJECT_CHARS = 10_000
"""Characters of the subject that are decoded."""
_MAX_PAGE_IMAGES = 100
"""Images of one page that are kept."""
_MAX_SOURCE_CHARS = 2_048
"""Characters of an image's source that are kept."""
_BETWEEN_TEXTS = "\n\n"
_MAX_INNER_FIELD_CHARS = 1_000
"""Characters of a header field of an inner message that are decoded."""
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
    root = mime.Entity(
        raw, block.headers.fields, block.body_start, scanned, broken=block.broken, cut=block.cut
    )
    tree = mime.read(root, limits, budget)
    collected = _collected(tree, limits)
    shown = collected[0].result()
    odd_body = (tree.problems, *(each.problems for each in collected))
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
        parts=tree.parts,
        text=shown.text,
        hidden=shown.hidden,
        title=shown.title,
        links=shown.links,
        problems=_once(block.problems, odd_name, odd_subject, *odd_body, cut, budget.problems),
        pages=shown.pages,
        starts=shown.starts,
        quotes=shown.quotes,
        inner=tuple(map(_inner, tree.heads, collected[1:])),
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


def _collected(tree: mime.MimeTree, limits: Limits) -> list[_Collector]:
    """What the message's own parts show, and then what each message inside it shows."""
    room = _Room({True: limits.links, False: limits.links})
    collected = [_Collector(limits, room) for _ in range(len(tree.heads) + 1)]
    for part in tree.parts:
        collected[part.inner].add(part)
    return collected


def _inner(head: mime.InnerHead, collected: _Collector) -> InnerMessage:
    named = Headers(head.fields)
    author, subject = (_first(named, name) for name in ("from", "subject"))
    return InnerMessage(collected.result(), author, subject, head.report)


def _first(headers: Headers, name: str) -> str:
    """The first field of that name as a mail program shows it; empty if there is none."""
    fields = headers.all(name)
    if not fields:
        return ""
    return " ".join(charsets.decode_words(field_text(fields[0].value)[:_MAX_INNER_FIELD_CHARS]).text.split())


@dataclass
class _Room:
    """What all collectors of one message may still take.

    `links`: the number of links of pages (True), and of other text (False). `tree`: the number of characters for the
    tree builder.
    """

    links: dict[bool, int]
    tree: int = _MAX_FULL_TREES * markup.TREE_CHARACTERS


@dataclass
class _Collector:
    """Collects what parts show, part by part."""

    limits: Limits
    room: _Room
    texts: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    title: str = ""
    problems: list[Problem] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    quotes: list[tuple[int, int]] = field(default_factory=list)
    _links: dict[tuple[str, str, str], None] = field(default_factory=dict)
    _starts: list[int] = field(default_factory=list)
    _end: int = 0

    def add(self, part: Part) -> None:
        if not part.text:
            return
        if leaf.is_html(part):
            self._page(part)
        else:
            self._text(part.text.replace("\r\n", "\n").strip("\r\n"))
            found = markup.text_links(part.text, self.limits.links + 1)
            self._link(((url, "", "text") for url in found), page=False)

    def _text(self, text: str) -> None:
        self._starts.append(self._end)
        self.texts.append(text)
        self._end += len(text) + len(_BETWEEN_TEXTS)

    def _page(self, part: Part) -> None:
        html = part.text
        page = markup.parse(html, self.limits.links, min(self.room.tree, markup.TREE_CHARACTERS))
        self.room.tree = max(self.room.tree - len(html), 0)
        self.problems += [Problem(code) for code in page.problems]
        self.title = self.title or page.title
        self.hidden += [page.hidden] if page.hidden else []
        if page.text:
            self.quotes += [(self._end + start, self._end + end) for start, end in page.quotes]
            self._text(page.text)
        self._link(page.anchors, page=True)
        self.pages.append(_summary(page, leaf.is_attached(part)))

    def _link(self, found: Iterable[tuple[str, str, str]], page: bool) -> None:
        for link in found:
            if link in self._links:
                continue
            if not self.room.links[page]:
                self.problems.append(Problem("limit.links", str(self.limits.links)))
                return
            self._links[link] = None
            self.room.links[page] -= 1

    def result(self) -> Shown:
        return Shown(
            text=_BETWEEN_TEXTS.join(self.texts),
            starts=tuple(self._starts),
            quotes=tuple(self.quotes),
            hidden=_BETWEEN_TEXTS.join(self.hidden),
            title=self.title,
            links=tuple(
                Link(target, domains.host_of(target), text, kind) for target, text, kind in self._links
            ),
            pages=tuple(self.pages),
        )


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
