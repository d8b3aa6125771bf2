"""Does an authenticated domain belong to the author's organisation? (RFC 9989; `auth.dmarc` evaluates)

The published policy is a fact for the evidence and never a verdict.

It cannot see whether a domain without a record is one organisation with its neighbours: then only equal names are
aligned here, and `proof` asks the public suffix list.
"""

from __future__ import annotations

from types import MappingProxyType

from sekisho.auth import dmarc
from sekisho.checks.facts.authentication import DMARC_FAIL
from sekisho.evidence import NOTHING, Evidence, FindingKind
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.results import AuthResult

NONE = FindingKind(
    "auth.dmarc_none",
    0.0,
    "{domain} publishes no DMARC policy.",
    "{domain} は DMARC ポリシーを公開していません。",
)
KINDS = (DMARC_FAIL, NONE)
KIND_OF = MappingProxyType({AuthResult.FAIL: DMARC_FAIL, AuthResult.NONE: NONE})


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One `dmarc` result for the author domain, with the published policy as a fact."""
    if context.resolver is None:
        return NOTHING
    result = dmarc.evaluate(message.author.domain, seen.results, context.lookup)
    kind = KIND_OF.get(result.result)
    facts = {"domain": result.domain, "policy": result.get("policy.dmarc") or "-"}
    return Evidence(
        (result,),
        findings=(kind.found(**facts),) if kind else (),
        degraded=("dns",) if result.result is AuthResult.TEMPERROR else (),
    )
