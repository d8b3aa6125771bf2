"""Does an authenticated domain belong to the author's organisation? (RFC 9989; `auth.dmarc` evaluates)

The published policy is a fact for the evidence and never a verdict. That the author's domain asks for such mail to be
refused or put aside is a fact of its own: one that only watches says nothing of it.

It cannot see whether a domain without a record is one organisation with its neighbours: then only equal names are
aligned here, and `proof` asks the public suffix list.
"""

from __future__ import annotations

from types import MappingProxyType

from sekisho.auth import dmarc
from sekisho.checks.facts.authentication import DMARC_FAIL
from sekisho.evidence import NOTHING, Degraded, Evidence, FindingKind
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.results import AuthResult

NONE = FindingKind(
    "auth.dmarc_none",
    0.0,
    "{domain} publishes no DMARC policy.",
    "{domain} は DMARC ポリシーを公開していません。",
)
REJECT = FindingKind(
    "auth.asks_reject",
    2.0,
    "{domain} asks receivers to refuse mail that nothing proves (p=reject).",
    "{domain} は、認証できないメールの受信拒否を求めています（p=reject）。",
)
QUARANTINE = FindingKind(
    "auth.asks_quarantine",
    1.0,
    "{domain} asks receivers to put aside mail that nothing proves (p=quarantine).",
    "{domain} は、認証できないメールの隔離を求めています（p=quarantine）。",
)
KINDS = (DMARC_FAIL, NONE, REJECT, QUARANTINE)
KIND_OF = MappingProxyType({AuthResult.FAIL: DMARC_FAIL, AuthResult.NONE: NONE})
ASKED = MappingProxyType({"reject": REJECT, "quarantine": QUARANTINE})


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One `dmarc` result for the author domain, with the published policy as a fact."""
    if context.resolver is None:
        return NOTHING
    result = dmarc.evaluate(message.author.domain, seen.results, context.lookup)
    policy = result.get("policy.dmarc") or "-"
    asked = ASKED.get(policy) if result.result is AuthResult.FAIL else None
    kinds = (KIND_OF.get(result.result), asked)
    return Evidence(
        (result,),
        findings=tuple(kind.found(domain=result.domain, policy=policy) for kind in kinds if kind),
        degraded=(Degraded.DNS,) if result.result is AuthResult.TEMPERROR else (),
    )
