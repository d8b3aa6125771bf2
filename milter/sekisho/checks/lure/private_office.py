"""An office that wants papers and bank data from a private mailbox: a personnel office that hires, a lender.

A firm's office has a mailbox of its firm, and asks for such papers on a page after login or at a counter. A landlord or
a friend who asks for a passport has a name, and no office.

It cannot see an office that only asks in the next letter.
"""

from __future__ import annotations

from sekisho.checks.facts.names import shows_a_brand
from sekisho.checks.facts.nobody import names_a_firm
from sekisho.checks.facts.requests import can_be_asked, letter
from sekisho.checks.facts.sender import is_colleague
from sekisho.evidence import NOTHING, Evidence, FindingKind, Signal
from sekisho.message import Message
from sekisho.ports import Context

PAPERS = FindingKind(
    "lure.papers_to_private_mailbox",
    5.5,
    "As {name} it wants papers or bank data in an answer to a private mailbox: {author}.",
    "「{name}」として、本人確認書類や口座の情報をフリーメール（{author}）に返信するよう求めています。",
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE, Signal.HARMS_BY_ANSWER}),
)
IN_A_NAME = FindingKind(
    "lure.papers_in_a_name",
    2.5,
    "It does so in the name of a known firm: {name}.",
    "知られた会社の名（「{name}」）を使っています。",
)
KINDS = (PAPERS, IN_A_NAME)

MAX_LETTER_CHARS = 2_500  # of a text


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most two findings, where an office writes from a private mailbox."""
    mailbox, words = message.author.mailbox, context.vocabulary
    if mailbox is None or context.providers.kind(mailbox.domain or "") != "mailbox":
        return NOTHING
    if len(message.text) > MAX_LETTER_CHARS or is_colleague(message, seen, context):
        return NOTHING
    known = shows_a_brand(seen)
    offices = (words.names.office_words, words.inside.telling_offices)
    if not known and not any(each.search(mailbox.name) is not None for each in offices):
        return NOTHING
    text, asked = letter(message, words), words.requests
    if asked.identity.search(text) is None or asked.returned.search(text) is None:
        return NOTHING
    if can_be_asked(message, words) or names_a_firm(message, words):
        return NOTHING
    found = PAPERS.found(name=mailbox.name, author=mailbox.address)
    return Evidence(findings=(found, IN_A_NAME.found(name=mailbox.name)) if known else (found,))
