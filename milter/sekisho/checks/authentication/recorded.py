"""Authentication results that another receiver found and a case hands us (contract, `auth`).

They are used only when there is no DNS to ask, and are shown as `recorded`. A missing word is unknown, which is not
`none`. A pass that does not name its domain proves nothing and contradicts nothing, so it is kept as `unknown`.

It cannot see whether the record is true: that is for the giver of the case.
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho import domains
from sekisho.checks.facts.authentication import FAILURES
from sekisho.evidence import NOTHING, Degraded, Evidence, Finding, FindingKind
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.results import RECORDED_WORDS, AuthResult, MethodResult

KINDS: tuple[FindingKind, ...] = ()


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
    """A recorded failure weighs what our own would."""
    for result in results:
        kind = FAILURES.get((result.method, result.result))
        if kind is not None:
            yield kind.found(
                domain=result.domain or "?", address=address or "?", reason="recorded", policy="-"
            )


def _result(method: str, word: str | None, domain: str | None, key: str) -> MethodResult | None:
    if word is None:
        return None
    meant = RECORDED_WORDS.get(word.strip().lower(), AuthResult.UNKNOWN)
    ascii_domain = domains.to_ascii(domain) if domain else None
    if meant is AuthResult.PASS and ascii_domain is None:
        return MethodResult(method, AuthResult.UNKNOWN, reason="a pass that names no domain", recorded=True)
    properties = ((key, ascii_domain),) if ascii_domain else ()
    return MethodResult(method, meant, ascii_domain, properties=properties, recorded=True)
