"""Facts of ransoms: whether a message wants to be paid in a way that nobody can take back, and who would get it.

Blackmail is written in every language and with every threat. What it always has is a way to pay that leads to nobody:
the address of a wallet, or the codes of gift cards. Firms that take coins say their name and lead to a page of theirs,
and a friend to whom one owes money writes under a name of two words, which the address has, too.

It cannot see a blackmailer who writes under such a name and speaks of nothing that is known (`theme` of lures).
"""

from __future__ import annotations

from sekisho.checks.facts.authorities import AUTHORITY
from sekisho.checks.facts.demands import presses
from sekisho.checks.facts.links import is_digest
from sekisho.checks.facts.names import related
from sekisho.checks.facts.nobody import is_known, names_a_firm, says_who_it_is
from sekisho.checks.facts.quotes import own_text
from sekisho.checks.facts.texts import HOST_OR_ADDRESS
from sekisho.checks.facts.wallets import shows_wallet
from sekisho.checks.facts.wishes import threatens
from sekisho.evidence import Evidence
from sekisho.message import Message
from sekisho.ports import Context

OWED = AUTHORITY | {"unpaid", "errand", "account", "delivery"}
"""What is owed to somebody with a name. A prize and a present are given away, and gift cards are such."""
DEBTS = AUTHORITY | {"unpaid"}
MIN_PERSON_WORDS = 2
OWN_FORGED = ("author.recipient_himself", "site.own_domain_unproven")


def wants_a_ransom(message: Message, seen: Evidence, context: Context) -> bool:
    """True if the sender's own words press for a payment to a wallet or by gift cards, and nobody is named to whom it
    would go."""
    return _wants_coins(message, seen, context) or _wants_gift_cards(message, seen, context)


def _wants_coins(message: Message, seen: Evidence, context: Context) -> bool:
    words, owner = context.vocabulary, context.registry.owner
    if not shows_wallet(message.text) or any(owner(each.host) is None for each in seen.destinations):
        return False  # a page of the sender's own; those of exchanges are where the reader gets coins
    own = own_text(message, words)
    if not shows_wallet(own) or not presses(own, words):
        return False
    return any(map(seen.has, OWN_FORGED)) or not (
        _has_a_name(message, context) or names_a_firm(message, words)
    )


def _wants_gift_cards(message: Message, seen: Evidence, context: Context) -> bool:
    """True if a debt is to be paid by gift cards. No creditor takes them, so a court's or a collector's name makes that
    no better; who warns of such demands calls them what they are."""
    words = context.vocabulary
    if not (seen.has_cue("action", "gift_cards") and seen.has_cue("theme", *OWED)):
        return False
    own = own_text(message, words)
    if is_digest(seen) or words.demands.frauds.search(own) is not None or is_known(message, seen, context):
        return False
    if not (threatens(seen) or presses(own, words)):
        return False
    return seen.has_cue("theme", *DEBTS) or not says_who_it_is(message, seen, context)


def _has_a_name(message: Message, context: Context) -> bool:
    """True if the sender's name is a person's, as the address has it, or an organisation's, as its domain has it. In a
    private mailbox anybody has any name."""
    mailbox = message.author.mailbox
    named = context.vocabulary.names.naming(HOST_OR_ADDRESS.sub(" ", message.author.name))
    if mailbox is None or not named:
        return False
    if len(named) >= MIN_PERSON_WORDS and any(word in mailbox.local.lower() for word in named):
        return True
    domain, latin = message.author.domain or "", tuple(filter(str.isascii, named))
    return bool(latin) and context.providers.kind(domain) is None and related(latin, (domain,))
