"""The message as checks see it. All objects are frozen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sekisho.address import Mailbox
from sekisho.message.envelope import Envelope


@dataclass(frozen=True, slots=True)
class Field:
    """One header field as it came. `value` is everything after the colon: leading space and folding are included, the
    final line end is not."""

    name: bytes
    value: bytes

    @property
    def key(self) -> str:
        """The name in lower case, without blanks: `from` for `From `."""
        return self.name.decode("ascii", "replace").strip().lower()


@dataclass(frozen=True, slots=True)
class Headers:
    """The fields of a header block in order, repeated ones included."""

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
        """Every field with that name (in any case), from top to bottom."""
        return self._named.get(name.lower().encode(), ())


@dataclass(frozen=True, slots=True)
class Problem:
    """Something odd in the bytes of a message.

    `code` is what checks look for (`author.several_fields`, `charset.lie`, `limit.mime_depth` …). `detail` is hostile
    text, or empty.
    """

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Author:
    """The author by the From field.

    `mailbox` is None if there is not exactly one author. `problems` say why, or what is odd about the author. `text` is
    the decoded field as a reader sees it.
    """

    mailbox: Mailbox | None = None
    text: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def name(self) -> str:
        """The display name; empty if there is none, or not exactly one author."""
        return self.mailbox.name if self.mailbox else ""

    @property
    def domain(self) -> str | None:
        """The author domain (RFC 9989) in ASCII lower case; None if there is not one author with a valid domain."""
        return self.mailbox.domain if self.mailbox else None


class Link(NamedTuple):
    """A link of a message.

    `target` is the URL as written, `host` its host in ASCII lower case (None if there is none). `text` is what is shown
    for it, empty for a URL in plain text. `kind` is `a`, `area`, `form`, `image`, `text`, `meta`, `script` or `qr`.
    """

    target: str
    host: str | None
    text: str = ""
    kind: str = "a"


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of the MIME tree.

    `media` is the declared type in lower case. `filename` is decoded, or None. `content` has the decoded bytes, cut at
    the limit. `text` is the decoded text of a text part (for HTML its source). `inner` is the number of the attached
    message that it belongs to (an index of `Message.inner` plus one), 0 for the message itself.
    """

    media: str
    charset: str | None
    filename: str | None
    content: bytes
    text: str = ""
    disposition: str | None = None
    content_id: str | None = None
    inner: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Page:
    """Facts about one HTML part, beside its text and links.

    - `letters`, `hidden`: the number of visible and of hidden characters, without blanks.
    - `cuts`: the number of places where hidden text stands inside a visible word.
    - `gap`: the number of lines in the longest run of empty lines.
    - `images`: source and alternative text of the first hundred images. `pictures`: the number of all images.
    - `forms`, `passwords` (password fields), `scripts`: the number of such elements.
    - `attached`: it is shown as an attached file.
    """

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
class Shown:
    """What parts of a message show to its reader.

    - `text`: their text, HTML as text, joined by blank lines. `starts`: the indices at which the text of each begins.
    - `quotes`: the ranges of `text` that HTML marks as quoted (`blockquote`), in order.
    - `hidden`: the text that HTML styles hide. `title`: the first HTML title. `pages`: the HTML parts in order.
    """

    text: str = ""
    starts: tuple[int, ...] = ()
    quotes: tuple[tuple[int, int], ...] = ()
    hidden: str = ""
    title: str = ""
    links: tuple[Link, ...] = ()
    pages: tuple[Page, ...] = ()


@dataclass(frozen=True, slots=True)
class InnerMessage:
    """A message inside the message, and the messages inside that one.

    It is an attached message (`message/rfc822`, a file `.eml`), the header of one (`text/rfc822-headers`), or a report
    on one that a program wrote for programs (`message/delivery-status`, `message/feedback-report` …), whose type is
    `report`. `author` and `subject` are its own fields, decoded, as mail programs show them above its text.
    """

    shown: Shown
    author: str = ""
    subject: str = ""
    report: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A message and its envelope.

    - `raw`: the message as it will be delivered, with CRLF line ends, as DKIM needs it. `body_start`: the index at
      which its body begins. `digest`: its SHA-256 in hexadecimal digits.
    - `text`, `starts`, `quotes`, `hidden`, `title`, `links`, `pages`: what its own text parts show, as in Shown, within
      the limits.
    - `inner`: the messages inside it. What they show is not in the fields above; `parts` has their parts, too.
    - `found`: facts that checks found in it (`checks.facts.once`). A message that is made of this one has none.
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
    starts: tuple[int, ...] = ()
    quotes: tuple[tuple[int, int], ...] = ()
    inner: tuple[InnerMessage, ...] = ()
    found: dict[object, object] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def size(self) -> int:
        """The number of bytes in `raw`."""
        return len(self.raw)

    def problem(self, code: str) -> Problem | None:
        """The first problem with that code, or None."""
        return next((problem for problem in self.problems if problem.code == code), None)
