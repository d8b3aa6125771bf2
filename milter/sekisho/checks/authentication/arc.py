"""Did the handlers of an indirect message vouch for what they saw? (RFC 8617; `auth.arc` evaluates)

A chain proves nothing: anybody can seal anything. Only where the newest sealer is one that the operator trusts, and it
saw the author authenticated, policy may take back the points of what forwarding broke.

It cannot see whether an honest sealer was itself deceived.
"""

from __future__ import annotations

from sekisho.auth import arc
from sekisho.domains import within
from sekisho.evidence import NOTHING, Evidence, FindingKind
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.results import AuthResult, MethodResult

TRUSTED = FindingKind(
    "arc.trusted_sealer",
    0.0,
    "{sealer}, which you trust, saw the author authenticated before forwarding.",
    "信頼する転送元 {sealer} が、転送前に差出人の認証を確認しています。",
)
MANY = FindingKind(
    "arc.too_many_sets",
    0.0,
    "There are {count} ARC sets, more than the {limit} that are looked at.",
    "ARC セットが {count} 個あり、上限の {limit} 個を超えています。",
)
KINDS = (TRUSTED, MANY)

NONE = Evidence(results=(arc.NO_CHAIN,))


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One `arc` result, and a finding when a trusted sealer saw the author authenticated."""
    if context.resolver is None:
        return NOTHING
    result = arc.evaluate(message, context.lookup_stranger)
    if result is arc.NO_CHAIN:
        return NONE
    if arc.too_long(message.headers):
        many = MANY.found(count=arc.field_count(message.headers) // 3, limit=arc.MAX_SETS)
        return Evidence((result,), findings=(many,), degraded=("limit",))
    vouched = _vouches(message, result, context)
    return Evidence(
        (result,),
        findings=(TRUSTED.found(sealer=result.domain),) if vouched else (),
        degraded=("dns",) if result.result is AuthResult.TEMPERROR else (),
    )


def _vouches(message: Message, result: MethodResult, context: Context) -> bool:
    """True for what lets policy forgive: a passing chain whose newest, trusted sealer saw the author authenticated."""
    sealer, author = result.domain, message.author.domain
    if result.result is not AuthResult.PASS or sealer is None or author is None:
        return False
    trusted = any(within(sealer, each) for each in context.sealers)
    return trusted and arc.saw_author(message.headers, author)
