"""A note on a platform in which a stranger calls itself an office of the reader's firm and asks for a password.

The platform is genuine, and so is its proof. Its note shows who shares: here a private mailbox, under the name of an
office that each firm has for its own people, and words of its owner to all staff. The firm's own office shares from the
firm's domain.

It cannot see a note without the address of the one who shares.
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.address import addresses_in
from sekisho.checks.facts.names import words_of_mailbox
from sekisho.checks.facts.requests import letter
from sekisho.evidence import NOTHING, Evidence, FindingKind, Signal
from sekisho.message import Message
from sekisho.ports import Context

NOTE = FindingKind(
    "recipient.shared_as_office",
    5.5,
    "{address}, a private mailbox, shares something with all staff as one of their offices, and asks for a password or "
    "an account. "
    "Ask that office by a number that you know.",
    "フリーメール（{address}）の利用者が、社内の部署として全社員に何かを共有し、パスワードや口座を求めています。"
    "知っている番号で担当部署に確認してください。",
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE}),
)
KINDS = (NOTE,)

MAX_ADDRESSES = 6  # in a text that are looked at
NAME_CHARS = 60  # before an address, where the name of its owner stands
WORDS_CHARS = 300  # behind it, where the owner's words begin


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most one finding, in mail that others than the private mailbox in its text sent."""
    words, author = context.vocabulary, message.author.domain or ""
    if not seen.destinations or "@" not in message.text or context.providers.kind(author) == "mailbox":
        return NOTHING
    text, asked = letter(message, words), words.requests
    address = next(_offices(text, message, context), None)
    if address is None or not (asked.own_firm.search(text) or asked.staff.search(text)):
        return NOTHING
    if not (asked.signs_in.search(text) or asked.accounts.search(text)):
        return NOTHING
    return Evidence(findings=(NOTE.found(address=address),))


def _offices(text: str, message: Message, context: Context) -> Iterator[str]:
    """The addresses of private mailboxes in a text that stand beside the name of an office."""
    readers = {each.address.lower() for each in message.envelope.recipients}
    for address in addresses_in(text)[:MAX_ADDRESSES]:
        local, _, domain = address.rpartition("@")
        if address in readers or context.providers.kind(domain) != "mailbox":
            continue
        at = text.lower().find(address)
        near = f"{text[max(0, at - NAME_CHARS) : at]} {text[at + len(address) : at + WORDS_CHARS]}"
        shown = f"{message.author.name}\n{words_of_mailbox(local)}\n{near}"
        if context.vocabulary.inside.telling_offices.search(shown) is not None:
            yield address
