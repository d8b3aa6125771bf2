"""Facts of the reader's own organisation: who stands outside of it, what it is called, and which offices it has.

It knows only the recipients' domains and what the site has configured. Where strangers share a domain (mail providers),
its label names no organisation, and nobody there is a colleague.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from sekisho.bounded_cache import remembered
from sekisho.checks.facts.names import related
from sekisho.checks.facts.sender import is_authorized_by_site, organisation
from sekisho.domains import registrable
from sekisho.evidence import Evidence
from sekisho.message import Message
from sekisho.ports import Context

MAX_RECIPIENTS = 5  # that are looked at: a sender with more of them knows none
MIN_LABEL_LETTERS = 4  # of a domain's label; a shorter one is anybody's initials
MAX_NAME_CHARS = 200  # of a display name
NAME_WORD = re.compile(r"(?<![a-z0-9@.])[a-z0-9]+(?![a-z0-9@]|\.[a-z])")  # of a name, and not of a host


class OwnName(NamedTuple):
    """A name of the reader's organisation, as a display name has it, and the rest of that, both in lower case."""

    shown: str
    rest: str


def reader_domains(message: Message, seen: Evidence, context: Context) -> tuple[str, ...]:
    """The domains of the recipients for whom the author is an outsider, if it is one for all of them; else none.

    No outsiders are our own clients, whom the site lets write or forward to us, the recipients' own domains (whether
    they are proven, other checks tell), and a brand that owns both domains.
    """
    author = message.author.domain
    if author is None or is_authorized_by_site(message, seen, context):
        return ()
    known = [each.domain for each in message.envelope.recipients[:MAX_RECIPIENTS] if each.domain]
    own = tuple(dict.fromkeys(each for each in known if context.providers.kind(each) is None))
    return () if any(_is_near(author, each, context) for each in own) else own


def _is_near(author: str, own: str, context: Context) -> bool:
    """True if both domains belong to one organisation, or if one brand owns both."""
    if organisation(author) == organisation(own):
        return True
    brand = context.registry.owner(own)
    return brand is not None and context.registry.owner(author) in context.registry.affiliates(brand)


def own_name(name: str, author: str, domains: tuple[str, ...], context: Context) -> OwnName | None:
    """The reader's organisation in a display name: a domain, its label (`Kowa Shoji` for kowa-shoji.example), or a name
    that the site has configured. `author` is the address behind the name."""
    plain = unicodedata.normalize("NFKC", name[:MAX_NAME_CHARS]).lower()
    for domain in domains:
        span = _domain_in(plain, domain) or _label_in(plain, domain, context)
        if span is not None:
            return OwnName(plain[span[0] : span[1]], f"{plain[: span[0]]} {plain[span[1] :]}")
    if context.site is not None and any(map(context.site.owns, domains)):
        shown = context.site.named(plain, author)
        if shown is not None:
            return OwnName(shown, plain.replace(shown, " "))
    return None


def names_domain(text: str, domain: str) -> bool:
    """True if a text names a domain, and not a longer one that ends with it: `home.example` is not `me.example`."""
    text = text.lower()
    return domain in text and _domain_in(text, domain) is not None


def _domain_in(text: str, domain: str) -> tuple[int, int] | None:
    found = re.search(rf"(?<![a-z0-9-]){re.escape(domain)}(?![a-z0-9])", text)
    return found.span() if found else None


def _label_in(text: str, domain: str, context: Context) -> tuple[int, int] | None:
    """Where words of the text make up the label of a domain, with or without spaces and hyphens. A part of another host
    or address is none."""
    label = _label(domain)
    if len(label) < MIN_LABEL_LETTERS or not context.vocabulary.distinctive(label):
        return None
    words = list(NAME_WORD.finditer(text))
    for first in range(len(words)):
        joined = ""
        for word in words[first:]:
            joined += word[0]
            if joined == label:
                return words[first].start(), word.end()
            if not label.startswith(joined):
                break
    return None


@remembered(4096)
def _label(domain: str) -> str:
    return (registrable(domain) or domain).partition(".")[0].replace("-", "")


def is_own_label(author: str, domains: tuple[str, ...]) -> bool:
    """True if the author's domain carries the label of a recipient's: its second name, or its group's."""
    return any(
        len(label := _label(each)) >= MIN_LABEL_LETTERS and label in _label(author) for each in domains
    )


def is_inside_office(name: str, context: Context) -> bool:
    """True for a name that says no more than an office which each organisation has for its own people (`IT Help
    Desk`, メール管理者)."""
    offices, plain = context.vocabulary.inside.offices, unicodedata.normalize("NFKC", name[:MAX_NAME_CHARS])
    return offices.search(plain) is not None and not context.vocabulary.distinctive(offices.sub(" ", plain))


def says_another(rest: str, author: str, context: Context) -> bool:
    """True if what stands beside the reader's own name is the sender's, since its domain carries it: `Kowa Shoji via
    Rosterly` from rosterly.example."""
    words = context.vocabulary.distinctive(context.vocabulary.inside.offices.sub(" ", rest))
    latin = tuple(word for word in words if word.isascii())
    return bool(latin) and related(latin, (author,))
