"""Whose words are those of a message inside the message?

Mail programs show an attached message below the text (Apple Mail, Thunderbird) or open it with a click, and anybody can
attach one, label it and write around it. So what it shows counts as the sender's own, unless the sender's own words
account for it:

- *Kept apart* is a message that is reported or returned. What it shows does not count. Either the sender's own words
  call it suspicious (`warning_words`), and the sender is not known to be unproven; or a program reports on it (a bounce
  or a read receipt with the null sender, RFC 3464 and 8098; a feedback report, RFC 5965, to an address that takes
  complaints). Its files still count.
- *Quoted* is a message that goes along with other words: its links, its lure and all that it asks count, and it does
  not say who the sender is (`quotes`).
- Where the sender has no words of its own, or asks to open or confirm something, or is not proven, the message speaks
  for it.

Mail that is forwarded in the text is quoted, too. It is shown to every reader, so it is kept apart only where a proven
colleague of the recipient calls it suspicious, or where a mail server returns it as the recipient's own, in plain text:
a page can hide that it is a copy.
A page's `blockquote` can be made invisible: it is quoted only below words that call it suspicious.

It cannot see a lie: a stranger who calls its own lure suspicious is believed. The reader is warned by the same words.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sekisho.checks.facts.quotes import asks, calls_suspicious, has_words, only_in, own_text, quoted, warns
from sekisho.checks.facts.sender import is_colleague
from sekisho.evidence import Evidence
from sekisho.message import InnerMessage, Message, Part, Shown
from sekisho.ports import Context

FEEDBACK = "message/feedback-report"
RETURNING = (
    "delivery-status",
    "disposition-notification",
)  # of the reports that return mail (RFC 3464, 6533, 8098)
SHOWN = ("text/", "image/", "multipart/", "message/")  # the types that mail programs show
MAX_LINKS = 200  # of one message that may be quoted
AUTHOR_LINE = re.compile(r"^from:[^\n]{0,300}", re.IGNORECASE | re.MULTILINE)


def with_inner_messages(message: Message, seen: Evidence, context: Context) -> Message:
    """The message as it is judged: what counts of the messages inside it is in its text, links and pages, and `inner`
    has only those that are kept apart."""
    words, returned = context.vocabulary, _returns_own(message)
    colleague = is_colleague(message, seen, context)
    if not (message.inner or message.quotes or returned or colleague):
        return message
    if not (message.inner or returned or warns(f"{message.subject}\n{message.text}", words)):
        return replace(message, quotes=()) if message.quotes else message
    own = own_text(message, words)
    called = warns(message.subject, words) or calls_suspicious(message, words)
    reported = called and colleague and _is_for_complaints(message, context)  # it may ask to look at the mail
    speaks = has_words(own) and (reported or not asks(own, context))
    plain = message if called and speaks else replace(message, quotes=())
    proven = called and speaks and not seen.unauthenticated
    if message.inner and not (proven or (speaks and _is_report(message, seen, context))):
        return _merged(plain, as_quoted=speaks and not seen.unauthenticated)
    if speaks and ((called and colleague) or returned):
        plain = _without_quotes(plain, context)
    return replace(plain, parts=tuple(part for part in message.parts if not _belongs_inside(part)))


def _is_report(message: Message, seen: Evidence, context: Context) -> bool:
    """True for a program's report: on delivery or display with the null sender, or a complaint to its desk."""
    reports = {each.report for each in message.inner}
    if message.envelope.sender == "" and any(each.endswith(RETURNING) for each in reports):
        return True
    return FEEDBACK in reports and not seen.unauthenticated and _is_for_complaints(message, context)


def _is_for_complaints(message: Message, context: Context) -> bool:
    """True for mail to `abuse@` (RFC 2142) and the like alone: who works there knows that it is about other mail."""
    readers, desk = message.envelope.recipients, context.vocabulary.quotes.complaint_mailboxes.match
    return bool(readers) and all(desk(each.address) is not None for each in readers)


def _returns_own(message: Message) -> bool:
    """True for plain text with the null sender in which the recipient stands as the author of another mail."""
    if message.envelope.sender != "" or message.pages:
        return False
    authors = "".join(AUTHOR_LINE.findall(message.text)).lower()
    return any(each.address.lower() in authors for each in message.envelope.recipients if "@" in each.address)


def _without_quotes(message: Message, context: Context) -> Message:
    """The message without what is quoted, which becomes a message inside it. A link without text is not quoted."""
    own, ranges = own_text(message, context.vocabulary), quoted(message, context.vocabulary)
    if not ranges:
        return message
    away = tuple(
        link for link in message.links[:MAX_LINKS] if only_in(link.text or link.target, message.text, ranges)
    )
    return replace(
        message,
        text=own,
        starts=(0,),
        quotes=(),
        links=tuple(link for link in message.links if link not in away),
        inner=(*message.inner, InnerMessage(Shown(links=away))),
    )


def _belongs_inside(part: Part) -> bool:
    """True for what an attached message itself shows. A file in it is none: it may be opened from the outside."""
    return bool(part.inner) and part.disposition != "attachment" and part.media.startswith(SHOWN)


def _merged(message: Message, *, as_quoted: bool) -> Message:
    """The message with all that the messages inside it show."""
    text, starts, quotes = message.text, list(message.starts), list(message.quotes)
    for each in message.inner:
        added = _added(each)
        start = len(text) + 2 if text else 0
        starts += [start + at for at in each.shown.starts]
        text = f"{text}\n\n{added}" if text else added
        if as_quoted:
            quotes.append((start, len(text)))
    shown = [each.shown for each in message.inner]
    return replace(
        message,
        text=text,
        starts=tuple(starts),
        quotes=tuple(quotes),
        hidden="\n\n".join(filter(None, (message.hidden, *(each.hidden for each in shown)))),
        title=next(filter(None, (message.title, *(each.title for each in shown))), ""),
        links=tuple(dict.fromkeys((*message.links, *(link for each in shown for link in each.links)))),
        pages=(*message.pages, *(page for each in shown for page in each.pages)),
        inner=(),
    )


def _added(inner: InnerMessage) -> str:
    """The text that an attached message adds. Its fields come last: the first mention of a name is what counts."""
    return "\n".join(filter(None, (inner.shown.text, inner.subject, inner.author)))
