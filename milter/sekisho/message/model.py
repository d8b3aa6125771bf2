"""The message as every check sees it: frozen, read from the bytes once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sekisho.address import Mailbox
from sekisho.message.envelope import Envelope


@dataclass(frozen=True, slots=True)
class Field:
    """One header field as it came: `name` and `value` (everything after the colon, leading space and
    folding included, no final line end)."""

    name: bytes
    value: bytes

    @property
    def key(self) -> str:
        return self.name.decode("ascii", "replace").strip().lower()


@dataclass(frozen=True, slots=True)
class Headers:
    """The header block in order, hostile duplicates and all."""

    fields: tuple[Field, ...] = ()
    _named: Mapping[bytes, tuple[Field, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        named: dict[bytes, list[Field]] = {}
        for each in self.fields:
            named.setdefault(each.name.rstrip().lower(), []).append(each)
        object.__setattr__(self, "_named", {name: tuple(found) for name, found in named.items()})

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def all(self, name: str) -> tuple[Field, ...]:
        """Every field of that name (any case), from the top down."""
        return self._named.get(name.lower().encode(), ())


@dataclass(frozen=True, slots=True)
class Problem:
    """Something odd that the reader of bytes saw. `code` is what checks look for (`author.several_fields`,
    `charset.lie`, `mime.depth` …); `detail` is hostile text or empty."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Author:
    """The From field. `mailbox` is None when there is not exactly one author; `problems` say why, or what
    is odd about the one there is. `text` is the decoded field as a reader would see it."""

    mailbox: Mailbox | None = None
    text: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def name(self) -> str:
        """The display name, empty where there is none or no one author."""
        return self.mailbox.name if self.mailbox else ""

    @property
    def domain(self) -> str | None:
        """The author domain (RFC 9989): ASCII lower case, None unless there is one valid author."""
        return self.mailbox.domain if self.mailbox else None


class Link(NamedTuple):
    """A link as its reader meets it. `target` is the raw URL, `host` its host in ASCII lower case (None if
    it has none), `text` what is shown for it (empty for a bare URL in plain text). `kind`: `a`, `area`,
    `form`, `image`, `text`, `meta`, `script`, `qr`."""

    target: str
    host: str | None
    text: str = ""
    kind: str = "a"


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of the MIME tree. `media` is the declared type in lower case; `filename` decoded or None;
    `content` the decoded bytes, cut at the limit; `text` the decoded text for text parts (HTML: its
    source)."""

    media: str
    charset: str | None
    filename: str | None
    content: bytes
    text: str = ""
    disposition: str | None = None
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What one HTML part does beside its text and links. `letters` and `hidden` count the characters that are
    seen and not seen, blanks left out; `cuts` the places where unseen text stands inside a word that is seen;
    `gap` is the longest run of empty lines; `images` are (source, alternative text), the first hundred, and
    `pictures` how many there are; `attached`: it is opened as a file of its own."""

    letters: int = 0
    hidden: int = 0
    cuts: int = 0
    gap: int = 0
    images: tuple[tuple[str, str], ...] = ()
    pictures: int = 0
    forms: int = 0
    passwords: int = 0
    scripts: int = 0
    attached: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A message and its envelope.

    `raw` is the message with CRLF line ends and leading space kept, as it will be delivered (DKIM needs
    that); `body_start` is where the body begins in it. `text` is what a reader sees of all text parts
    (HTML rendered to text, parts joined by blank lines, bounded); `hidden` is text that HTML styling hides;
    `title` is the HTML title; `pages` are the HTML parts in order. `digest` is the SHA-256 of `raw` in hex.
    """

    raw: bytes
    body_start: int
    digest: str
    envelope: Envelope
    headers: Headers
    author: Author
    subject: str = ""
    reply_to: tuple[Mailbox, ...] = ()
    sender: tuple[Mailbox, ...] = ()
    parts: tuple[Part, ...] = ()
    text: str = ""
    hidden: str = ""
    title: str = ""
    links: tuple[Link, ...] = ()
    problems: tuple[Problem, ...] = ()
    pages: tuple[Page, ...] = ()

    @property
    def size(self) -> int:
        return len(self.raw)

    def problem(self, code: str) -> Problem | None:
        return next((problem for problem in self.problems if problem.code == code), None)
