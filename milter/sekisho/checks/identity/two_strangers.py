"""A firm that no registry knows, whose domain and whose links are two strangers: to its name, and to each other.

A firm may have a domain of another name, and it may count its clicks somewhere. That nothing which the message says has
to do with either, and that it never leads home, is how mail looks that somebody else's server sends for a page of a
third. The message must want something of its reader. `unknown_organisation` finds this for names in Latin letters on
pages; here a Japanese name is compared by its sound and its readings, and plain text counts as well. A reader who is
greeted by name is somebody's customer.

It cannot see a firm whose mailer and domain are both called otherwise, and that does not know its reader's name.
"""

from __future__ import annotations

from sekisho.checks.facts.demands import demand_of
from sekisho.checks.facts.domain_names import label_parts
from sekisho.checks.facts.firms import firm_name, is_told, speaks_as_a_firm
from sekisho.checks.facts.greetings import greets_somebody
from sekisho.checks.facts.links import is_digest, leads_home
from sekisho.checks.facts.names import shows_a_brand
from sekisho.checks.facts.nobody import is_known
from sekisho.checks.facts.organisations import speaking_organisation
from sekisho.checks.facts.told_names import is_readable
from sekisho.checks.facts.wishes import wants_something
from sekisho.evidence import NOTHING, Evidence, FindingKind, Role, Signal
from sekisho.message import Message
from sekisho.ports import Context

STRANGERS = FindingKind(
    "organisation.two_strangers",
    5,
    "It speaks as {name}, comes from {domain} and leads to {host}: nothing in it tells what these have to do with each "
    "other.",
    "「{name}」を名乗り、{domain} から送られ、{host} へ誘導していますが、三者の関係を示すものがありません。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
KINDS = (STRANGERS,)

MIN_COMMON_LETTERS = 5  # at the beginning of two domains of one organisation


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most one finding. None where a brand is shown, which `impersonation` weighs."""
    if not seen.destinations or shows_a_brand(seen) or seen.has("organisation.unrelated") or is_digest(seen):
        return NOTHING
    domain, kind = message.author.domain or "", context.providers.kind
    if not domain or any(kind(each) is not None for each in (domain, *(to.host for to in seen.destinations))):
        return NOTHING
    if leads_home(message, seen, context) or not _is_a_strangers(message, seen, context):
        return NOTHING
    if not _wants_something(message, seen, context):
        return NOTHING
    if any(_begin_alike(domain, each.domain) for each in seen.destinations) or is_told(
        message, seen, context
    ):
        return NOTHING
    host, name = seen.destinations[0].host, firm_name(message, context.vocabulary)
    return Evidence(findings=(STRANGERS.found(name=name, domain=domain, host=host),))


def _wants_something(message: Message, seen: Evidence, context: Context) -> bool:
    """True if the message asks or demands: what only announces a page takes nothing from its reader."""
    return wants_something(message, seen) or demand_of(message, context.vocabulary) is not None


def _is_a_strangers(message: Message, seen: Evidence, context: Context) -> bool:
    """True if a firm whose name can be compared with a domain writes to somebody whose name it does not say."""
    words = context.vocabulary
    if not is_readable(firm_name(message, words), words) or not speaks_as_a_firm(message, context):
        return False
    if speaking_organisation(message, context) is None or is_known(message, seen, context):
        return False
    return not greets_somebody(message, words)


def _begin_alike(one: str, other: str) -> bool:
    """True for two domains that begin alike: `disneyaccount` and `disneyplus`."""
    first, second = "".join(label_parts(one)), "".join(label_parts(other))
    return len(first) >= MIN_COMMON_LETTERS and second.startswith(first[:MIN_COMMON_LETTERS])
