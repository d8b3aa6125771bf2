"""The author's domain: whether anything proves it, and whether it looks like one that is thrown away after use.

Weak evidence that strengthens other evidence. Nothing is found where nothing is known.
"""

from __future__ import annotations

from sekisho.checks.facts.throwaway import random_looking, unusual_suffix
from sekisho.evidence import NOTHING, Evidence, FindingKind, Signal
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
    1.3,
    "The author's domain {domain} looks like random letters.",
    "差出人のドメイン {domain} は意味のない文字の並びに見えます。",
    signals=frozenset({Signal.DISPOSABLE_DOMAIN}),
)
UNUSUAL_SUFFIX = FindingKind(
    "origin.unusual_suffix",
    1.4,
    "The author's domain {domain} is of a kind that is mostly registered to be thrown away.",
    "差出人のドメイン {domain} は使い捨てによく使われる種類のものです。",
    signals=frozenset({Signal.DISPOSABLE_DOMAIN}),
)

NO_SUCH = FindingKind(
    "origin.no_such_domain",
    1.5,
    "It speaks in a name, and its author's domain {domain} cannot exist.",
    "名乗りがあるのに、差出人のドメイン {domain} は存在しえない名前です。",
)
KINDS = (UNPROVEN, RANDOM, UNUSUAL_SUFFIX, NO_SUCH)


# Reserved, or used inside a network only (RFC 6761, RFC 6762, ICANN's `internal`). `example` stands for real ones.
NO_DOMAINS = frozenset({"invalid", "local", "localdomain", "localhost", "internal", "lan"})


def _cannot_exist(domain: str) -> bool:
    return "." not in domain or domain.rpartition(".")[2] in NO_DOMAINS


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
    if seen.has_signal(Signal.IMPERSONATES) and _cannot_exist(domain):
        found.append(NO_SUCH)
    if not found:
        return NOTHING
    return Evidence(findings=tuple(kind.found(domain=domain) for kind in found))
