"""Authentication results that another receiver found and a case hands us (contract, `auth`).

Used only when there is no DNS to ask. They are shown as `recorded`. A missing word is unknown, which is not
`none`; a pass that does not say for which domain proves and contradicts nothing, so it is kept as `unknown`.

It cannot see whether the record is true: whoever gives us a case vouches for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from sekisho import domains
from sekisho.checks.authentication import dkim, dmarc, spf
from sekisho.evidence import NOTHING, AuthResult, Degraded, Evidence, Finding, FindingKind, MethodResult
from sekisho.message import Message
from sekisho.ports import Context

KINDS: tuple[FindingKind, ...] = ()

KIND_OF = {
    ("spf", AuthResult.FAIL): spf.FAIL,
    ("spf", AuthResult.SOFTFAIL): spf.SOFTFAIL,
    ("dkim", AuthResult.FAIL): dkim.FAIL,
    ("dmarc", AuthResult.FAIL): dmarc.FAIL,
}

WORDS = {word.value: word for word in AuthResult} | {
    "hardfail": AuthResult.FAIL,  # older writers
    "error": AuthResult.TEMPERROR,
    "bestguesspass": AuthResult.NEUTRAL,  # nobody published it
}


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """The recorded results, when DNS cannot be asked."""
    recorded = context.recorded
    if context.resolver is not None or recorded is None:
        return NOTHING
    found = (
        _result("spf", recorded.spf, recorded.spf_domain, "smtp.mailfrom"),
        _result("dkim", recorded.dkim, recorded.dkim_domain, "header.d"),
        _result("dmarc", recorded.dmarc, message.author.domain, "header.from"),
    )
    results = tuple(result for result in found if result is not None)
    unknown = any(result.result is AuthResult.TEMPERROR for result in results)
    return Evidence(
        results,
        findings=tuple(_findings(results, message.envelope.client.address)),
        degraded=(Degraded.DNS,) if unknown else (),
    )


def _findings(results: tuple[MethodResult, ...], address: str | None) -> Iterator[Finding]:
    """A recorded failure weighs what our own would: the same findings, declared beside their checks."""
    for result in results:
        kind = KIND_OF.get((result.method, result.result))
        if kind is not None:
            facts = {
                "domain": result.domain or "?",
                "address": address or "?",
                "reason": "recorded",
                "policy": "-",
            }
            yield Finding(kind, MappingProxyType(facts))


def _result(method: str, word: str | None, domain: str | None, key: str) -> MethodResult | None:
    if word is None:
        return None
    meant = WORDS.get(word.strip().lower(), AuthResult.UNKNOWN)
    ascii_domain = domains.to_ascii(domain) if domain else None
    if meant is AuthResult.PASS and ascii_domain is None:
        return MethodResult(method, AuthResult.UNKNOWN, reason="a pass that names no domain", recorded=True)
    properties = ((key, ascii_domain),) if ascii_domain else ()
    return MethodResult(method, meant, ascii_domain, properties=properties, recorded=True)
