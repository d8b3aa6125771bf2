"""Our own identity: mail in the name of our domains, of a domain made to look like ours, or of our people.

Mail from a domain of ours is genuine if the domain is proven, if one of our own clients or a logged-in user sends it,
or if it comes from a network, a DKIM domain or a forwarder that the site has named. Without any of that, and without a
temporary error that would explain it, it is a forgery, whatever DMARC policy is published. Names of our people are
compared with the display name of every author address that is not ours.

It cannot see an account of ours that was broken into: it is authenticated.
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.checks.facts.sender import is_authorized_by_site, is_forwarded
from sekisho.evidence import NOTHING, Evidence, Finding, FindingKind, Role, Signal
from sekisho.message import Message
from sekisho.ports import Context, Site

OWN_DOMAIN = FindingKind(
    "site.own_domain_unproven",
    8,
    "The author address is one of our own ({author}), but the message came from outside and nothing proves it.",
    "差出人は自組織のアドレス({author})ですが、外部から届いており、本物であるという証明がありません。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
LOOKALIKE = FindingKind(
    "site.lookalike",
    6,
    "The author's domain {domain} is made to look like our own {of}.",
    "差出人のドメイン {domain} は自組織の {of} に似せて作られています。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
PERSON = FindingKind(
    "site.person",
    5,
    "The display name is that of {person}, one of our own people, but the address {author} is not ours.",
    "表示名は組織内の「{person}」ですが、アドレス {author} は組織のものではありません。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
KINDS = (OWN_DOMAIN, LOOKALIKE, PERSON)


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most one finding of each kind."""
    if context.site is None or message.author.mailbox is None or message.author.domain is None:
        return NOTHING
    findings = tuple(_findings(message, seen, context, context.site))
    return Evidence(findings=findings) if findings else NOTHING


def _findings(message: Message, seen: Evidence, context: Context, site: Site) -> Iterator[Finding]:
    mailbox, domain = message.author.mailbox, message.author.domain
    assert mailbox is not None
    assert domain is not None
    if site.owns(domain):
        if seen.unauthenticated and not is_authorized_by_site(message, seen, context):
            yield OWN_DOMAIN.found(author=mailbox.address)
        return
    if (lookalike := site.lookalike(domain)) is not None:
        yield LOOKALIKE.found(domain=domain, of=lookalike.of)
    if (person := site.person(mailbox.name, mailbox.address)) is not None and not is_forwarded(
        message, seen, context
    ):
        yield PERSON.found(person=person, author=mailbox.address)
