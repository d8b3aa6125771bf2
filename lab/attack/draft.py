"""A fake as its attacker sees it: a sender, a subject, lines with links, and how it is sent.

It cannot keep pictures and layout of the original: a fake whose words are in a picture cannot be a draft.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice, pairwise
from typing import Any

from lab.variations.description import Attachment
from sekisho.brands.model import Brand
from sekisho.cases import Case
from sekisho.message import Link, Message
from sekisho.ports import Registry
from sekisho.text import is_japanese

MAX_LINES = 80
MAX_LINE_CHARS = 600
FOLLOWED = ("a", "area", "text", "form")


class Says(StrEnum):
    """What a line tells its reader."""

    LURE = "lure"
    PRESSURE = "pressure"
    DEMAND = "demand"
    REPLY = "reply"
    CALL = "call"
    FILE = "file"
    TYPE = "type"
    CHAT = "chat"
    PAY = "pay"


OF_ASPECT = {"theme": Says.LURE, "pressure": Says.PRESSURE, "action": Says.DEMAND}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the text. With a `url` all of it is a link."""

    text: str
    url: str = ""
    says: frozenset[Says] = frozenset()


@dataclass(frozen=True, slots=True)
class Draft:
    """A fake that can be changed.

    - `name`: of the fake. `session`: the facts of its sidecar, or what its trace fields say. `now`: when it arrived.
    - `called`: the brand's name as the fake writes it. `names`: all names that a reader knows the brand by. `hosts`:
      its real domains, the one known best first.
    - `shown`, `address`: display name and address of the author.
    - `own`: the session and the DNS are those of the address, by `auth` (`all`, `spf`, `none`, `fails`); else those of
      the original.
    """

    name: str
    session: Mapping[str, Any]
    now: datetime | None
    lang: str
    brand: str
    called: str
    names: tuple[str, ...]
    hosts: tuple[str, ...]
    shown: str
    address: str
    subject: Line
    lines: tuple[Line, ...]
    own: bool = False
    auth: str = "all"
    reply_to: str = ""
    headers: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    format: str = "both"
    plain: tuple[Line, ...] = ()

    @property
    def domain(self) -> str:
        """The domain of the author."""
        return self.address.rpartition("@")[2].lower()


class UnusableError(Exception):
    """A fake cannot be a draft. The text says why."""


def drafted(case: Case, message: Message, document: dict[str, Any], registry: Registry) -> Draft:
    """The draft of a fake. `document` is its judgement (`judgement_document`). Raises UnusableError if it names no
    brand, or if its words hold no lure or no demand."""
    if message.author.mailbox is None:
        raise UnusableError("it has not one author")
    brand, called = _named(message, document, registry)
    lines = tuple(islice(_lines(message, registry), MAX_LINES))
    told = frozenset[Says]().union(*(each.says for each in lines))
    subject = Line(" ".join(message.subject.split()), says=_said(message.subject, registry))
    if Says.DEMAND not in told or Says.LURE not in told | subject.says:
        raise UnusableError("its words hold no lure or no demand")
    return Draft(
        name=case.path.stem,
        session=_session(case),
        now=case.now,
        lang="ja" if is_japanese(message.text) else "en",
        brand=brand.id,
        called=called,
        names=tuple(dict.fromkeys((called, *brand.spellings))),
        hosts=tuple(_hosts(brand)),
        shown=message.author.name,
        address=message.author.mailbox.address,
        subject=subject,
        lines=lines,
    )


def _named(message: Message, document: dict[str, Any], registry: Any) -> tuple[Brand, str]:
    """The brand that the fake poses as, and what the fake calls it. Raises UnusableError."""
    findings = sorted(document["findings"], key=lambda each: -each["points"])
    ids = [each["brand"] for each in (*findings, *document["claims"]) if each.get("brand")]
    shown = f"{message.author.name}\n{message.subject}\n{message.text}"
    for each in dict.fromkeys(ids):
        for mention in registry.mentions(shown):
            brand = registry.get(each)
            if (
                mention.brand == each
                and mention.exact
                and brand is not None
                and mention.name in (*brand.names, *brand.aliases)
            ):
                return brand, mention.name
    raise UnusableError("it names no brand of the registry")


def _hosts(brand: Brand) -> Iterator[str]:
    """The brand's domains, those that it is known to own first."""
    yield from (domain for domain, entry in brand.domains.items() if entry.proves and "web" in entry.use)
    yield from brand.domains


def _lines(message: Message, registry: Registry) -> Iterator[Line]:
    """The lines that a reader sees. A line that is the text of a link, or a URL, is a link."""
    links = {
        _folded(each.text): each for each in reversed(message.links) if each.kind == "a" and each.text.strip()
    }
    for text in _one_part(message).splitlines():
        shown = " ".join(text.split())[:MAX_LINE_CHARS]
        if not shown:
            continue
        link = links.get(_folded(shown)) or _in_plain(shown, message.links)
        yield Line(shown, link.target if link else "", _said(shown, registry))


def _one_part(message: Message) -> str:
    """The text of one part: the last that tells about as much as the longest, since alternatives say the same."""
    bounds = pairwise((*message.starts, len(message.text)))
    parts = [message.text[start:end] for start, end in bounds]
    longest = max(map(len, parts), default=0)
    return next((each for each in reversed(parts) if 2 * len(each) >= longest), "")


def _in_plain(text: str, links: tuple[Link, ...]) -> Link | None:
    """The link of a line that is a URL, or has one."""
    return next((each for each in links if each.kind in FOLLOWED and each.target in text), None)


def _folded(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _said(text: str, registry: Registry) -> frozenset[Says]:
    return frozenset(OF_ASPECT[cue.aspect] for cue in registry.read(text).cues)


def _session(origin: Case) -> dict[str, Any]:
    """The facts of the session of a fake, whether it has a sidecar or only trace fields."""
    if origin.facts:
        return {key: value for key, value in origin.facts.items() if key not in ("expect", "at_most")}
    client, recipients = origin.envelope.client, origin.envelope.recipients
    known = {
        "client_ip": client.address,
        "client_name": client.name,
        "helo": client.helo,
        "envelope_from": origin.envelope.sender,
        "rcpt": [each.address for each in recipients],
    }
    return {key: value for key, value in known.items() if value}
