"""Facts of automatic mail: what a mail server or another program writes of itself (RFC 3834, RFC 3464).

Exchange Online returns mail as `Microsoft Outlook <postmaster@tenant.example>`: the name is the program's, the domain
is the customer's. It is automatic if it has the null sender and says so, by `Auto-Submitted` or as a report.
Anybody can send such mail, so the name of a program excuses only what is of no use to an impostor: it leads nowhere but
to that program's maker, has no file, shows no picture of others, has no other address for answers and no telephone
number, speaks of delivery alone, neither presses nor asks for more than an answer, and returns
no mail that is about that maker.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sekisho.checks.facts.links import leads_to_brand
from sekisho.checks.facts.sender import organisation
from sekisho.checks.facts.telephones import TELEPHONE
from sekisho.checks.facts.texts import plain_text
from sekisho.domains import host_of
from sekisho.evidence import Cue, Evidence
from sekisho.message import InnerMessage, Message, Part
from sekisho.ports import Context

HARMLESS_ACTION = "answer"
REPORT_THEMES = frozenset({"delivery", "mailbox"})  # what a bounce is about
MIN_TOPIC_MENTIONS = 3  # a returned text that writes a name so often is about it
MAX_RETURNED_CHARS = 3_000  # of a returned text that are read for names
LONG_NUMBER = re.compile(r"(?<![\w.:/-])\d{10,12}(?![\w:/-]|\.\d)", re.ASCII)  # `8885550123`


def is_automatic(message: Message) -> bool:
    """True for mail with the null sender that is marked as automatic, or that reports on a message."""
    if message.envelope.sender != "":
        return False
    fields = message.headers.all("auto-submitted")
    marked = bool(fields) and not fields[0].value.strip().lower().startswith(b"no")
    reports = any(part.media.startswith("message/") for part in message.parts)
    return marked or reports or any(each.report for each in message.inner)


def makers(message: Message, seen: Evidence, cues: Iterable[Cue], context: Context) -> frozenset[str]:
    """The brands whose names the sender of automatic mail may bear, as its program's; none if it wants something.

    `cues` are those of the message.
    """
    if not is_automatic(message) or not wants_nothing(message, cues):
        return frozenset()
    named = {mention.brand for mention in context.registry.mentions(message.author.text)}
    named -= {brand for each in message.inner for brand in _subjects(each, context)} if named else set()
    led, could_own = seen.destinations, context.registry.could_own
    return frozenset(
        brand
        for brand in named
        if (not led or leads_to_brand(led, brand, context))
        and all(could_own(host, brand) for host in _picture_hosts(message))
    )


def _picture_hosts(message: Message) -> Iterator[str]:
    """The hosts from which pages fetch pictures. One that cannot be read is none."""
    sources = (source for page in message.pages for source, _ in page.images)
    return filter(None, map(host_of, sources))


def _subjects(returned: InnerMessage, context: Context) -> Iterator[str]:
    """The brands that a returned message is about, and not only mentions (`Get Outlook for iOS`)."""
    head = context.registry.mentions(f"{returned.author}\n{returned.subject}")
    yield from (mention.brand for mention in head)
    text = returned.shown.text[:MAX_RETURNED_CHARS]
    for mention in context.registry.mentions(text):
        if text.count(text[mention.start : mention.end]) >= MIN_TOPIC_MENTIONS:
            yield mention.brand


def wants_nothing(message: Message, cues: Iterable[Cue]) -> bool:
    """True if the message has no file, no telephone number and no other address for answers, is about delivery alone,
    and asks for no more than an answer."""
    if not all(_is_harmless(cue) for cue in cues):
        return False
    own = organisation(message.author.domain or "")
    if any(organisation(each.domain or "") != own for each in message.reply_to):
        return False
    if any(not part.inner and _is_file(part) for part in message.parts):
        return False
    told = plain_text(message)
    return TELEPHONE.search(told) is None and LONG_NUMBER.search(told) is None


def _is_file(part: Part) -> bool:
    """True for a part that is not read as text: an attached file, a picture."""
    return part.disposition == "attachment" or not part.media.startswith(("text/", "message/"))


def _is_harmless(cue: Cue) -> bool:
    """True for a phrase that bounces have, too. Their subject repeats that of the returned message."""
    if cue.aspect == "theme":
        return cue.name in REPORT_THEMES or cue.where == "subject"
    return cue.aspect == "action" and cue.name == HARMLESS_ACTION
