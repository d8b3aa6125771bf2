"""A document about a charge from a free mailbox, and next to nothing else: the text, and with it the telephone number
that is to be called, stands in a picture or a PDF.

People send documents without a word, too, and small firms their invoices. They have a name, or an address that is made
of one. What counts is a sender who is nobody: an office (`Payment Desk`), or letters and digits at random that have
nothing to do with the name beside them.

It cannot read the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sekisho.checks.facts.names import is_nameless, related
from sekisho.checks.facts.payload import is_file
from sekisho.checks.facts.throwaway import random_looking
from sekisho.checks.facts.unmet import told_of
from sekisho.checks.facts.wishes import MAX_EMPTY_TEXT_CHARS
from sekisho.evidence import NOTHING, Evidence, Finding, FindingKind, Place, Role, Signal
from sekisho.message import Message, mailboxes
from sekisho.ports import Context

LONE = FindingKind(
    "attachment.lone_document",
    3,
    "From a free mailbox of {domain} that names nobody comes a document about a payment, and next to no text.",
    "{domain} のフリーメールから、名を示さず、本文もほとんどないまま、支払いに関する文書だけが届いています。",
)
BLIND = FindingKind(
    "attachment.sent_blind",
    2,
    "It is addressed to nobody: its readers are hidden from each other.",
    "宛先が示されておらず、受信者が互いに見えないように送られています。",
)
SERIAL = FindingKind(
    "attachment.serial_mailbox",
    2,
    "The mailbox has a serial number and not the name of anybody: {local}.",
    "差出人のアドレスは人名ではなく、連番のような文字列です({local})。",
)
BRAND = FindingKind(
    "brand.document",
    3,
    "The document is presented as {brand_name}'s, and the sender {author} is not {brand_name}. {verify_en}",
    "文書は {brand_name} のものとして示されていますが、差出人 {author} は {brand_name} ではありません。{verify_ja}",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
KINDS = (LONE, BLIND, SERIAL, BRAND)
SERIES = re.compile(r"(?<!\d)(?!(?:19|20)\d\d(?!\d))\d{4,}", re.ASCII)  # a year is somebody's birth
NAMING_PLACES = frozenset({Place.DISPLAY_NAME, Place.SUBJECT, Place.ATTACHMENT})


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """Nothing unless the message is such a document."""
    domain = message.author.domain or ""
    if context.providers.kind(domain) != "mailbox" or not _is_lone(message, context):
        return NOTHING
    if not _is_nobody(message, context):
        return NOTHING
    return Evidence(findings=(LONE.found(domain=domain), *_more(message, seen, context)))


def _more(message: Message, seen: Evidence, context: Context) -> Iterator[Finding]:
    author = message.author.mailbox
    addressed = [*mailboxes(message.headers, "to"), *mailboxes(message.headers, "cc")]
    if all(author is not None and each.address == author.address for each in addressed):
        yield BLIND.found()
    if author is not None and SERIES.search(author.local) is not None:
        yield SERIAL.found(local=author.local)
    named = (claim.brand for claim in seen.claims if claim.brand and claim.where in NAMING_PLACES)
    if (brand := next(named, None)) is not None:
        yield BRAND.found(brand=brand, **told_of(brand, message, context))


def _is_lone(message: Message, context: Context) -> bool:
    """True if subject or name of a file tell of a payment, and the text is left to the file."""
    files = [part for part in message.parts if is_file(part)]
    if not files or len(message.text.strip()) > MAX_EMPTY_TEXT_CHARS:
        return False
    names = " ".join((part.filename or "").replace("_", " ").replace("-", " ") for part in files)
    return context.vocabulary.calls.charge.search(f"{message.subject}\n{names}") is not None


def _is_nobody(message: Message, context: Context) -> bool:
    mailbox = message.author.mailbox
    if mailbox is None or is_nameless(mailbox.name, context.vocabulary):
        return mailbox is not None
    local = mailbox.local.lower().replace(".", "")
    words = context.vocabulary.names.distinctive(mailbox.name)
    return random_looking(f"{local}.example") and not (words and related(words, (local,)))
