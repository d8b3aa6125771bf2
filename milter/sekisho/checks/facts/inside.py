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
from sekisho.checks.facts.once import once
from sekisho.checks.facts.sender import is_authorized_by_site, organisation
from sekisho.domains import registrable
from sekisho.evidence import Evidence
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.text import sound

MAX_RECIPIENTS = 5  # that are looked at: a sender with more of them knows none
MIN_LABEL_LETTERS = 4  # of a domain's label; a shorter one is anybody's initials
MIN_FIRST_WORD_LETTERS = 5  # of the first word of such a label
MAX_NAME_CHARS = 200  # of a display name
NAME_WORD = re.compile(r"(?<![a-z0-9@.])[a-z0-9]+(?![a-z0-9@]|\.[a-z])")  # of a name, and not of a host
KANA_RUN = re.compile(r"[ぁ-ゖー]{3,}|[ァ-ヺー]{3,}")


class OwnName(NamedTuple):
    """That a display name holds a name of the reader's organisation. `rest`: what it says beside, in lower case.
    `whole`: it holds all of the name, and not only its first word."""

    rest: str
    whole: bool = True


def reader_domains(message: Message, seen: Evidence, context: Context) -> tuple[str, ...]:
    """The domains of the recipients for whom the author is an outsider, if it is one for all of them; else none.

    No outsiders are our own clients, whom the site lets write or forward to us, the recipients' own domains (whether
    they are proven, other checks tell), and a brand that owns both domains.
    """
    own = _foreign_domains(message, context)
    return () if own and is_authorized_by_site(message, seen, context) else own


@once
def _foreign_domains(message: Message, context: Context) -> tuple[str, ...]:
    """The same by the domains alone, whatever the site lets the author do."""
    author = message.author.domain
    if author is None:
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
    """The reader's organisation in a display name: a domain, its label (`Kowa Shoji` for kowa-shoji.example) or
    the first word of that, also in kana (みのり食品 for minori-shokuhin.example), or a name that the site
    has configured.

    `author` is the address behind the name. An exception of the site's may bear all of these names.
    """
    plain, site = unicodedata.normalize("NFKC", name[:MAX_NAME_CHARS]).lower(), context.site
    if site is not None and site.excepts(author):
        return None
    for domain in domains:
        label, whole = _label(domain), True
        span = _domain_in(plain, domain) or _written(label, plain, context)
        if span is None:
            first = _first_word(domain)
            span, whole = _written(first, plain, context) or _spoken({label, first}, plain, context), False
        if span is not None:
            return OwnName(f"{plain[: span[0]]} {plain[span[1] :]}", whole)
    if site is None or not any(map(site.owns, domains)) or (shown := site.named(plain)) is None:
        return None
    return OwnName(plain.replace(shown, " "))


def names_domain(text: str, domain: str) -> bool:
    """True if a text names a domain, and not a longer one that ends with it: `home.example` is not `me.example`."""
    return _domain_in(text.lower(), domain) is not None


def writes_label(line: str, domain: str, context: Context) -> bool:
    """True if a line writes a domain's label as a name (`Kowa Shoji` for kowa-shoji.example), and not as a host."""
    return _written(_label(domain), unicodedata.normalize("NFKC", line).lower(), context) is not None


def _domain_in(text: str, domain: str) -> tuple[int, int] | None:
    if domain not in text:  # nearly always; faster than a pattern
        return None
    found = re.search(rf"(?<![a-z0-9-]){re.escape(domain)}(?![a-z0-9])", text)
    return found.span() if found else None


def _written(label: str, text: str, context: Context) -> tuple[int, int] | None:
    """Where words of the text make up a label, with or without spaces and hyphens. A part of another host or address is
    none."""
    if not _is_telling(label, context):
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


def _spoken(labels: set[str], text: str, context: Context) -> tuple[int, int] | None:
    """Where a run of kana sounds like one of the labels."""
    if KANA_RUN.search(text) is None:
        return None
    sounds = {sound(label) for label in labels if _is_telling(label, context)}
    return next((run.span() for run in KANA_RUN.finditer(text) if sound(run[0]) in sounds), None)


def _is_telling(label: str, context: Context) -> bool:
    """True for a label that is not so short or common that others have it as well."""
    return len(label) >= MIN_LABEL_LETTERS and bool(context.vocabulary.names.distinctive(label))


@remembered(4096)
def _first_word(domain: str) -> str:
    """The label up to its first hyphen, if that is a name; else empty."""
    first, hyphen, _ = (registrable(domain) or domain).partition(".")[0].partition("-")
    return first if hyphen and len(first) >= MIN_FIRST_WORD_LETTERS else ""


@remembered(4096)
def _label(domain: str) -> str:
    return (registrable(domain) or domain).partition(".")[0].replace("-", "")


def is_own_label(author: str, domains: tuple[str, ...], context: Context) -> bool:
    """True if the author's domain carries the label of a recipient's: its second name, or its group's. With an office
    beside it (`kowa-shoji-hr.example`) a stranger may have bought it."""
    name, offices = _label(author), context.vocabulary.inside.offices
    return any(offices.search(name.replace(label, " ")) is None for label in _labels_in(author, domains))


def holds_label(author: str, domains: tuple[str, ...]) -> bool:
    """True if the author's domain has the label of a recipient's in it, whatever stands beside."""
    return bool(_labels_in(author, domains))


def _labels_in(author: str, domains: tuple[str, ...]) -> list[str]:
    name = _label(author)
    return [label for each in domains if len(label := _label(each)) >= MIN_LABEL_LETTERS and label in name]


def is_inside_office(name: str, context: Context) -> bool:
    """True for a name that says no more than an office which each organisation has for its own people (`IT Help
    Desk`, メール管理者). Each web service has a team and a portal (運営チーム): these alone are none."""
    inside, plain = context.vocabulary.inside, unicodedata.normalize("NFKC", name[:MAX_NAME_CHARS])
    if inside.telling_offices.search(plain) is None:
        return False
    return not context.vocabulary.names.distinctive(inside.offices.sub(" ", plain))


def says_another(rest: str, author: str, context: Context) -> bool:
    """True if what stands beside the reader's own name is the sender's, since its domain carries it: `Kowa Shoji via
    Rosterly` from rosterly.example."""
    words = context.vocabulary.names.distinctive(context.vocabulary.inside.offices.sub(" ", rest))
    latin = tuple(word for word in words if word.isascii())
    return bool(latin) and related(latin, (author,))
