"""The author's domain: whether anything proves it, and whether it looks like one that is thrown away after use.

Weak evidence that strengthens other evidence. Nothing is found where nothing is known.
"""

from __future__ import annotations

from sekisho.checks.facts.links import is_page, outside
from sekisho.checks.facts.throwaway import (
    cannot_exist,
    host_inside,
    is_made_of,
    random_looking,
    unusual_suffix,
)
from sekisho.domains import parse_ip
from sekisho.evidence import NOTHING, Evidence, FindingKind, Role, Signal
from sekisho.message import Message
from sekisho.ports import Context

UNPROVEN = FindingKind(
    "auth.unproven",
    1.5,
    "Nothing proves that {domain} sent this message.",
    "{domain} から送られたという証明がありません。",
)
RANDOM = FindingKind(
    "origin.random_domain",
    1.5,
    "The author's domain {domain} looks like random letters.",
    "差出人のドメイン {domain} は意味のない文字の並びに見えます。",
    signals=frozenset({Signal.DISPOSABLE_DOMAIN}),
)
UNUSUAL_SUFFIX = FindingKind(
    "origin.unusual_suffix",
    2.0,
    "The author's domain {domain} is of a kind that is mostly registered to be thrown away.",
    "差出人のドメイン {domain} は使い捨てによく使われる種類のものです。",
    signals=frozenset({Signal.DISPOSABLE_DOMAIN}),
)
HOST_INSIDE = FindingKind(
    "author.host_inside",
    5,
    "The author's domain {domain} begins like the address {shown} and belongs to somebody else.",
    "差出人のドメイン {domain} は {shown} のアドレスのように始まりますが、別の組織のものです。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE}),
)
SERVICE_WORDS = FindingKind(
    "origin.service_words",
    1.5,
    "The author's domain {domain} is made of words that calm a reader, and names nobody.",
    "差出人のドメイン {domain} は安心させる単語だけでできていて、誰のものかを示していません。",
    signals=frozenset({Signal.DISPOSABLE_DOMAIN}),
)
IMPOSSIBLE = FindingKind(
    "author.impossible_domain",
    3,
    "The author's domain {domain} cannot exist, and the message leads to {host}.",
    "差出人のドメイン {domain} は存在し得ないもので、リンクは {host} に向かいます。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)

KINDS = (UNPROVEN, RANDOM, UNUSUAL_SUFFIX, HOST_INSIDE, SERVICE_WORDS, IMPOSSIBLE)


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most one finding of each kind."""
    domain = message.author.domain
    if domain is None:
        return NOTHING
    found = []
    if seen.unauthenticated:
        found.append(UNPROVEN)
    if random_looking(domain):
        found.append(RANDOM)
    if unusual_suffix(domain, context.vocabulary):
        found.append(UNUSUAL_SUFFIX)
    if is_made_of(domain, context.vocabulary.domains.service_words):
        found.append(SERVICE_WORDS)
    findings = [kind.found(domain=domain) for kind in found]
    if context.providers.kind(domain) is None and (inside := host_inside(domain)) is not None:
        findings.append(HOST_INSIDE.found(domain=domain, shown=inside))
    if (
        cannot_exist(domain, context.vocabulary)
        and is_page(message)
        and (host := _leads_to(message, seen, context)) is not None
    ):
        findings.append(IMPOSSIBLE.found(domain=domain, host=host))
    return Evidence(findings=tuple(findings)) if findings else NOTHING


def _leads_to(message: Message, seen: Evidence, context: Context) -> str | None:
    """The first stranger's host under a suffix that exists; a machine's report leads to its own network."""
    away = (each.host for each in outside(message, seen, context))
    real = (host for host in away if not cannot_exist(host, context.vocabulary))
    return next((host for host in real if parse_ip(host) is None), None)
